"""What a network says of the four rows, and how far that is from what it should say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.protocol import Json
from tui.glyphs import glyphs
from tui.widgets.numerals import short
from tui.widgets.sheet import Sheet
from tui.widgets.span import Row, Span, row_width

UNITS_SHOWN = 4


class TruthTable(Sheet, can_focus=False):
    """Six lines: a head, the four rows, the losses."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._look: Json | None = None

    def show(self, look: Json | None) -> None:
        """An answer of `xor.look`."""
        self._look = look
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        look = self._look
        if look is None:
            return ()
        units = min(len(look["units"]), UNITS_SHOWN, max(0, (width - 34) // 6))
        return [_head(units), *(_row(row, units, width) for row in look["rows"]), _loss(look, width)]


def _head(units: int) -> Row:
    hidden = [Span(f"{f'h{unit + 1}':>6}", f"hue-{unit}") for unit in range(units)]
    return (Span(" x1 x2 ", "muted"), *hidden, Span("   output      target", "muted"))


def _row(row: Json, units: int, width: int) -> Row:
    right = row["is_right"]
    first, second = (f"{value:.0f}" for value in row["inputs"])
    hidden = [Span(f"{value:6.2f}", "text") for value in row["hidden"][:units]]
    sign = ("v" if right else "x") if glyphs().ascii_only else ("✓" if right else "✗")
    words = "" if right else "  wrong" if row["output"] != 0.5 else "  undecided"
    shown = (
        Span(f"  {first}  {second} ", "strong"),
        *hidden,
        Span(f"   {row['output']:.3f} ", "strong"),
        *_bar(row["output"]),
        Span(f"  {row['target']:.0f} ", "text"),
        Span(sign, "good" if right else "bad"),
    )
    words = "  half" if row_width(shown) + len(words) > width else words
    return (*shown, Span(words, "bad"))


def _bar(share: float) -> Row:
    """Five cells."""
    full = round(share * 5)
    signs = ("#", ".") if glyphs().ascii_only else ("━", "─")
    return (Span(signs[0] * full, "accent"), Span(signs[1] * (5 - full), "line"))


def _loss(look: Json, width: int) -> Row:
    losses = look["losses"]
    spans = [Span(" loss ", "muted"), Span(_shown(losses["sse"]), "strong"), Span(" squared errors", "muted")]
    spans += [Span("  " + _shown(losses["bce"]), "strong"), Span(" nats", "muted")]
    if losses.get("val_bce") is not None:
        more = (Span("  " + _shown(losses["val_bce"]), "strong"), Span(" on 8 points", "muted"))
        spans += more if row_width((*spans, *more)) <= width else ()
    return tuple(spans)


def _shown(value: float | str) -> str:
    number = float(value)
    return f"{number:.4f}" if number < 1_000 else short(number)
