"""The input plane of a network of two inputs, as coloured cells: its output, lines and points on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.protocol import Json
from tui.drawings.heat import ONE, ZERO, Look, level_of, shade_of

LOW, HIGH = -0.5, 1.5
SMALL_DOTS, ASCII_DOTS = "◦•·", "o*."
"""of points whose target is 0, 1 or unknown"""
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


class PlaneCell(NamedTuple):
    """Cells of one look side by side."""

    text: str
    style_name: str
    ground: str


@dataclass(frozen=True, slots=True)
class PlanePoint:
    x: float
    y: float
    sign: str
    is_right: bool = True
    is_small: bool = False


@dataclass(frozen=True, slots=True)
class UnitLine:
    """The line on which a unit is at its threshold, by its two ends."""

    ends: tuple[tuple[float, float], tuple[float, float]]
    name: str
    hue: int


@dataclass(frozen=True, slots=True)
class PlaneScene:
    """`values`: rows of outputs, the top one first, over [-0.5, 1.5] both ways."""

    values: Sequence[Sequence[float]]
    points: tuple[PlanePoint, ...] = ()
    folds: tuple[UnitLine, ...] = ()


def picture(scene: PlaneScene, width: int, height: int, look: Look) -> list[tuple[PlaneCell, ...]]:
    """`height` rows of `width` cells."""
    cells = [[_ground(scene, x, y, width, height, look) for x in range(width)] for y in range(height)]
    for fold in scene.folds:
        _draw_fold(cells, fold, width, height, look)
    for number, fold in enumerate(scene.folds):
        _name_fold(cells, fold, number, width, height)
    for point in sorted(scene.points, key=lambda point: not point.is_small):
        _draw_point(cells, point, width, height)
    return [joined(row) for row in cells]


MARGIN = 2
"""columns left of a plane with axes"""


def with_axes(rows: list[tuple[PlaneCell, ...]], width: int, look: Look) -> list[tuple[PlaneCell, ...]]:
    """`rows` of `width` cells with x2 on their left and a line for x1 below."""
    height = len(rows)
    names = {_cell(0, value, width, height)[1]: f"{value} " for value in (0, 1)}
    names.setdefault(0, "x2")
    framed = [(PlaneCell(names.get(y, " " * MARGIN), "muted", ""), *row) for y, row in enumerate(rows)]
    line = [" "] * width
    for value in (0, 1):
        line[_cell(value, 0, width, height)[0]] = str(value)
    name = "x1 >" if look == "ascii" else "x1 →"
    start = width - len(name)
    if all(sign == " " for sign in line[start - 1 :]):
        line[start:] = name
    return [*framed, (PlaneCell(" " * MARGIN + "".join(line)[:width], "muted", ""),)]


def joined(row: Sequence[PlaneCell]) -> tuple[PlaneCell, ...]:
    tiles: list[PlaneCell] = []
    for tile in row:
        if tiles and tiles[-1][1:] == tile[1:]:
            tiles[-1] = PlaneCell(tiles[-1].text + tile.text, tile.style_name, tile.ground)
        else:
            tiles.append(tile)
    return tuple(tiles)


def value_at(values: Sequence[Sequence[float]], x: int, y: int, width: int, height: int) -> float:
    """Of a cell, however fine the values are: the nearest one."""
    row = values[min(len(values) - 1, (2 * y + 1) * len(values) // (2 * height))]
    return row[min(len(row) - 1, (2 * x + 1) * len(row) // (2 * width))]


def _ground(scene: PlaneScene, x: int, y: int, width: int, height: int, look: Look) -> PlaneCell:
    if look != "colour":
        share = value_at(scene.values, x, y, width, height)
        style_name = "muted" if abs(share - 0.5) < 0.02 else ONE if share > 0.5 else ZERO
        return PlaneCell(shade_of(share, look), style_name, "")
    upper = level_of(value_at(scene.values, x, 2 * y, width, 2 * height))
    lower = level_of(value_at(scene.values, x, 2 * y + 1, width, 2 * height))
    if upper == lower:
        return PlaneCell(" ", "", f"heat-{upper}")
    return PlaneCell("▀", f"heat-{upper}", f"heat-{lower}")


def _draw_fold(cells: list[list[PlaneCell]], fold: UnitLine, width: int, height: int, look: Look) -> None:
    if look == "ascii":
        for column, row in _way(fold, width, height):
            cells[row][column] = PlaneCell(_stroke(fold, width, height), f"hue-{fold.hue}", "")
        return
    bits: dict[tuple[int, int], int] = {}
    for column, row in _way(fold, 2 * width, 4 * height):
        at = (row // 4, column // 2)
        bits[at] = bits.get(at, 0) | DOTS[row % 4][column % 2]
    for (row, column), sum_of_bits in bits.items():
        ground = cells[row][column].ground if look == "colour" else ""
        cells[row][column] = PlaneCell(chr(0x2800 + sum_of_bits), f"hue-{fold.hue}", ground)


def _way(fold: UnitLine, columns: int, rows: int) -> list[tuple[int, int]]:
    """Every dot that the line passes, in order."""
    (x0, y0), (x1, y1) = (_place(x, y, columns, rows) for x, y in fold.ends)
    steps = max(1, math.ceil(2 * max(abs(x1 - x0), abs(y1 - y0))))
    dots = []
    for step in range(steps + 1):
        share = step / steps
        dots.append(_within(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, columns, rows))
    return dots


def _stroke(fold: UnitLine, width: int, height: int) -> str:
    (x0, y0), (x1, y1) = (_place(x, y, width, height) for x, y in fold.ends)
    across, down = x1 - x0, y1 - y0
    if abs(across) < abs(down) / 2:
        return "|"
    if abs(down) < abs(across) / 2:
        return "-"
    return "\\" if across * down > 0 else "/"


def _name_fold(cells: list[list[PlaneCell]], fold: UnitLine, number: int, width: int, height: int) -> None:
    """Beside one end of the line; the next line has it at its other end."""
    (x0, y0), (x1, y1) = fold.ends if number % 2 == 0 else fold.ends[::-1]
    share = 0.12
    column, row = _cell(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, width, height)
    start = max(0, min(column + 1, width - len(fold.name)))
    for offset, character in enumerate(fold.name[:width]):
        cells[row][start + offset] = PlaneCell(character, f"hue-{fold.hue}", "plate")


def _draw_point(cells: list[list[PlaneCell]], point: PlanePoint, width: int, height: int) -> None:
    column, row = _cell(point.x, point.y, width, height)
    if point.is_small:
        old = cells[row][column]
        ground = old.ground if old.ground.startswith("heat-") else ""
        cells[row][column] = PlaneCell(point.sign, "strong" if point.is_right else "bad", ground)
        return
    style_name = "strong" if point.is_right else "bad"
    for offset, character in ((-1, " "), (0, point.sign), (1, " " if point.is_right else "!")):
        if 0 <= column + offset < width:
            cells[row][column + offset] = PlaneCell(character, style_name, "plate")


def _place(x: float, y: float, columns: int, rows: int) -> tuple[float, float]:
    """In dots from the upper left corner."""
    return (x - LOW) / (HIGH - LOW) * columns, (HIGH - y) / (HIGH - LOW) * rows


def _cell(x: float, y: float, columns: int, rows: int) -> tuple[int, int]:
    return _within(*_place(x, y, columns, rows), columns, rows)


def _within(x: float, y: float, columns: int, rows: int) -> tuple[int, int]:
    return max(0, min(int(x), columns - 1)), max(0, min(int(y), rows - 1))


def scene_of(look: Json, ascii_only: bool = False) -> PlaneScene:
    """From an answer of `xor.look`."""
    return PlaneScene(
        look["plane"],
        tuple(_point(point, ASCII_DOTS if ascii_only else SMALL_DOTS) for point in look["points"]),
        tuple(_folds(look)),
    )


def _point(point: Json, dots: str) -> PlanePoint:
    target, (x, y) = point["target"], point["inputs"]
    output = point["output"]
    is_right = target is None or ((output > 0.5) == (target > 0.5) and output != 0.5)
    if point["is_row"]:
        return PlanePoint(x, y, "1" if target else "0", is_right)
    return PlanePoint(x, y, dots[2] if target is None else dots[int(target > 0.5)], is_right, True)


def _folds(look: Json) -> list[UnitLine]:
    units, own = look["units"], look["output"]["ends"]
    folds = [
        UnitLine((tuple(unit["ends"][0]), tuple(unit["ends"][1])), f"h{number}", number - 1)
        for number, unit in enumerate(units, 1)
        if unit["ends"]
    ]
    return [*folds, UnitLine((tuple(own[0]), tuple(own[1])), "y", 6)] if own else folds
