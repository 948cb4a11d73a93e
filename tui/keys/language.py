"""Keys of the Language tab: the four models and their corpus."""

from __future__ import annotations

from tui.keys.key import Key

SCOPES: dict[str, str] = {}
"""the parts of the tab with keys of their own, and their headings in the help"""

KEYS = (
    Key("language.four", "t", "turn_to('four')", "four models", "Four models: train, val., test perplexity",
        "language", 0),
    Key("language.corpus", "d", "turn_to('corpus')", "corpus", "Statistics of the corpus", "language", 0),
    Key("language.talk", "enter", "talk", "open in REPL", "Open the model in the REPL", "language", 2),
    Key("language.start", "s", "start", "train four", "Train 4: 1 or 2 layers, forward, reversed",
        "language", 3),
    Key("language.framework", "f", "framework", "framework", "Recipe and framework: Keras, PyTorch",
        "language", 4),
    Key("language.full", "F", "chart_alone", "full screen", "Chart in full screen, and back", "language", 7),
    Key("language.back", "escape", "back", "back", "Leave full screen", "language"),
    Key("language.new", "n", "new", "new run", "Set up one run of lm", "language", 5),
    Key("language.stop", "X", "stop", "stop", "Stop the run of this row", "language", 6),
    Key("language.dismiss", "x", "app.dismiss_banner", "dismiss", "Dismiss the banner", "language"),
)  # fmt: skip
