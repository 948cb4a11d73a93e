"""A prediction beside what happened, in one drawing."""

from __future__ import annotations

from typing import Any

from engine.session_protocol.learn_items import AskedItem, RunOutcome
from tui.drawings.aid_drawing import drawn, finite
from tui.drawings.drawn_points import paint as paint_points
from tui.drawings.half_block_canvas import ImageCanvas
from tui.learn.aid_picture import clipped_text, value_line
from tui.learn.card_rows import signs
from tui.learn.curve_card import seen_chart
from tui.ui.numbers import short

WITH_VALUES = 70
"""least cells for the values beside the drawing"""


def paint_outcome(canvas: ImageCanvas, asked: AskedItem, outcome: RunOutcome, said: Any) -> None:
    """Two curves on one scale, or two lengths for a number, then the drawing of the aid with its values."""
    if asked.form == "curve" and said and outcome.key:
        paint_points(canvas, seen_chart(asked, said, outcome.key))
        return
    top = _paint_lengths(canvas, finite(outcome.key), finite(said))
    if canvas.height - top >= 4 and outcome.data:
        half = canvas.width // 2 if canvas.width >= WITH_VALUES else canvas.width
        canvas.paste(1, top, drawn(outcome.data, half - 2, canvas.height - top, canvas))
        if half < canvas.width:
            _paint_values(canvas, outcome, half, top)


def _paint_values(canvas: ImageCanvas, outcome: RunOutcome, x: int, y: int) -> None:
    """Each value in words: nothing hangs on the colours of the drawing."""
    known = [(name, text) for name, text in outcome.meanings.items() if name in outcome.values]
    lines = [value_line(finite(outcome.values[name]), text) for name, text in known]
    widest = max((len(number) for number, _ in lines), default=0)
    for row, (number, meaning) in enumerate(lines[: canvas.height - y], y):
        canvas.write(x, row, number.rjust(widest), "strong")
        canvas.write(x + widest + 2, row, clipped_text(meaning, canvas.width - x - widest - 2), "muted")


def _paint_lengths(canvas: ImageCanvas, happened: float | None, said: float | None) -> int:
    """The rows that it takes."""
    if happened is None or said is None:
        return 0
    you, real = signs()
    low, high = min(0.0, happened, said), max(0.0, happened, said)
    span = high - low or 1.0
    numbers = max(len(short(happened)), len(short(said)))
    room = max(8, canvas.width - numbers - 16)
    for y, (name, sign, value, style_name) in enumerate(
        (("happened", real, happened, "strong"), ("you", you, said, "accent"))
    ):
        x = canvas.write(1, y, f"{name:<9} {short(value):>{numbers}}  ", "text")
        start, end = (
            round((min(0.0, value) - low) / span * room),
            round((max(0.0, value) - low) / span * room),
        )
        if y == 0:
            canvas.write(
                x + start, y, ("=" if canvas.mode == "ascii" else "█") * max(0, end - start), "accent"
            )
        else:
            canvas.write(x + start, y, "·" * max(0, end - start), "muted")
        canvas.write(x + (end if value >= 0 else start), y, sign, style_name)
    return 3
