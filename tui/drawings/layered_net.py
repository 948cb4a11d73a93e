"""A network layer by layer: units with their values, wires with their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui.drawings.aid_drawing import finite
from tui.drawings.dotted_lines import DotArea
from tui.drawings.half_block_canvas import ImageCanvas
from tui.drawings.heat import ONE, ZERO
from tui.ui.numbers import short

MOST_WIRES = 40
"""wires with their weights beside them; more are drawn without numbers"""


def paint(canvas: ImageCanvas, data: Mapping[str, Any]) -> None:
    layers: list[list[Mapping[str, Any]]] = [list(layer) for layer in data.get("layers", ())]
    if not layers:
        return
    most = max(map(len, layers))
    if most > canvas.height:
        _paint_lists(canvas, layers)
        return
    places = _places(canvas, layers)
    edges = [(str(a), str(b), float(weight)) for a, b, weight in data.get("edges", ())]
    area = DotArea(canvas, 0, 0, canvas.width, canvas.height)
    largest = max((abs(weight) for *_, weight in edges), default=1.0) or 1.0
    for start, end, weight in edges:
        if start in places and end in places:
            _draw_wire(area, places[start], places[end], weight, largest)
    area.draw()
    if len(edges) <= MOST_WIRES:
        _write_weights(canvas, edges, places)
    for layer in layers:
        for unit in layer:
            x, y, _ = places[str(unit["name"])]
            _write_unit(canvas, unit, x, y, places)


Place = tuple[int, int, int]
"""column and row of the name, and the column behind it"""


def _places(canvas: ImageCanvas, layers: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, Place]:
    last = max((len(_text(unit)) for unit in layers[-1]), default=1)
    notes = max((len(note) for unit in layers[-1] for note in _notes(unit)), default=0)
    width = max(10, canvas.width - max(last, min(notes, canvas.width // 2)))
    places = {}
    for number, layer in enumerate(layers):
        x = round(number * width / max(1, len(layers) - 1)) if len(layers) > 1 else 0
        for place, unit in enumerate(layer):
            y = int((place + 0.5) * canvas.height / len(layer))
            text = _text(unit)
            places[str(unit["name"])] = (x, y, x + len(text))
    return places


def _text(unit: Mapping[str, Any]) -> str:
    value = finite(unit.get("value"))
    return str(unit["name"]) if value is None else f"{unit['name']} {short(value)}"


def _notes(unit: Mapping[str, Any]) -> list[str]:
    """What stands below a unit."""
    notes = [str(unit["note"])] if unit.get("note") else []
    gradient = finite(unit.get("gradient"))
    return notes if gradient is None else [*notes, f"grad {short(gradient)}"]


def _write_unit(
    canvas: ImageCanvas, unit: Mapping[str, Any], x: int, y: int, places: Mapping[str, Place]
) -> None:
    behind = canvas.write(x, y, str(unit["name"]), "strong")
    value = finite(unit.get("value"))
    if value is not None:
        canvas.write(behind, y, f" {short(value)}", ONE if value > 0 else ZERO)
    taken = {(column, row) for column, row, _ in places.values()}
    for row, note in enumerate(_notes(unit), y + 1):
        if row < canvas.height and (x, row) not in taken:
            canvas.write(x, row, note[: max(4, canvas.width - x)], "muted")


def _draw_wire(area: DotArea, start: Place, end: Place, weight: float, largest: float) -> None:
    (_, y0, x0), (x1, y1, _) = start, end
    style_name = "line" if not weight else ONE if weight > 0 else ZERO
    dots = [(2 * (x0 + 1) + 0.5, 4 * y0 + 1.5), (2 * (x1 - 1) - 0.5, 4 * y1 + 1.5)]
    area.line(dots, 0 if weight >= 0 else 1, style_name, dash=4 if weight < 0 else 0)
    if abs(weight) > 0.6 * largest:
        area.line(
            [(x, y + 1) for x, y in dots], 0 if weight >= 0 else 1, style_name, dash=4 if weight < 0 else 0
        )


def _write_weights(
    canvas: ImageCanvas, edges: Sequence[tuple[str, str, float]], places: Mapping[str, Place]
) -> None:
    """Beside each wire, at different shares of it, so that they do not cover each other."""
    taken: set[tuple[int, int]] = set()
    for number, (start, end, weight) in enumerate(edges):
        if start not in places or end not in places:
            continue
        (_, y0, x0), (x1, y1, _) = places[start], places[end]
        text = short(weight)
        for share in (0.3, 0.45, 0.6, 0.2, 0.75) if number % 2 == 0 else (0.6, 0.45, 0.3, 0.75, 0.2):
            x, y = round(x0 + (x1 - x0) * share) - len(text) // 2, round(y0 + (y1 - y0) * share)
            cells = {(at, y) for at in range(x - 1, x + len(text) + 1)}
            if x > x0 and x + len(text) < x1 and not cells & taken:
                canvas.write(x, y, text, ONE if weight > 0 else ZERO if weight < 0 else "muted")
                taken |= cells
                break


def _paint_lists(canvas: ImageCanvas, layers: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    """Only names and values, where the wires have no room."""
    width = canvas.width // len(layers)
    for number, layer in enumerate(layers):
        for y, unit in enumerate(layer[: canvas.height]):
            canvas.write(number * width, y, _text(unit)[: width - 1], "text")
        if len(layer) > canvas.height:
            canvas.write(
                number * width, canvas.height - 1, f"and {len(layer) - canvas.height + 1} more", "muted"
            )
