"""The failure map as coloured cells, each with a sign that says the same."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tui.drawings.heat import SOLVED, Look, level_of, shade_of
from tui.drawings.plane_picture import PlaneCell, joined
from tui.terminal.glyphs import glyphs
from tui.ui.numbers import short
from tui.xor.map_cells import FailureMap, MapCell

LABEL = 9
WIDTHS = (6, 4, 2, 1)
"""of the cell of one network"""
FILLERS = " ░▒▓█.:*#"
WIDEST, TALLEST = 24, 12
RAMP = 12
"""cells of the ramp in a legend"""
STUCK_INKS = {2: "warn", 3: "accent", 4: "bad", 0: "muted"}
NO_STOPS = 0.2
"""loss from which a success is as late as can be, where none stops early"""


@dataclass(frozen=True, slots=True)
class MapWindow:
    """What is in sight: so many cells from `left` and `top` on, each of `wide` by `tall` characters."""

    left: int
    top: int
    columns: int
    rows: int
    wide: int
    tall: int = 1
    label: int = 0
    """columns left of the cells"""


def window(
    found: FailureMap, cursor: tuple[int, int], width: int, height: int, before: MapWindow | None
) -> MapWindow:
    """So that the cursor is in sight, moved no more than needed."""
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
    """How many cells in a row, so that so many networks fill the room behind the labels; the smallest cells
    scroll."""
    width, height = width - label, height - 1
    for wide in WIDTHS:
        columns = max(1, width // wide)
        if fits(columns, -(-total // columns), wide, width, height):
            return columns
    return max(1, width)


def label_width(groups: Sequence[Mapping[str, object]], width: int) -> int:
    """Columns for what the networks of a row are: as many as the longest label takes, where there is room."""
    most = 26 if width >= 100 else 18 if width >= 60 else 0
    return min(most, max((len(group_words(group)) + 1 for group in groups if group), default=0))


def group_words(group: Mapping[str, object]) -> str:
    """lr 0.25, 1 unit + bypass"""
    words = [f"{name} {_said(value)}" for name, value in group.items() if name not in ("hidden", "bypass")]
    if "hidden" in group:
        words.append(f"{group['hidden']} unit{'' if group['hidden'] == 1 else 's'}")
    if "bypass" in group and (group["bypass"] or "hidden" not in group):
        words.append("bypass" if group["bypass"] else "no bypass")
    return ", ".join(words)


def fits(columns: int, rows: int, wide: int, width: int, height: int) -> bool:
    return columns * wide <= width and rows * tall_of(wide) <= height


def tall_of(wide: int) -> int:
    """Lines of a cell that looks square."""
    return max(1, wide // 2)


def _scrolled(start: int, at: int, room: int, count: int) -> int:
    return max(0, min(max(min(start, at), at - room + 1), count - room))


def row_of(
    found: FailureMap, y: int, cursor: tuple[int, int], view: MapWindow, look: Look, *, is_middle: bool = True
) -> tuple[PlaneCell, ...]:
    """A line of one row of cells, with axes behind its value; signs stand in the middle line alone."""
    tiles = []
    if found.x:
        name = _said(found.ys[y])[: LABEL - 1] if is_middle else ""
        tiles.append(PlaneCell(f"{name:>{LABEL - 1}} ", "muted", ""))
    elif view.label:
        group = found.groups[y] if is_middle and y < len(found.groups) else {}
        words = group_words(group)
        if len(words) >= view.label:
            words = words[: view.label - 2] + glyphs().cut
        tiles.append(PlaneCell(f"{words:<{view.label}}", "text", ""))
    for x in range(view.left, min(view.left + view.columns, found.columns)):
        tile = _tile(found, x, y, view.wide, look, (x, y) == cursor)
        is_filled = is_middle or tile.text.strip(FILLERS) == ""
        tiles.append(tile if is_filled else PlaneCell(" " * view.wide, tile.style_name, tile.ground))
    return joined(tiles)


def head_of(found: FailureMap, view: MapWindow | None, look: Look) -> list[tuple[PlaneCell, ...]]:
    """Lines above the cells: what the colours mean, the names of the axes, the values along them; as many
    without a window."""
    rows: list[tuple[PlaneCell, ...]] = [] if found.colour == "outcome" else [ramp_of(found, look)]
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


def ramp_of(found: FailureMap, look: Look) -> tuple[PlaneCell, ...]:
    """The colours of a measure between its ends, and what has none."""
    levels = [level_of((place + 0.5) / RAMP) for place in range(RAMP)]
    cells = [PlaneCell(" ", "", f"ramp-{level}") for level in levels]
    if look != "colour":
        cells = [PlaneCell(shade_of((place + 0.5) / RAMP, look), "text", "") for place in range(RAMP)]
    absent = "not solved" if found.colour == "stop" else "not known"
    dot = "." if look == "ascii" else "·"
    ends = (
        PlaneCell(f"{short(found.low)} ", "text", ""),
        PlaneCell(f" {short(found.high)}   {dot} {absent}", "text", ""),
    )
    return (ends[0], *cells, ends[1])


def axis_of(found: FailureMap, view: MapWindow) -> tuple[PlaneCell, ...]:
    """The values along the other axis."""
    words = f"{found.y[: LABEL - 2]:>{LABEL - 1}} "
    shown = range(view.left, min(view.left + view.columns, found.columns))
    every = 1 if view.wide >= 4 else -(-8 // view.wide)
    values = [
        f"{_said(found.xs[x])[: every * view.wide - 1]:<{every * view.wide}}"
        for x in shown
        if (x - view.left) % every == 0
    ]
    return (PlaneCell(words + "".join(values)[: view.columns * view.wide], "muted", ""),)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _tile(found: FailureMap, x: int, y: int, wide: int, look: Look, is_cursor: bool) -> PlaneCell:
    cell = found.cells[y][x]
    if cell.lane < 0:
        return PlaneCell(" " * wide, "", "")
    sign, style_name, ground = _look_of_cell(found, cell, x, y, look)
    if found.x and wide >= 5 and found.colour == "outcome" and cell.share is not None:
        sign = f"{math.floor(100 * cell.share)}%"
    if is_cursor:
        return PlaneCell(f"{sign if sign.strip() else '+':^{wide}}", "strong", "plate")
    is_shade = look != "colour" and sign in FILLERS and bool(found.x)
    return PlaneCell(sign * wide if is_shade else f"{sign:^{wide}}"[:wide], style_name, ground)


def _look_of_cell(found: FailureMap, cell: MapCell, x: int, y: int, look: Look) -> tuple[str, str, str]:
    """Sign, ink and ground."""
    if found.marked and cell.lane not in found.marked:
        return ("." if look == "ascii" else "·"), "line", ""
    if found.colour != "outcome":
        return _measured(found, x, y, look)
    if cell.share is None:
        return ("." if look == "ascii" else "·"), "line", ""
    if cell.count > 1:
        return _shared(cell, look)
    if cell.share == 1:
        level = earliness(found, cell)
        return (" " if look == "colour" else "." if look == "ascii" else "·"), "good", f"solved-{level}"
    if cell.loss is None:
        return "!", "bad", "stuck-4"
    rows = cell.undecided
    style_name = STUCK_INKS[rows] if look != "colour" else "dark" if rows else "strong"
    return (str(rows) if rows else "?"), style_name, f"stuck-{rows}"


def _shared(cell: MapCell, look: Look) -> tuple[str, str, str]:
    """Of many networks: greener with every tenth that was solved."""
    share = cell.share or 0.0
    if look != "colour":
        return shade_of(share, look), "good" if share > 0.5 else "bad", ""
    if share < 0.5:
        return " ", "dark", "stuck-4" if share < 0.25 else "stuck-2"
    level = min(SOLVED - 1, int((share - 0.5) * 2 * (SOLVED - 1)))
    return " ", "dark" if level > SOLVED // 3 else "strong", f"solved-{level}"


def _measured(found: FailureMap, x: int, y: int, look: Look) -> tuple[str, str, str]:
    value = found.values[y][x]
    if value is None:
        return ("." if look == "ascii" else "·"), "line", ""
    share = (value - found.low) / (found.high - found.low) if found.high > found.low else 0.5
    if look == "colour":
        return " ", "", f"ramp-{level_of(share)}"
    return shade_of(share, look), "accent" if share > 0.5 else "done", ""


def earliness(found: FailureMap, cell: MapCell) -> int:
    """0 .. SOLVED - 1: how soon it was solved, or by how much where all train equally long."""
    low, high = found.stops
    if high > low and cell.stop is not None:
        share = (high - cell.stop) / (high - low)
    else:
        loss = max(cell.loss or 1e-5, 1e-5)
        share = math.log(NO_STOPS / loss) / math.log(NO_STOPS / 1e-4)
    return int(max(0.0, min(share * SOLVED, SOLVED - 1.0)))
