"""Text of a view while there is no network to show."""

from __future__ import annotations

from engine.protocol import RunSummary
from tui.data.run_text import name_of, percent_of, sign_of, startup_text
from tui.drawings.half_block_canvas import ImageCanvas
from tui.keys.user_keymap import Keymap
from tui.terminal.plain_text import plain


def paint_empty_state(
    canvas: ImageCanvas, run: RunSummary | None, keymap: Keymap, what: str, loading_text: str = ""
) -> None:
    """Writes how to train one, or the progress of the one in training. `what` describes the view.

    `loading_text`: why the runs are not known yet; empty once they are.
    """
    x, y, width = 2, max(1, canvas.height // 3), min(70, canvas.width - 4)
    if run is None and loading_text:
        canvas.write(x, y, loading_text, "muted")
        return
    if run is None:
        canvas.write(x, y, "No network is trained yet.", "strong")
        _start(canvas, x, y + 2, keymap)
        canvas.write_wrapped(x, y + 4, f"Then: {what}", width, 3)
        return
    sign = sign_of(run)
    canvas.write(canvas.write(x, y, sign.text, sign.style_name) + 1, y, name_of(run), "strong")
    if run.checkpoint_step:
        canvas.write(x, y + 2, "loading its weights", "muted")
        return
    if run.status.is_final:
        below = canvas.write_wrapped(
            x, y + 2, f"It is {run.status}, and has no checkpoint.", width, 2, "text"
        )
        _start(canvas, x, below + 1, keymap)
        return
    words = (
        f"step {run.step:,}  {percent_of(run).strip()}"
        if run.step
        else plain(run.notice, limit=200) or startup_text(run)
    )
    below = canvas.write_wrapped(x, y + 2, words, width, 2, "text")
    canvas.write_wrapped(x, below + 1, f"With its first checkpoint: {what}", width, 3)


def _start(canvas: ImageCanvas, x: int, y: int, keymap: Keymap) -> None:
    key = keymap.shown("mnist.start", ascii_only=canvas.mode == "ascii")
    canvas.write(canvas.write(x, y, key, "key") + 1, y, "trains double_conv: 98 % in half a minute.")
