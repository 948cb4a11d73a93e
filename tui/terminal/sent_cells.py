"""The cells that the terminal shows, so that only those are sent that differ.

Textual sends what is repainted: a widget that paints itself whole for one value, a layout, a dialog over a
tab that changes would send thousands of cells that the terminal has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from rich.cells import get_character_cell_size
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.strip import Strip

from tui.terminal.partial_repaint import CellsUpdate

Placed = tuple[int, int, Strip]
"""column and row of the first cell, and the cells"""
Cell = tuple[str, int]
"""a character and the number of its style; the second cell of a wide character has no character"""
UNKNOWN: Cell = ("", -1)
GAP = 4
"""unchanged cells between two changed ones that are sent with them: the cursor moves by as many bytes"""
STYLES = 4096
"""styles that have a number; beyond them all is forgotten"""


def placed_strips(update: object) -> list[Placed] | None:
    """The strips of an update and where they begin; None for a kind of update that is not known."""
    if isinstance(update, CellsUpdate):
        return update.cells
    if isinstance(update, LayoutUpdate):
        return list(_of_layout(update))
    return list(_of_chops(update)) if isinstance(update, ChopsUpdate) else None


def _of_layout(update: LayoutUpdate) -> Iterator[Placed]:
    for y, strips in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in strips:
            yield x, y, strip
            x += strip.cell_length


def _of_chops(update: ChopsUpdate) -> Iterator[Placed]:
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= last and end > first:
                yield x, y, strip


class SentCells:
    """All output that draws has to pass through it, or it has to be told to forget."""

    def __init__(self) -> None:
        self._rows: dict[int, list[Cell]] = {}
        self._irregular: set[int] = set()
        """rows with characters that do not take one cell: terminals differ in their width"""
        self._numbers: dict[Style | None, int] = {}
        self._looks: dict[Style, int] = {}
        self._size = (0, 0)

    def forget(self) -> None:
        """The terminal may show anything."""
        self._rows.clear()
        self._irregular.clear()
        self._numbers.clear()
        self._looks.clear()

    def changes(self, update: Any, size: tuple[int, int]) -> Any:
        """The update without cells that the terminal shows, counted as sent; None where it shows all.

        `size` is of the terminal. What is no update of a compositor is sent as it is.
        """
        strips = placed_strips(update)
        if strips is None:
            self.forget()
            return update
        found = self.differing(strips, size)
        return CellsUpdate(found) if found else None

    def differing(self, strips: Iterable[Placed], size: tuple[int, int]) -> list[Placed]:
        """What has to be sent of these strips."""
        if size != self._size or len(self._numbers) > STYLES:
            self._size = size
            self.forget()
        found: list[Placed] = []
        has_image = False
        for x, y, strip in strips:
            if any(segment.control for segment in strip):
                has_image = True
                found.append((x, y, strip))
            else:
                for one in self._changed(x, y, strip):
                    _add(found, one, is_regular=y not in self._irregular)
        if has_image:
            self.forget()  # an image covers more cells than its own, and goes where they are sent again
        return found

    def _changed(self, x: int, y: int, strip: Strip) -> Iterator[Placed]:
        new, is_regular = self._cells(strip)
        row = self._rows.setdefault(y, [UNKNOWN] * self._size[0])
        was_irregular = y in self._irregular
        old = row[x : x + len(new)]
        row[x : x + len(new)] = new
        if was_irregular or not is_regular:
            self._irregular.add(y)
            if all(cell == UNKNOWN or (cell[0] and _is_regular(cell[0])) for cell in row):
                self._irregular.discard(y)
            yield x, y, strip
        elif old != new:
            for first, last in stretches(old, new):
                yield x + first, y, strip.crop(first, last)

    def _cells(self, strip: Strip) -> tuple[list[Cell], bool]:
        """The cells, and whether each of them has one character."""
        cells: list[Cell] = []
        is_regular = True
        for text, style, _ in strip:
            number = self._numbers.get(style)
            if number is None:
                number = self._number(style)
            if _is_regular(text):
                cells += [(sign, number) for sign in text]
                continue
            is_regular = False
            for sign in text:
                width = get_character_cell_size(sign)
                if width:
                    cells += [(sign, number), ("", number)][:width]
                elif cells:
                    cells[-1] = (cells[-1][0] + sign, number)
        return cells, is_regular

    def _number(self, style: Style | None) -> int:
        """One for all styles of the same look; metadata is not sent."""
        look = style or Style.null()
        if look.meta and not look.link:
            look = look.clear_meta_and_links()
        number = self._looks.setdefault(look, len(self._looks))
        self._numbers[style] = number
        return number


def stretches(old: Sequence[Cell], new: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """First and after the last place of the cells to send: those that differ, and short gaps between them."""
    places = [place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b]
    places += range(len(old), len(new))
    first = last = places[0]
    for place in places:
        if place - last > GAP + 1:
            yield first, last + 1
            first = place
        last = place
    yield first, last + 1


def _add(found: list[Placed], new: Placed, *, is_regular: bool) -> None:
    """Add it, to the strip before it where it continues that."""
    x, y, strip = new
    if is_regular and found:
        before_x, before_y, before = found[-1]
        is_next = before_y == y and before_x + before.cell_length == x
        if is_next and not any(segment.control for segment in before):
            found[-1] = before_x, y, Strip.join([before, strip])
            return
    found.append(new)


@lru_cache(8192)
def _is_regular(text: str) -> bool:
    """Whether each character takes one cell."""
    return text.isascii() or all(get_character_cell_size(sign) == 1 for sign in text)
