"""A small network as a drawing: inputs, hidden units, output; every weight is a wire of dots and a number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tui.drawings import braille_cells
from tui.drawings.editable_net import HandNet, WeightIndex, columns_of
from tui.drawings.heat import ONE, ZERO
from tui.terminal.glyphs import glyphs
from tui.ui.span import Row, Span

DASH = 4
"""dots drawn, then dots left out, along a broken wire"""

CellPosition = tuple[int, int]


class Wires:
    """Text is drawn over wires, in whichever order they are added."""

    def __init__(self, width: int, height: int, *, ascii_only: bool = False) -> None:
        self.width, self.height = width, height
        self._ascii_only = ascii_only
        self._text: dict[CellPosition, tuple[str, str]] = {}
        self._dots: dict[CellPosition, tuple[int, str]] = {}
        self._characters: dict[CellPosition, tuple[str, str]] = {}

    def put(self, column: int, row: int, text: str, style_name: str) -> None:
        for offset, character in enumerate(text):
            if 0 <= column + offset < self.width and 0 <= row < self.height:
                self._text[column + offset, row] = (character, style_name)

    def wire(
        self, corners: Sequence[CellPosition], style_name: str, thickness: int = 1, *, broken: bool = False
    ) -> None:
        """Lines between the middles of the cells `corners`, 1 to 3 dots thick."""
        travelled = 0
        for start, end in pairwise(corners):
            if self._ascii_only:
                self._draw_characters(start, end, style_name, thickness)
            else:
                travelled = self._draw_dots(start, end, style_name, thickness, travelled if broken else -1)

    def _draw_dots(
        self, start: CellPosition, end: CellPosition, style_name: str, thickness: int, travelled: int
    ) -> int:
        (x0, y0), (x1, y1) = ((2 * column + 0.5, 4 * row + 1.5) for column, row in (start, end))
        steps = max(1, math.ceil(max(abs(x1 - x0), abs(y1 - y0))))
        dots = [
            (int(x0 + (x1 - x0) * step / steps), int(y0 + (y1 - y0) * step / steps) + offset - thickness // 2)
            for step in range(steps + 1)
            if travelled < 0 or (travelled + step) // DASH % 2 == 0
            for offset in range(thickness)
        ]
        for at, bits in braille_cells.cells_of(dots).items():
            if 0 <= at[0] < self.width and 0 <= at[1] < self.height:
                self._dots[at] = (self._dots.get(at, (0, ""))[0] | bits, style_name)
        return travelled + steps if travelled >= 0 else -1

    def _draw_characters(
        self, start: CellPosition, end: CellPosition, style_name: str, thickness: int
    ) -> None:
        (x0, y0), (x1, y1) = start, end
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        flat = "=" if thickness > 1 else "-"
        sign = flat if abs(y1 - y0) * 3 < abs(x1 - x0) else "\\" if (x1 - x0) * (y1 - y0) > 0 else "/"
        for step in range(steps + 1):
            at = round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps)
            self._characters[at] = (sign, style_name)

    def rows(self) -> list[Row]:
        return [self._row(y) for y in range(self.height)]

    def _row(self, y: int) -> Row:
        spans: list[Span] = []
        for x in range(self.width):
            character, style_name = self._cell(x, y)
            if spans and spans[-1].style_name == style_name:
                spans[-1] = Span(spans[-1].text + character, style_name)
            else:
                spans.append(Span(character, style_name))
        return tuple(spans)

    def _cell(self, x: int, y: int) -> tuple[str, str]:
        if (x, y) in self._text:
            return self._text[x, y]
        if (x, y) in self._dots:
            bits, style_name = self._dots[x, y]
            return braille_cells.character(bits), style_name
        return self._characters.get((x, y), (" ", ""))


NUMBER = 6
FIRST_INPUT = 5
"""column from which the wires of the inputs start"""


@dataclass(frozen=True, slots=True)
class NetScene:
    net: HandNet
    gates: Sequence[str] = ()
    """the logic gate that each hidden unit acts as"""
    gate: str = ""
    """the gate of the whole network"""
    picked: WeightIndex | None = None
    ascii_only: bool = False
    is_spacious: bool = False
    """use spare height"""


def signed(value: float) -> str:
    """A weight in at most six characters, always with its sign."""
    if abs(value) >= 100:
        return f"{value:+.0f}"
    if abs(value) < 1 and round(value, 2) != round(value, 3):
        return f"{value:+.3f}"
    return f"{value:+.2f}"


def least_height(units: int, bypass: bool) -> int:
    """The least height of the drawing with wires."""
    return max(3, 3 * units) + (2 if bypass and units else 0)


def best_height(units: int, bypass: bool) -> int:
    """The height at which wires and numbers have room between them."""
    return (
        least_height(units, bypass)
        + (4 if bypass and units else 2 if units < 2 else 0)
        + 2 * max(0, units - 1)
    )


def picture(scene: NetScene, width: int, height: int) -> list[Row]:
    """At most `height` rows: the drawing with wires, or a table with a row per unit where it does not fit."""
    net = scene.net
    if height < least_height(net.units, net.bypass) or width < 38:
        return table(scene, height)
    return Drawing(scene, width, height).rows()


def table(scene: NetScene, height: int) -> list[Row]:
    net = scene.net
    rows: list[Row] = [(Span("        x1     x2    bias     -> y", "muted"),)]
    inputs = 2 if net.bypass else 0
    for unit in range(net.units):
        places = [WeightIndex("hidden", unit, entry) for entry in range(3)]
        places.append(WeightIndex("output", 0, inputs + unit))
        name = Span(f" h{unit + 1:<3}", f"hue-{unit}")
        gate = Span(f"  {scene.gates[unit]}" if unit < len(scene.gates) else "", "muted")
        rows.append((name, *(_number(scene, place) for place in places), gate))
    last = WeightIndex("output", 0, inputs + net.units)
    own = [_number(scene, WeightIndex("output", 0, entry)) for entry in range(inputs)] or [Span(" " * 14)]
    rows.append((Span(" y   ", "strong"), *own, _number(scene, last), Span(f"  {scene.gate}", "strong")))
    if len(rows) > height > 1:
        rows = [*rows[: height - 2], (Span(f" and {len(rows) - height + 1} more", "muted"),), rows[-1]]
    return rows


def _number(scene: NetScene, place: WeightIndex) -> Span:
    value = scene.net.at(place)
    return Span(f"{signed(value):>7}", "picked" if place == scene.picked else style_of_weight(value))


def style_of_weight(value: float) -> str:
    return "muted" if value == 0 else ONE if value > 0 else ZERO


class Drawing:
    """The drawing with wires."""

    def __init__(self, scene: NetScene, width: int, height: int) -> None:
        self._scene, self._net = scene, scene.net
        high = best_height(self._net.units, self._net.bypass)
        self._height = min(height, max(high, width // 3) if scene.is_spacious else high)
        self._wires = Wires(width, self._height, ascii_only=scene.ascii_only)
        self._output = width - (14 if width < 60 else 22)
        """column of the output's numbers"""
        self._hidden = max(FIRST_INPUT + 6, round(self._output * 0.38))
        numbers = [net for column in columns_of(self._net.units, self._net.bypass) for net in column]
        self._largest = max([abs(self._net.at(place)) for place in numbers] + [1e-9])

    def rows(self) -> list[Row]:
        self._draw_bypass()
        for unit in range(self._net.units):
            self._draw_unit(unit)
        self._draw_output()
        self._draw_inputs()
        return self._wires.rows()

    # --- where things stand ----------------------------------------------------------------------------

    def _unit_row(self, unit: int) -> int:
        """The row of the first weight of a hidden unit."""
        units = self._net.units
        spare = self._height - 3 * units - (2 if self._net.bypass else 0)
        gap = min(6, spare // max(1, units - 1)) if units > 1 else 0
        return (self._height - 3 * units - gap * (units - 1)) // 2 + unit * (3 + gap)

    def _output_row(self, position: int) -> int:
        count = len(columns_of(self._net.units, self._net.bypass)[-1])
        apart = max(1, min(4, (self._height - 1) // count))
        return (self._height - apart * (count - 1)) // 2 + apart * position

    def _position(self, entry: int) -> int:
        """The position of an output weight among the numbers of the output, top down."""
        column = columns_of(self._net.units, self._net.bypass)[-1]
        return [place.entry for place in column].index(entry)

    def _input_row(self, which: int) -> int:
        middle, apart = (self._height - 1) / 2, max(1.0, self._height / 4)
        return round(middle + (apart if which else -apart))

    # --- the parts -------------------------------------------------------------------------------------

    def _draw_inputs(self) -> None:
        node = "o" if self._scene.ascii_only else "●"
        for which in range(2):
            self._wires.put(0, self._input_row(which), f"x{which + 1} {node}", "strong")

    def _draw_unit(self, unit: int) -> None:
        top = self._unit_row(unit)
        for entry in range(3):
            place = WeightIndex("hidden", unit, entry)
            if entry < 2:
                start = (FIRST_INPUT, self._input_row(entry))
                self._wire([start, (self._hidden - 1, top + entry)], self._net.at(place))
            self._put_number(self._hidden, top + entry, place)
        self._put_bracket(self._hidden + NUMBER, top, 3)
        name = f"h{unit + 1}"
        right = self._hidden + NUMBER + 2
        self._wires.put(right, top + 1, name, f"hue-{unit}")
        gate = self._scene.gates[unit] if unit < len(self._scene.gates) else ""
        self._wires.put(right, top + 2, _short(gate, self._output - right - 1), "muted")
        entry = unit + (2 if self._net.bypass else 0)
        end = (self._output - 1, self._output_row(self._position(entry)))
        self._wire([(right + 3, top + 1), end], self._net.at(WeightIndex("output", 0, entry)))

    def _draw_bypass(self) -> None:
        if not self._net.bypass:
            return
        for entry, row in ((0, 0), (1, self._height - 1)):
            end = (self._output - 1, self._output_row(self._position(entry)))
            start = (FIRST_INPUT, self._input_row(entry))
            round_it = [(self._hidden, row), (self._hidden + NUMBER + 5, row)] if self._net.units else []
            self._wire([start, *round_it, end], self._net.at(WeightIndex("output", 0, entry)))

    def _draw_output(self) -> None:
        column = columns_of(self._net.units, self._net.bypass)[-1]
        for position, place in enumerate(column):
            self._put_number(self._output, self._output_row(position), place)
        top, bottom = self._output_row(0), self._output_row(len(column) - 1)
        self._put_bracket(self._output + NUMBER, top, bottom - top + 1)
        right, middle = self._output + NUMBER + 2, (top + bottom) // 2
        self._wires.put(right, middle, "y", "strong")
        self._wires.put(right, middle + 1, _short(self._scene.gate, self._wires.width - right), "strong")

    def _put_number(self, column: int, row: int, place: WeightIndex) -> None:
        value = self._net.at(place)
        style_name = "picked" if place == self._scene.picked else style_of_weight(value)
        self._wires.put(column, row, f"{signed(value):>{NUMBER}}", style_name)

    def _put_bracket(self, column: int, top: int, rows: int) -> None:
        for row in range(rows):
            place = "first" if row == 0 else "last" if row == rows - 1 else "between"
            table = {"first": "\\", "last": "/", "between": "|"}
            if not self._scene.ascii_only:
                table = {"first": "╮", "last": "╯", "between": "│"}
            self._wires.put(column, top + row, table[place], "muted")

    def _wire(self, corners: Sequence[tuple[int, int]], value: float) -> None:
        if value == 0:
            self._wires.wire(corners, "line", broken=True)
            return
        share = abs(value) / self._largest
        thickness = 1 if share < 0.34 else 2 if share < 0.75 else 3
        self._wires.wire(corners, style_of_weight(value), thickness, broken=value < 0)


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(0, room - 1)] + glyphs().cut * (room > 0)
