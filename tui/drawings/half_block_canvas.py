"""A character grid for text and images; with colours, a cell holds two pixels, one above the other."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from tui.drawings.heat import ASCII_SHADES, LEVELS, SHADES, ColourMode
from tui.drawings.image_arrays import Values, stretched

BLANK = ord(" ")
EDGE = 0.42
"""difference of two pixels of a cell from which on they are drawn as half blocks without colours"""
FAINT, DIM = 0.65, 0.12
"""exponent of a grey, and the least amount drawn, where there are only five shades"""
_NAMES: list[str] = [""]
"""style names by number; shared, so that two canvases can be compared"""
_NUMBERS: dict[str, int] = {"": 0}


class Patch(NamedTuple):
    """Adjacent cells of one style."""

    text: str
    style_name: str
    ground: str


class ImageCanvas:
    """`mode` is what the terminal can draw; what lies outside is cut."""

    def __init__(self, width: int, height: int, mode: ColourMode) -> None:
        self.width, self.height, self.mode = width, height, mode
        self._signs = np.full((height, width), BLANK, np.uint32)
        self._styles = np.zeros((height, width), np.int32)
        self._grounds = np.zeros((height, width), np.int32)

    def write(self, x: int, y: int, text: str, style_name: str = "", ground: str = "") -> int:
        """Write text; wide characters become `?`. Returns the column behind it."""
        if not 0 <= y < self.height or x < 0:
            return x + len(text)
        if cell_len(text) != len(text):
            text = "".join(sign if cell_len(sign) == 1 else "?" for sign in text)
        end = min(self.width, x + len(text))
        if end > x:
            self._signs[y, x:end] = [ord(sign) for sign in text[: end - x]]
            self._styles[y, x:end] = _number(style_name)
            self._grounds[y, x:end] = _number(ground)
        return x + len(text)

    def write_wrapped(
        self, x: int, y: int, text: str, width: int, lines: int, style_name: str = "muted"
    ) -> int:
        """Write wrapped text in at most `lines` lines. Returns the row below."""
        import textwrap

        for line in textwrap.wrap(text, max(10, width))[: max(0, lines)]:
            self.write(x, y, line[:width], style_name)
            y += 1
        return y

    def picture(self, x: int, y: int, columns: int, rows: int, values: Values, kind: str = "grey") -> None:
        """Draw an image over `columns` x `rows` cells: `grey` values in [0, 1], `heat` values in [-1, 1]."""
        shares = stretched(values if kind == "grey" else (values + 1) / 2, 2 * rows, columns)
        top, bottom = max(0, -y), min(rows, self.height - y)
        left, right = max(0, -x), min(columns, self.width - x)
        if bottom <= top or right <= left:
            return
        shares = shares[2 * top : 2 * bottom, left:right]
        place = (slice(y + top, y + bottom), slice(x + left, x + right))
        if self.mode == "colour":
            self._paint(place, shares, kind)
        else:
            self._shade(place, shares, kind)

    def _paint(self, place: tuple[slice, slice], shares: Values, kind: str) -> None:
        steps = (np.nan_to_num(shares, nan=0.5) * LEVELS).astype(np.int32)
        levels = _table(kind)[np.clip(steps, 0, LEVELS - 1)]
        upper, lower = levels[0::2], levels[1::2]
        self._signs[place] = np.where(upper == lower, BLANK, ord("▀"))
        self._styles[place] = np.where(upper == lower, 0, upper)
        self._grounds[place] = lower

    def _shade(self, place: tuple[slice, slice], shares: Values, kind: str) -> None:
        upper, lower = shares[0::2], shares[1::2]
        signs = self._greys(upper, lower) if kind == "grey" else self._amounts((upper + lower) - 1)
        self._signs[place] = signs
        self._styles[place] = _number("strong")
        self._grounds[place] = 0

    def _greys(self, upper: Values, lower: Values) -> NDArray[np.uint32]:
        """Shades, and half blocks where the two pixels of a cell differ much; faint greys are raised."""
        upper, lower = np.clip(upper, 0, 1) ** FAINT, np.clip(lower, 0, 1) ** FAINT
        above, below = ("'", ",") if self.mode == "ascii" else ("▀", "▄")
        means = (upper + lower) / 2
        signs = shades_of(means, self.mode)
        signs = np.where((upper - lower > EDGE) & (means < 0.75), ord(above), signs)
        return np.where((lower - upper > EDGE) & (means < 0.75), ord(below), signs).astype(np.uint32)

    def _amounts(self, values: Values) -> NDArray[np.uint32]:
        """Values in [-1, 1]: denser for more, dashes below zero."""
        shades = shades_of(0.15 + 0.85 * values, self.mode)
        below = np.where(values < -0.5, ord("="), np.where(values < -DIM, ord("-"), BLANK))
        return np.where(values > DIM, shades, below).astype(np.uint32)

    def dot(self, x: int, y: int, style_name: str) -> None:
        """One pixel in another style; `y` counts pixels, two per cell."""
        row = y // 2
        if not (0 <= row < self.height and 0 <= x < self.width):
            return
        if self.mode != "colour":
            self.write(x, row, "+" if self.mode == "ascii" else "╋", style_name)
            return
        halves = self._signs[row, x] == ord("▀")
        other = self._styles[row, x] if y % 2 and halves else self._grounds[row, x]
        both = other == _number(style_name)
        self._signs[row, x] = ord("█" if both else "▄" if y % 2 else "▀")
        self._styles[row, x], self._grounds[row, x] = _number(style_name), 0 if both else other

    def frame(self, x: int, y: int, columns: int, rows: int, style_name: str) -> None:
        """A border around `columns` x `rows` cells whose first is at (x, y)."""
        plain = self.mode == "ascii"
        across, down = ("-", "|") if plain else ("─", "│")
        corners = ("+", "+", "+", "+") if plain else ("╭", "╮", "╰", "╯")
        for row, (left, right) in ((y - 1, corners[:2]), (y + rows, corners[2:])):
            if x >= 1:
                self.write(x - 1, row, left + across * columns + right, style_name)
        for row in range(y, y + rows):
            if x >= 1:
                self.write(x - 1, row, down, style_name)
            self.write(x + columns, row, down, style_name)

    def bar(
        self, x: int, y: int, width: int, share: float, style_name: str = "accent", *, solid: bool = False
    ) -> int:
        """A bar of one row; `solid` fills the row, so that equal bars below each other are one thick bar."""
        full = round(max(0.0, min(share if share == share else 0.0, 1.0)) * width)
        done, ahead = ("#", ".") if self.mode == "ascii" else ("█" if solid else "━", " " if solid else "─")
        self.write(x, y, done * full, style_name)
        return self.write(x + full, y, ahead * (width - full), "line")

    def overlay(self, x: int, y: int, sign: str, style_name: str) -> None:
        """Write one character and keep the background of its cell."""
        if 0 <= y < self.height and 0 <= x < self.width:
            self._signs[y, x] = ord(sign)
            self._styles[y, x] = _number(style_name)

    def paste(self, x: int, y: int, other: ImageCanvas) -> None:
        """Copy another canvas; its first cell comes to (x, y)."""
        columns, rows = min(other.width, self.width - x), min(other.height, self.height - y)
        if columns <= 0 or rows <= 0:
            return
        place, part = (slice(y, y + rows), slice(x, x + columns)), (slice(rows), slice(columns))
        self._signs[place] = other._signs[part]
        self._styles[place] = other._styles[part]
        self._grounds[place] = other._grounds[part]

    @property
    def used_rows(self) -> int:
        """The number of rows up to the last one on which anything is."""
        used = ((self._signs != BLANK) | (self._grounds != 0)).any(axis=1)
        return int(np.flatnonzero(used)[-1]) + 1 if used.any() else 0

    def lines(self) -> list[tuple[Patch, ...]]:
        return [self.line(y) for y in range(self.height)]

    def line(self, y: int) -> tuple[Patch, ...]:
        signs, styles, grounds = self._signs[y], self._styles[y], self._grounds[y]
        edges = _edges(styles, grounds)
        text = "".join(map(chr, signs.tolist()))
        return tuple(
            Patch(text[start:end], _NAMES[styles[start]], _NAMES[grounds[start]])
            for start, end in pairwise(edges)
        )

    def changes(self, old: ImageCanvas) -> list[tuple[int, int, int]]:
        """Row, first column and the one behind the last, for each row that differs from `old` (same size)."""
        differs = self._signs != old._signs
        differs |= self._styles != old._styles
        differs |= self._grounds != old._grounds
        lines = np.flatnonzero(differs.any(axis=1)).tolist()
        cells = [np.flatnonzero(differs[y]) for y in lines]
        return [(y, int(here[0]), int(here[-1]) + 1) for y, here in zip(lines, cells, strict=True)]


@cache
def _table(kind: str) -> NDArray[np.int32]:
    """The numbers of the style names `kind-0` .. `kind-LEVELS - 1`."""
    return np.array([_number(f"{kind}-{level}") for level in range(LEVELS)], np.int32)


def _number(name: str) -> int:
    found = _NUMBERS.get(name)
    if found is None:
        found = _NUMBERS[name] = len(_NAMES)
        _NAMES.append(name)
    return found


def shades_of(shares: NDArray[np.float64], mode: ColourMode) -> NDArray[np.uint32]:
    """Character codes, each as `shade_of`."""
    table = np.array([ord(sign) for sign in (ASCII_SHADES if mode == "ascii" else SHADES)], np.uint32)
    known = np.nan_to_num(shares, nan=0.0) * len(table)
    signs = table[np.clip(known, 0, len(table) - 1).astype(np.intp)]
    return np.where(np.isnan(shares), np.uint32(ord("?")), signs)


def positive(canvas: ImageCanvas) -> str:
    """How a legend names the colour or shade of values above zero."""
    return "orange" if canvas.mode == "colour" else "full"


def _edges(styles: NDArray[np.int32], grounds: NDArray[np.int32]) -> list[int]:
    changes = (np.diff(styles) != 0) | (np.diff(grounds) != 0)
    return [0, *(np.flatnonzero(changes) + 1).tolist(), len(styles)] if len(styles) else [0, 0]
