"""The input plane of a network of two inputs as rows of cells: its output, the units' lines, data points."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.session_protocol.xor import LineEnds, LookPoint, XorLook
from tui.drawings import braille_cells
from tui.drawings.heat import ONE, ZERO, ColourMode, level_of, shade_of

LOW, HIGH = -0.5, 1.5
SMALL_DOTS, ASCII_DOTS = "◦•·", "o*."
"""signs of points whose target is 0, 1 or unknown"""


class PlaneCell(NamedTuple):
    """Adjacent cells of one style."""

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
    """The line on which a unit is at its threshold, by its two ends in input coordinates."""

    ends: tuple[tuple[float, float], tuple[float, float]]
    name: str
    hue: int


@dataclass(frozen=True, slots=True)
class PlaneScene:
    """`values`: rows of outputs, the top one first, over [-0.5, 1.5] in both inputs."""

    values: Sequence[Sequence[float]]
    points: tuple[PlanePoint, ...] = ()
    lines: tuple[UnitLine, ...] = ()


def picture(scene: PlaneScene, width: int, height: int, mode: ColourMode) -> list[tuple[PlaneCell, ...]]:
    """`height` rows of `width` cells."""
    cells = [[_ground(scene, x, y, width, height, mode) for x in range(width)] for y in range(height)]
    for line in scene.lines:
        _draw_line(cells, line, width, height, mode)
    for number, line in enumerate(scene.lines):
        _name_line(cells, line, number, width, height)
    for point in sorted(scene.points, key=lambda point: not point.is_small):
        _draw_point(cells, point, width, height)
    return [joined(row) for row in cells]


MARGIN = 2
"""columns left of a plane with axes"""


def with_axes(rows: list[tuple[PlaneCell, ...]], width: int, mode: ColourMode) -> list[tuple[PlaneCell, ...]]:
    """`rows` of `width` cells, with the x2 axis to their left and the x1 axis below."""
    height = len(rows)
    names = {_cell(0, value, width, height)[1]: f"{value} " for value in (0, 1)}
    names.setdefault(0, "x2")
    framed = [(PlaneCell(names.get(y, " " * MARGIN), "muted", ""), *row) for y, row in enumerate(rows)]
    line = [" "] * width
    for value in (0, 1):
        line[_cell(value, 0, width, height)[0]] = str(value)
    name = "x1 >" if mode == "ascii" else "x1 →"
    start = width - len(name)
    if all(sign == " " for sign in line[start - 1 :]):
        line[start:] = name
    return [*framed, (PlaneCell(" " * MARGIN + "".join(line)[:width], "muted", ""),)]


def joined(row: Sequence[PlaneCell]) -> tuple[PlaneCell, ...]:
    cells: list[PlaneCell] = []
    for cell in row:
        if cells and cells[-1][1:] == cell[1:]:
            cells[-1] = PlaneCell(cells[-1].text + cell.text, cell.style_name, cell.ground)
        else:
            cells.append(cell)
    return tuple(cells)


def value_at(values: Sequence[Sequence[float]], x: int, y: int, width: int, height: int) -> float:
    """The value nearest to the middle of a cell, whatever the resolution of `values`."""
    row = values[min(len(values) - 1, (2 * y + 1) * len(values) // (2 * height))]
    return row[min(len(row) - 1, (2 * x + 1) * len(row) // (2 * width))]


def _ground(scene: PlaneScene, x: int, y: int, width: int, height: int, mode: ColourMode) -> PlaneCell:
    if mode != "colour":
        share = value_at(scene.values, x, y, width, height)
        style_name = "muted" if abs(share - 0.5) < 0.02 else ONE if share > 0.5 else ZERO
        return PlaneCell(shade_of(share, mode), style_name, "")
    upper = level_of(value_at(scene.values, x, 2 * y, width, 2 * height))
    lower = level_of(value_at(scene.values, x, 2 * y + 1, width, 2 * height))
    if upper == lower:
        return PlaneCell(" ", "", f"heat-{upper}")
    return PlaneCell("▀", f"heat-{upper}", f"heat-{lower}")


def _draw_line(
    cells: list[list[PlaneCell]], line: UnitLine, width: int, height: int, mode: ColourMode
) -> None:
    if mode == "ascii":
        for column, row in _dots_of_line(line, width, height):
            cells[row][column] = PlaneCell(_stroke(line, width, height), f"hue-{line.hue}", "")
        return
    for (column, row), bits in braille_cells.cells_of(_dots_of_line(line, 2 * width, 4 * height)).items():
        ground = cells[row][column].ground if mode == "colour" else ""
        cells[row][column] = PlaneCell(braille_cells.character(bits), f"hue-{line.hue}", ground)


def _dots_of_line(line: UnitLine, columns: int, rows: int) -> list[tuple[int, int]]:
    """Every dot on the line, in order."""
    (x0, y0), (x1, y1) = (_place(x, y, columns, rows) for x, y in line.ends)
    steps = max(1, math.ceil(2 * max(abs(x1 - x0), abs(y1 - y0))))
    dots = []
    for step in range(steps + 1):
        share = step / steps
        dots.append(_within(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, columns, rows))
    return dots


def _stroke(line: UnitLine, width: int, height: int) -> str:
    (x0, y0), (x1, y1) = (_place(x, y, width, height) for x, y in line.ends)
    across, down = x1 - x0, y1 - y0
    if abs(across) < abs(down) / 2:
        return "|"
    if abs(down) < abs(across) / 2:
        return "-"
    return "\\" if across * down > 0 else "/"


def _name_line(cells: list[list[PlaneCell]], line: UnitLine, number: int, width: int, height: int) -> None:
    """Write the name beside one end of the line; every other line has it at the other end."""
    (x0, y0), (x1, y1) = line.ends if number % 2 == 0 else line.ends[::-1]
    share = 0.12
    column, row = _cell(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, width, height)
    start = max(0, min(column + 1, width - len(line.name)))
    for offset, character in enumerate(line.name[:width]):
        cells[row][start + offset] = PlaneCell(character, f"hue-{line.hue}", "plate")


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
    """A point in dots from the upper left corner."""
    return (x - LOW) / (HIGH - LOW) * columns, (HIGH - y) / (HIGH - LOW) * rows


def _cell(x: float, y: float, columns: int, rows: int) -> tuple[int, int]:
    return _within(*_place(x, y, columns, rows), columns, rows)


def _within(x: float, y: float, columns: int, rows: int) -> tuple[int, int]:
    return max(0, min(int(x), columns - 1)), max(0, min(int(y), rows - 1))


def scene_of(answer: XorLook, ascii_only: bool = False) -> PlaneScene:
    """The scene of a response of `xor.look`."""
    return PlaneScene(
        answer.plane,
        tuple(_point(point, ASCII_DOTS if ascii_only else SMALL_DOTS) for point in answer.points),
        tuple(_unit_lines(answer)),
    )


def _point(point: LookPoint, dots: str) -> PlanePoint:
    target, (x, y) = point.target, point.inputs
    output = point.output
    is_right = target is None or ((output > 0.5) == (target > 0.5) and output != 0.5)
    if point.is_row:
        return PlanePoint(x, y, "1" if target else "0", is_right)
    return PlanePoint(x, y, dots[2] if target is None else dots[int(target > 0.5)], is_right, True)


def _unit_lines(answer: XorLook) -> list[UnitLine]:
    units, own = answer.units, answer.output.ends
    lines = [
        UnitLine(_ends(unit.ends), f"h{number}", number - 1)
        for number, unit in enumerate(units, 1)
        if unit.ends
    ]
    return [*lines, UnitLine(_ends(own), "y", 6)] if own else lines


def _ends(ends: LineEnds) -> tuple[tuple[float, float], tuple[float, float]]:
    (x0, y0), (x1, y1) = ends
    return (x0, y0), (x1, y1)
