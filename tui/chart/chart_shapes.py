"""The rows of a chart as shapes, for pictures in files: dots, lines, disks and text in colours.

Braille dots and lines are drawn, not written: they need no font, and lines join where cells meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from tui.ui.curve_colours import DARK, LIGHT
from tui.ui.span import Row, Span, cells

CELL = (10.0, 20.0)
"""width and height of a cell in units of the picture"""
MARGIN = 10.0
DOT = 1.9
"""radius of a dot of braille"""
FAINT = 0.45
BRAILLE = 0x2800
_DOT_PLACES = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""column and row of each bit of a braille character"""
UP, RIGHT, DOWN, LEFT = 1, 2, 4, 8
_ARMS = {
    "│": UP | DOWN, "─": LEFT | RIGHT, "┤": UP | DOWN | LEFT, "├": UP | DOWN | RIGHT,
    "┬": DOWN | LEFT | RIGHT,
    "┴": UP | LEFT | RIGHT, "┼": UP | DOWN | LEFT | RIGHT, "└": UP | RIGHT, "┘": UP | LEFT, "┌": DOWN | RIGHT,
    "┐": DOWN | LEFT, "╵": UP, "╷": DOWN, "╴": LEFT, "╶": RIGHT, "━": LEFT | RIGHT, "┃": UP | DOWN,
}  # fmt: skip
_HEAVY = frozenset("━┃╍┅┉")
_DASHED = {
    "┈": (4, 0.3),
    "┊": (4, 0.3),
    "╍": (2, 0.6),
    "┅": (3, 0.6),
    "┉": (4, 0.6),
    "╌": (2, 0.6),
    "╎": (2, 0.6),
}
"""number of dashes in a cell, and the part of each that is drawn"""
_UPRIGHT = frozenset("┊╎")


@dataclass(frozen=True, slots=True)
class PictureColours:
    """Colours as #rrggbb. The background of a picture for a paper is white."""

    ground: str
    text: str
    accent: str
    alert: str
    live: str
    warning: str
    hues: tuple[str, ...]

    def of(self, style_name: str) -> str:
        """The colour of a style of chart rows."""
        name, _, number = style_name.partition("-")
        if name in ("series", "faint") and number.isdigit():
            hue = self.hues[int(number) % len(self.hues)]
            return hue if name == "series" else mixed(hue, self.ground, FAINT)
        share = _SHARES.get(style_name)
        if share is not None:
            return mixed(self.text, self.ground, share)
        return {
            "crosshair": self.accent, "chosen": self.accent, "mark-set": self.accent, "alert": self.alert,
            "live": self.live, "mark-pause": self.warning,
        }.get(style_name, self.text)  # fmt: skip


_SHARES = {"label": 0.7, "tag": 0.55, "axis": 0.45, "grid": 0.22, "mark-checkpoint": 0.75}
"""of the colour of text in those of fainter styles, as on the screen"""
BOLD = frozenset(["title", "value", "alert", "chosen", "mark-pause", "mark-set"])

ON_DARK = PictureColours("#10141b", "#d5dbe6", "#f2b36b", "#f2777a", "#7fd1a0", "#e8c06a", DARK)
ON_WHITE = PictureColours("#ffffff", "#20262e", "#a34d00", "#b3261e", "#1a7f4b", "#8a5a00", LIGHT)


def mixed(colour: str, ground: str, share: float) -> str:
    """`share` of a colour, the rest the background."""
    parts = [(int(colour[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(share * one + (1 - share) * other):02x}" for one, other in parts)


@dataclass(frozen=True, slots=True)
class DiskShape:
    """`is_open`: a circle alone."""

    x: float
    y: float
    radius: float
    colour: str
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class LineShape:
    x1: float
    y1: float
    x2: float
    y2: float
    colour: str
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class TextShape:
    """Text of so many cells; x is its left edge, y the top of its cells."""

    x: float
    y: float
    text: str
    cells: int
    colour: str
    is_bold: bool


Shape = DiskShape | LineShape | TextShape


@dataclass(frozen=True, slots=True)
class ChartPicture:
    width: float
    height: float
    colours: PictureColours
    shapes: tuple[Shape, ...]


def chart_picture(rows: Sequence[Row], width: int, colours: PictureColours) -> ChartPicture:
    """The picture of rows of `width` cells."""
    shapes = [shape for y, row in enumerate(rows) for shape in _row_shapes(row, y, colours)]
    size = width * CELL[0] + 2 * MARGIN, len(rows) * CELL[1] + 2 * MARGIN
    return ChartPicture(*size, colours, tuple(shapes))


def _row_shapes(row: Row, y: int, colours: PictureColours) -> Iterator[Shape]:
    x = 0
    for span in row:
        colour, is_bold = colours.of(span.style_name), span.style_name in BOLD
        for text, is_drawn in _pieces(span):
            left, top = MARGIN + x * CELL[0], MARGIN + y * CELL[1]
            if is_drawn:
                yield from _sign_shapes(text, left, top, colour)
            elif text.strip():
                yield TextShape(left, top, text, cell_len(text), colour, is_bold)
            x += cell_len(text)


def _pieces(span: Span) -> Iterator[tuple[str, bool]]:
    """Signs that are drawn, one by one; words that are written, with single blanks between them."""
    word = ""
    for sign in (sign for sign, _ in cells((span,)) if sign):
        if _is_drawn(sign) or (sign == " " and (not word or word.endswith(" "))):
            if word:
                yield word, False
            word = ""
            yield sign, _is_drawn(sign)
        else:
            word += sign
    if word:
        yield word, False


def _is_drawn(sign: str) -> bool:
    is_braille = len(sign) == 1 and BRAILLE <= ord(sign) < BRAILLE + 256
    return is_braille or sign in _ARMS or sign in _DASHED or sign in ("●", "○")


def _sign_shapes(sign: str, left: float, top: float, colour: str) -> Iterator[Shape]:
    width, height = CELL
    if sign in ("●", "○"):
        is_open = sign == "○"
        yield DiskShape(left + width / 2, top + height / 2, 0.4 * width, colour, is_open)
    elif sign in _DASHED:
        yield from _dashes(sign, left, top, colour)
    elif sign in _ARMS:
        yield from _arms(sign, left, top, colour)
    else:
        bits = ord(sign) - BRAILLE
        for bit, (column, row) in enumerate(_DOT_PLACES):
            if bits >> bit & 1:
                x, y = left + (column + 0.5) * width / 2, top + (row + 0.5) * height / 4
                yield DiskShape(x, y, DOT, colour)


def _arms(sign: str, left: float, top: float, colour: str) -> Iterator[LineShape]:
    arms, width = _ARMS[sign], 2.5 if sign in _HEAVY else 1.0
    x, y = left + CELL[0] / 2, top + CELL[1] / 2
    if arms & (LEFT | RIGHT):
        start, end = left if arms & LEFT else x, left + CELL[0] if arms & RIGHT else x
        yield LineShape(start, y, end, y, colour, width)
    if arms & (UP | DOWN):
        start, end = top if arms & UP else y, top + CELL[1] if arms & DOWN else y
        yield LineShape(x, start, x, end, colour, width)


def _dashes(sign: str, left: float, top: float, colour: str) -> Iterator[LineShape]:
    count, share = _DASHED[sign]
    width = 2.5 if sign in _HEAVY else 1.0
    size = CELL[1] if sign in _UPRIGHT else CELL[0]
    for index in range(count):
        begin = (index + (1 - share) / 2) * size / count
        end = begin + share * size / count
        if sign in _UPRIGHT:
            x = left + CELL[0] / 2
            yield LineShape(x, top + begin, x, top + end, colour, width)
        else:
            y = top + CELL[1] / 2
            yield LineShape(left + begin, y, left + end, y, colour, width)
