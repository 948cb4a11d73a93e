"""The truth table of a network: hidden units, output and target of the four rows, and the losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.session_protocol.xor import TruthRow, XorLook
from tui.terminal.glyphs import glyphs
from tui.ui.numbers import short
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, row_width


class TruthTable(Sheet, can_focus=False):
    """Six lines: a header, the four rows, the losses."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._look: XorLook | None = None

    def update(self, look: XorLook | None) -> None:
        """Show a response of `xor.look`."""
        self._look = look
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        return () if self._look is None else table(self._look, width)


def table(look: XorLook, width: int) -> list[Row]:
    """The rows of the table. Bars and verdicts are left out before hidden units, whose rest is counted."""
    units = len(look.units)
    layout = next((one for one in LAYOUTS if one.width(units) <= width), LAYOUTS[-1])
    shown = min(units, max(0, (width - layout.width(0)) // layout.unit))
    if shown < units:  # the last column says how many more there are
        shown = max(0, (width - layout.width(0) - MORE) // layout.unit)
    rows = [_row(row, shown, units, layout) for row in look.rows]
    return [_head(shown, units, layout), *rows, _loss(look, width)]


@dataclass(frozen=True, slots=True)
class TableLayout:
    """Width of the column of a hidden unit; whether there are a bar, and words for wrong rows."""

    unit: int
    has_bar: bool
    has_words: bool

    def width(self, units: int) -> int:
        return 7 + units * self.unit + 9 + 5 * self.has_bar + 8 + 11 * self.has_words


LAYOUTS = (
    TableLayout(6, True, True),
    TableLayout(6, True, False),
    TableLayout(6, False, False),
    TableLayout(5, False, False),
)
MORE = 5


def _head(shown: int, units: int, layout: TableLayout) -> Row:
    hidden = [Span(f"{f'h{unit + 1}':>{layout.unit}}", f"hue-{unit}") for unit in range(shown)]
    more = Span(f"{f'+{units - shown}':>{MORE}}" if shown < units else "", "muted")
    bar = " " * 5 * layout.has_bar
    return (Span(" x1 x2 ", "muted"), *hidden, more, Span(f"   output{bar} target", "muted"))


def _row(row: TruthRow, shown: int, units: int, layout: TableLayout) -> Row:
    first, second = (f"{value:.0f}" for value in row.inputs)
    digits = 2 if layout.unit > 5 else 1
    hidden = [Span(f"{value:{layout.unit}.{digits}f}", "text") for value in row.hidden[:shown]]
    more = Span(" " * MORE if shown < units else "")
    sign, text, style_name = _verdict(row)
    return (
        Span(f"  {first}  {second} ", "strong"),
        *hidden,
        more,
        Span(f"   {row.output:.3f} ", "strong"),
        *(_bar(row.output) if layout.has_bar else ()),
        Span(f" {row.target:>3.0f} ", "text"),
        Span(sign, style_name),
        Span(f"  {text}" if layout.has_words and text else "", style_name),
    )


def _verdict(row: TruthRow) -> tuple[str, str, str]:
    """Sign, words, style name."""
    is_plain = glyphs().ascii_only
    if row.is_right:
        return ("v" if is_plain else "✓"), "", "good"
    if row.output == 0.5:
        return "?", "undecided", "warn"
    return ("x" if is_plain else "✗"), "wrong", "bad"


def _bar(share: float) -> Row:
    """Five cells."""
    full = round(share * 5)
    signs = ("#", ".") if glyphs().ascii_only else ("━", "─")
    return (Span(signs[0] * full, "accent"), Span(signs[1] * (5 - full), "line"))


def _loss(look: XorLook, width: int) -> Row:
    """The losses with full names, else short ones, else without the validation loss: the first that fits."""
    losses = look.losses
    sse, bce, val = losses.sse, losses.bce, losses.val_bce
    full = [(" squared error ", sse), ("  cross-entropy ", bce)]
    short_ = [(" SSE ", sse), ("  BCE ", bce)]
    if val is not None:
        full, short_ = [*full, (", validation ", val)], [*short_, ("  val. BCE ", val)]
    rows = [_named(full), _named(short_), _named(short_[:2])]
    return next((row for row in rows if row_width(row) <= width), rows[-1])


def _named(losses: Sequence[tuple[str, float | str]]) -> Row:
    return tuple(
        span for name, value in losses for span in (Span(name, "muted"), Span(loss_words(value), "strong"))
    )


def loss_words(value: float | str) -> str:
    """A loss as text."""
    number = float(value)
    return f"{number:.4f}" if number < 1_000 else short(number)
