"""What a view says while there is no network to look at."""

from __future__ import annotations

from engine.protocol import RunSummary
from tui.digits.paper import Paper
from tui.keymap import Keymap
from tui.keys import BY_ID, shown
from tui.widgets.run_words import before_step_one, name_of, percent_of, sign_of


def invite(paper: Paper, run: RunSummary | None, keymap: Keymap, what: str) -> None:
    """In the middle: how to get one, or how far the one that trains has come."""
    x, y, width = 2, max(1, paper.height // 3), min(70, paper.width - 4)
    if run is None:
        key = shown(keymap.key_of(BY_ID["mnist.start"]), ascii_only=paper.look == "ascii")
        paper.write(x, y, "No network is trained yet.", "strong")
        paper.write(
            paper.write(x, y + 2, key, "key") + 1, y + 2, "trains double_conv: 98 % in half a minute."
        )
        paper.words(x, y + 4, what, width, 3)
        return
    sign = sign_of(run)
    paper.write(paper.write(x, y, sign.text, sign.ink) + 1, y, f"{name_of(run)}: {run.status}", "strong")
    words = f"step {run.step:,}  {percent_of(run).strip()}" if run.step else before_step_one(run)
    below = paper.words(x, y + 2, words, width, 2, "text")
    paper.words(x, below + 1, f"Its first checkpoint has not come yet. {what}", width, 3)
