"""The failure map as coloured cells, each with a sign that says the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tui.lane_cells import Cell, LaneMap
from tui.widgets.heat import SOLVED, Look, level_of, shade_of
from tui.widgets.plane_picture import Tile, joined

LABEL = 9
WIDEST = 9
STUCK_INKS = {2: "warn", 3: "accent", 4: "bad", 0: "muted"}
NO_STOPS = 0.2
"""loss from which a success is as late as can be, where none stops early"""


@dataclass(frozen=True, slots=True)
class Window:
    """What is in sight: so many cells from `left` and `top` on, each `wide` characters."""

    left: int
    top: int
    columns: int
    rows: int
    wide: int
    label: int


def window(found: LaneMap, cursor: tuple[int, int], width: int, height: int, before: Window | None) -> Window:
    """So that the cursor is in sight, moved no more than needed."""
    label = LABEL if found.x else 0
    rows = height - (1 if found.x else 0)
    wide = max(1, min(WIDEST, (width - label) // max(1, found.columns))) if found.x else 1
    columns = max(1, (width - label) // wide)
    left = _scrolled(before.left if before else 0, cursor[0], columns, found.columns)
    top = _scrolled(before.top if before else 0, cursor[1], rows, len(found.cells))
    return Window(left, top, columns, rows, wide, label)


def _scrolled(start: int, at: int, room: int, count: int) -> int:
    return max(0, min(max(min(start, at), at - room + 1), count - room))


def row_of(found: LaneMap, y: int, cursor: tuple[int, int], view: Window, look: Look) -> tuple[Tile, ...]:
    """One row of the cells in sight, with axes behind its value."""
    tiles = []
    if found.x:
        tiles.append(Tile(f"{_said(found.ys[y])[: LABEL - 1]:>{LABEL - 1}} ", "muted", ""))
    for x in range(view.left, min(view.left + view.columns, found.columns)):
        tiles.append(_tile(found, x, y, view.wide, look, (x, y) == cursor))
    return joined(tiles)


def axis_of(found: LaneMap, view: Window) -> tuple[Tile, ...]:
    """The values along the other axis."""
    words = f"{found.y[: LABEL - 3]:>{LABEL - 1}} "
    shown = range(view.left, min(view.left + view.columns, found.columns))
    every = 1 if view.wide >= 4 else -(-8 // view.wide)
    values = [
        f"{_said(found.xs[x])[: every * view.wide - 1]:<{every * view.wide}}"
        for x in shown
        if (x - view.left) % every == 0
    ]
    return (Tile(words + "".join(values)[: view.columns * view.wide] + f" {found.x}", "muted", ""),)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _tile(found: LaneMap, x: int, y: int, wide: int, look: Look, is_cursor: bool) -> Tile:
    cell = found.cells[y][x]
    if cell.lane < 0:
        return Tile(" " * wide, "", "")
    sign, ink, ground = _look_of_cell(found, cell, x, y, look)
    if found.x and wide >= 5 and found.colour == "outcome" and cell.share is not None:
        sign = f"{cell.share:.0%}"
    if is_cursor:
        return Tile(f"{sign if sign.strip() else '+':^{wide}}", "strong", "plate")
    filler = sign if look != "colour" and sign in " ░▒▓█.:*#" else f"{sign:^{wide}}"
    return Tile((filler * wide)[:wide] if len(filler) == 1 else filler[:wide], ink, ground)


def _look_of_cell(found: LaneMap, cell: Cell, x: int, y: int, look: Look) -> tuple[str, str, str]:
    """Sign, ink and ground."""
    if found.colour != "outcome":
        return _measured(found, x, y, look)
    if cell.share is None:
        return ("." if look == "ascii" else "·"), "line", ""
    if cell.count > 1 and cell.share < 1:
        ink = "bad" if cell.share < 0.5 else "warn"
        return shade_of(1 - cell.share, look) if look != "colour" else " ", ink, _shared(cell)
    if cell.share == 1:
        level = earliness(found, cell)
        return (" " if look == "colour" else "." if look == "ascii" else "·"), "good", f"solved-{level}"
    if cell.loss is None:
        return "!", "bad", "stuck-4"
    rows = cell.undecided
    return (str(rows) if rows else "?"), ("dark" if look == "colour" else STUCK_INKS[rows]), f"stuck-{rows}"


def _shared(cell: Cell) -> str:
    share = cell.share or 0.0
    return f"stuck-{4 if share < 0.34 else 3 if share < 0.67 else 2}"


def _measured(found: LaneMap, x: int, y: int, look: Look) -> tuple[str, str, str]:
    value = found.values[y][x]
    if value is None:
        return ("." if look == "ascii" else "·"), "line", ""
    share = (value - found.low) / (found.high - found.low) if found.high > found.low else 0.5
    if look == "colour":
        return " ", "", f"heat-{level_of(share)}"
    return shade_of(share, look), "accent" if share > 0.5 else "done", ""


def earliness(found: LaneMap, cell: Cell) -> int:
    """0 .. SOLVED - 1: how soon it was solved, or by how much where all train equally long."""
    low, high = found.stops
    if high > low and cell.stop is not None:
        share = (high - cell.stop) / (high - low)
    else:
        loss = max(cell.loss or 1e-5, 1e-5)
        share = math.log(NO_STOPS / loss) / math.log(NO_STOPS / 1e-4)
    return int(max(0.0, min(share * SOLVED, SOLVED - 1.0)))
