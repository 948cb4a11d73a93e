"""The widget of a failure map: its cells, scrolled so that the cursor is visible."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tui.drawings.cell_rows import CellRow, CellRows
from tui.drawings.heat import SOLVED, ColourMode, colour_mode_of, level_of, shade_of
from tui.drawings.plane_cells import PlaneCell, joined
from tui.terminal.glyphs import glyphs
from tui.ui.numbers import short
from tui.xor.failure_map_cells import FailureMap, MapCell

LABEL = 9
WIDTHS = (6, 4, 2, 1)
"""possible widths of the cell of one network"""
FILLERS = " ░▒▓█.:*#"
WIDEST, TALLEST = 24, 12
RAMP = 12
"""width of the colour ramp in the legend"""
STUCK_STYLES = {2: "warn", 3: "accent", 4: "bad", 0: "muted"}
NO_STOPS = 0.2
"""loss of the latest success, where none stops early"""


@dataclass(frozen=True, slots=True)
class MapWindow:
    """The visible part: `columns` x `rows` cells from (`left`, `top`), each `wide` x `tall` characters."""

    left: int
    top: int
    columns: int
    rows: int
    wide: int
    tall: int = 1
    label: int = 0
    """width of the labels left of the cells"""


def window(
    found: FailureMap, cursor: tuple[int, int], width: int, height: int, before: MapWindow | None
) -> MapWindow:
    """The window with the cursor in it, scrolled from `before` no more than needed."""
    label = LABEL if found.x else label_width(found.groups, width)
    room = max(1, height - len(head_of(found, None, "shade")))
    wide = max(1, min(WIDEST, (width - label) // max(1, found.columns)))
    tall = max(1, min(TALLEST, room // max(1, len(found.cells))))
    if not found.x:
        count = len(found.cells)
        wide = next((one for one in WIDTHS if fits(found.columns, count, one, width - label, room)), 1)
        tall = tall_of(wide)
    rows = max(1, room // tall)
    columns = max(1, (width - label) // wide)
    left = _scrolled(before.left if before else 0, cursor[0], columns, found.columns)
    top = _scrolled(before.top if before else 0, cursor[1], rows, len(found.cells))
    return MapWindow(left, top, columns, rows, wide, tall, label)


def columns_for(total: int, width: int, height: int, label: int = 0) -> int:
    """Cells per row, with the largest cells with which `total` networks fit; the smallest cells scroll."""
    width, height = width - label, height - 1
    for wide in WIDTHS:
        columns = max(1, width // wide)
        if fits(columns, -(-total // columns), wide, width, height):
            return columns
    return max(1, width)


def label_width(groups: Sequence[Mapping[str, object]], width: int) -> int:
    """The width of the labels of rows: that of the longest, at most what `width` leaves room for."""
    most = 26 if width >= 100 else 18 if width >= 60 else 0
    return min(most, max((len(group_words(group)) + 1 for group in groups if group), default=0))


def group_words(group: Mapping[str, object]) -> str:
    """lr 0.25, 1 unit + bypass"""
    words = [f"{name} {_format(value)}" for name, value in group.items() if name not in ("hidden", "bypass")]
    if "hidden" in group:
        words.append(f"{group['hidden']} unit{'' if group['hidden'] == 1 else 's'}")
    if "bypass" in group and (group["bypass"] or "hidden" not in group):
        words.append("bypass" if group["bypass"] else "no bypass")
    return ", ".join(words)


def fits(columns: int, rows: int, wide: int, width: int, height: int) -> bool:
    return columns * wide <= width and rows * tall_of(wide) <= height


def tall_of(wide: int) -> int:
    """Height of a cell that looks square."""
    return max(1, wide // 2)


def _scrolled(start: int, at: int, room: int, count: int) -> int:
    return max(0, min(max(min(start, at), at - room + 1), count - room))


def row_of(
    found: FailureMap,
    y: int,
    cursor: tuple[int, int],
    view: MapWindow,
    mode: ColourMode,
    *,
    is_middle: bool = True,
) -> tuple[PlaneCell, ...]:
    """One line of a row of cells, with its label; signs are in the middle line alone."""
    tiles = []
    if found.x:
        name = _format(found.ys[y])[: LABEL - 1] if is_middle else ""
        tiles.append(PlaneCell(f"{name:>{LABEL - 1}} ", "muted", ""))
    elif view.label:
        group = found.groups[y] if is_middle and y < len(found.groups) else {}
        words = group_words(group)
        if len(words) >= view.label:
            words = words[: view.label - 2] + glyphs().cut
        tiles.append(PlaneCell(f"{words:<{view.label}}", "text", ""))
    for x in range(view.left, min(view.left + view.columns, found.columns)):
        tile = _tile(found, x, y, view.wide, mode, (x, y) == cursor)
        is_filled = is_middle or tile.text.strip(FILLERS) == ""
        tiles.append(tile if is_filled else PlaneCell(" " * view.wide, tile.style_name, tile.ground))
    return joined(tiles)


def head_of(found: FailureMap, view: MapWindow | None, mode: ColourMode) -> list[tuple[PlaneCell, ...]]:
    """The lines above the cells: colour ramp, names of the axes, their values; blank lines without `view`."""
    rows: list[tuple[PlaneCell, ...]] = [] if found.colour == "outcome" else [ramp_of(found, mode)]
    if not found.x:
        return rows
    if view is None:
        return [*rows, (), ()]
    last = min(view.left + view.columns, found.columns)
    part = (
        f" ({view.left + 1} to {last} of {found.columns}: scrolls)"
        if last - view.left < found.columns
        else ""
    )
    return [
        *rows,
        (PlaneCell(f"rows: {found.y}, columns: {found.x}{part}", "muted", ""),),
        axis_of(found, view),
    ]


def ramp_of(found: FailureMap, mode: ColourMode) -> tuple[PlaneCell, ...]:
    """The colour ramp between the least and the largest value, and the sign of cells without one."""
    levels = [level_of((place + 0.5) / RAMP) for place in range(RAMP)]
    cells = [PlaneCell(" ", "", f"ramp-{level}") for level in levels]
    if mode != "colour":
        cells = [PlaneCell(shade_of((place + 0.5) / RAMP, mode), "text", "") for place in range(RAMP)]
    absent = "not solved" if found.colour == "stop" else "not known"
    dot = "." if mode == "ascii" else "·"
    ends = (
        PlaneCell(f"{short(found.low)} ", "text", ""),
        PlaneCell(f" {short(found.high)}   {dot} {absent}", "text", ""),
    )
    return (ends[0], *cells, ends[1])


def axis_of(found: FailureMap, view: MapWindow) -> tuple[PlaneCell, ...]:
    """The values of the x axis."""
    words = f"{found.y[: LABEL - 2]:>{LABEL - 1}} "
    shown = range(view.left, min(view.left + view.columns, found.columns))
    every = 1 if view.wide >= 4 else -(-8 // view.wide)
    values = [
        f"{_format(found.xs[x])[: every * view.wide - 1]:<{every * view.wide}}"
        for x in shown
        if (x - view.left) % every == 0
    ]
    return (PlaneCell(words + "".join(values)[: view.columns * view.wide], "muted", ""),)


def _format(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _tile(found: FailureMap, x: int, y: int, wide: int, mode: ColourMode, is_cursor: bool) -> PlaneCell:
    cell = found.cells[y][x]
    if cell.network < 0:
        return PlaneCell(" " * wide, "", "")
    sign, style_name, ground = _style_of_cell(found, cell, x, y, mode)
    if found.x and wide >= 5 and found.colour == "outcome" and cell.share is not None:
        sign = f"{math.floor(100 * cell.share)}%"
    if is_cursor:
        return PlaneCell(f"{sign if sign.strip() else '+':^{wide}}", "strong", "plate")
    is_shade = mode != "colour" and sign in FILLERS and bool(found.x)
    return PlaneCell(sign * wide if is_shade else f"{sign:^{wide}}"[:wide], style_name, ground)


def _style_of_cell(
    found: FailureMap, cell: MapCell, x: int, y: int, mode: ColourMode
) -> tuple[str, str, str]:
    """Sign, style name and background of a cell."""
    if found.marked and cell.network not in found.marked:
        return ("." if mode == "ascii" else "·"), "line", ""
    if found.colour != "outcome":
        return _measured(found, x, y, mode)
    if cell.share is None:
        return ("." if mode == "ascii" else "·"), "line", ""
    if cell.count > 1:
        return _shared(cell, mode)
    if cell.share == 1:
        level = earliness(found, cell)
        return (" " if mode == "colour" else "." if mode == "ascii" else "·"), "good", f"solved-{level}"
    if cell.loss is None:
        return "!", "bad", "stuck-4"
    rows = cell.undecided
    style_name = STUCK_STYLES[rows] if mode != "colour" else "dark" if rows else "strong"
    return (str(rows) if rows else "?"), style_name, f"stuck-{rows}"


def _shared(cell: MapCell, mode: ColourMode) -> tuple[str, str, str]:
    """A cell of several networks: greener for a larger solved share."""
    share = cell.share or 0.0
    if mode != "colour":
        return shade_of(share, mode), "good" if share > 0.5 else "bad", ""
    if share < 0.5:
        return " ", "dark", "stuck-4" if share < 0.25 else "stuck-2"
    level = min(SOLVED - 1, int((share - 0.5) * 2 * (SOLVED - 1)))
    return " ", "dark" if level > SOLVED // 3 else "strong", f"solved-{level}"


def _measured(found: FailureMap, x: int, y: int, mode: ColourMode) -> tuple[str, str, str]:
    value = found.values[y][x]
    if value is None:
        return ("." if mode == "ascii" else "·"), "line", ""
    share = (value - found.low) / (found.high - found.low) if found.high > found.low else 0.5
    if mode == "colour":
        return " ", "", f"ramp-{level_of(share)}"
    return shade_of(share, mode), "accent" if share > 0.5 else "done", ""


def earliness(found: FailureMap, cell: MapCell) -> int:
    """0 .. SOLVED - 1: how early it was solved, or how low its loss is where all train equally long."""
    low, high = found.stops
    if high > low and cell.stop is not None:
        share = (high - cell.stop) / (high - low)
    else:
        loss = max(cell.loss or 1e-5, 1e-5)
        share = math.log(NO_STOPS / loss) / math.log(NO_STOPS / 1e-4)
    return int(max(0.0, min(share * SOLVED, SOLVED - 1.0)))


class MapGrid(CellRows):
    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._found: FailureMap | None = None
        self._cursor = (0, 0)
        self._window: MapWindow | None = None
        self._made: dict[tuple[int, bool], CellRow] = {}
        self._made_of: FailureMap | None = None

    @property
    def visible_rows(self) -> int:
        return self._window.rows if self._window is not None else 1

    def update(self, found: FailureMap | None, cursor: tuple[int, int]) -> None:
        self._found, self._cursor = found, cursor
        self.draw()

    def restyle(self) -> None:
        self._made.clear()
        super().restyle()

    def cell_rows(self, width: int, height: int) -> list[CellRow]:
        if self._found is None or not self._found.cells:
            return []
        return self._picture(self._found, width, height)

    def _picture(self, found: FailureMap, width: int, height: int) -> list[CellRow]:
        """All rows; those without the cursor are cached for one map and window."""
        view, mode = window(found, self._cursor, width, height, self._window), colour_mode_of(self.app)
        if view != self._window or found is not self._made_of:
            self._made.clear()
        self._window, self._made_of = view, found
        rows = head_of(found, view, mode)
        for line in range(view.tall * min(view.rows, len(found.cells) - view.top)):
            y, is_middle = view.top + line // view.tall, line % view.tall == view.tall // 2
            if y == self._cursor[1]:
                rows.append(row_of(found, y, self._cursor, view, mode, is_middle=is_middle))
                continue
            if (y, is_middle) not in self._made:
                self._made[y, is_middle] = row_of(found, y, (-1, -1), view, mode, is_middle=is_middle)
            rows.append(self._made[y, is_middle])
        return rows
