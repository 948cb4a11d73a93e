"""Keys of the Language tab: the four models and their corpus."""

from __future__ import annotations

from tui.key import Key

KEYS = (
    Key("language.four", "t", "turn_to('four')", "four models", "The twelve perplexities", "language", 0),
    Key("language.corpus", "d", "turn_to('corpus')", "corpus", "What the corpus holds", "language", 0),
    Key("language.talk", "enter", "talk", "talk to it", "Open the model in the REPL", "language", 2),
    Key("language.start", "s", "start", "train four", "Train four models: 1, 2 layers, both ways",
        "language", 3),
    Key("language.framework", "f", "framework", "framework", "Those of Keras, or of PyTorch", "language", 4),
    Key("language.new", "n", "new", "new run", "Set up one run of lm", "language", 5),
    Key("language.stop", "X", "stop", "stop", "Stop the run of this line", "language", 6),
    Key("language.dismiss", "x", "app.dismiss_banner", "dismiss", "Dismiss the banner", "language"),
)  # fmt: skip
