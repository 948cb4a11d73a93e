"""Gates, cell and output of one LSTM unit for each word, as shaded numbers."""

from __future__ import annotations

from engine.session_protocol.language import UnitGates
from tui.drawings.words_with_numbers import Column, grid
from tui.terminal.glyphs import glyphs
from tui.ui.displayed_word import word_of
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_text

LABELS = ("", "i  input", "f  forget", "g  candidate", "o  output", "c  cell", "h  hidden")
SHADES, ASCII_SHADES = " ░▒▓█", " .:*#"
BAR = 3


def heat(response: UnitGates, width: int) -> list[Row]:
    """One column per word; gates are 0 to 1, g and h -1 to 1, the cell is shaded relative to its largest."""
    largest = max((abs(value) for value in response.c), default=1.0) or 1.0
    columns = [_column(response, place, largest) for place in range(len(response.words))]
    law = "c = f x c before + i x g, h = o x tanh(c). Shade: |value|, of c as a share of its largest"
    legend = wrap_text(f"{law} ({largest:.2f}).", width, "muted")
    return [_head(response), *legend, *grid(LABELS, columns, width)]


def _head(response: UnitGates) -> Row:
    unit, units = response.unit, response.liveliest
    place = f" {glyphs().dot} its cell changes most" if units and units[0] == unit else ""
    return (
        Span(f"unit {unit:,}", "strong"),
        Span(f" (of 0 to {response.hidden - 1:,})", "muted"),
        Span(f", layer {response.layer + 1} of {response.layers}{place}", "muted"),
    )


def _column(response: UnitGates, place: int, largest: float) -> Column:
    cells = [Span(word_of(response.words[place], reverse=response.direction == "reversed"), "strong")]
    for name in "ifgoch":
        value = getattr(response, name)[place]
        cells.append(_cell(value, abs(value) / largest if name == "c" else abs(value)))
    return cells


def _cell(value: float, share: float) -> Span:
    table = ASCII_SHADES if glyphs().ascii_only else SHADES
    level = max(0, min(int(share * len(table)), len(table) - 1)) if share == share else 0
    style_name = "done" if value < 0 else "accent"
    return Span(f"{table[level] * BAR} {value:5.2f}", style_name)
