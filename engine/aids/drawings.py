"""The data of the ten drawings, as plain JSON: each function has one drawing, `drawing` names it.

Lists are as long as their labels; None stands where there is no value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

DRAWINGS = {
    "net": ("layers", "edges"),
    "plane": ("points", "lines"),
    "curves": ("x", "y", "lines"),
    "field": ("x", "y", "heights", "paths"),
    "heat": ("rows", "columns", "cells"),
    "bars": ("bars",),
    "pictures": ("pictures",),
    "tree": ("nodes",),
    "table": ("columns", "rows"),
    "steps": ("steps",),
}
"""the keys that the data of each drawing has"""


def floats(values: Iterable[Any]) -> list[float]:
    """Plain floats of an array."""
    return [float(value) for value in values]


def net(
    layers: Sequence[Sequence[dict[str, Any]]], edges: Sequence[tuple[str, str, float]]
) -> dict[str, Any]:
    """Units by layer, each with `name` and any of `value`, `gradient`, `note`; edges from, to, weight."""
    return {
        "drawing": "net",
        "layers": [list(layer) for layer in layers],
        "edges": [list(edge) for edge in edges],
    }


def plane(
    points: Sequence[tuple[float, float, int]],
    lines: Sequence[tuple[str, float, float, float]] = (),
    arrows: Sequence[tuple[str, float, float]] = (),
    shade: Sequence[Sequence[float]] = (),
) -> dict[str, Any]:
    """Points x, y, class; lines a x + b y + c = 0 as name, a, b, c, newest last; arrows from the origin."""
    return {
        "drawing": "plane",
        "points": [list(point) for point in points],
        "lines": [list(line) for line in lines],
        "arrows": [list(arrow) for arrow in arrows],
        "shade": [floats(row) for row in shade],
    }


def curves(
    x: str,
    y: str,
    lines: Sequence[tuple[str, Iterable[Any], Iterable[Any]]],
    marks: Sequence[tuple[str, float, float]] = (),
    log_x: bool = False,
    log_y: bool = False,
) -> dict[str, Any]:
    """Lines as name, xs, ys over axes named `x` and `y`; marks as name, x, y."""
    return {
        "drawing": "curves",
        "x": x,
        "y": y,
        "lines": [{"name": name, "x": floats(xs), "y": floats(ys)} for name, xs, ys in lines],
        "marks": [list(mark) for mark in marks],
        "log_x": log_x,
        "log_y": log_y,
    }


def field(
    x: Iterable[Any],
    y: Iterable[Any],
    heights: Sequence[Iterable[Any]],
    paths: Sequence[tuple[str, Iterable[Any], Iterable[Any]]],
) -> dict[str, Any]:
    """Heights over a grid, a row for each y, with paths as name, xs, ys."""
    return {
        "drawing": "field",
        "x": floats(x),
        "y": floats(y),
        "heights": [floats(row) for row in heights],
        "paths": [{"name": name, "x": floats(xs), "y": floats(ys)} for name, xs, ys in paths],
    }


def heat(rows: Sequence[str], columns: Sequence[str], cells: Sequence[Iterable[Any]]) -> dict[str, Any]:
    """A grid of numbers, drawn with the numbers in it."""
    return {
        "drawing": "heat",
        "rows": list(rows),
        "columns": list(columns),
        "cells": [[None if cell is None else float(cell) for cell in row] for row in cells],
    }


def bars(bars: Sequence[tuple[str, float]], unit: str = "", log: bool = False) -> dict[str, Any]:
    """Bars as name, length; `log` where lengths span orders of magnitude."""
    return {
        "drawing": "bars",
        "bars": [[name, float(length)] for name, length in bars],
        "unit": unit,
        "log": log,
    }


def pictures(pictures: Sequence[tuple[str, Sequence[Iterable[Any]]]], signed: bool = False) -> dict[str, Any]:
    """Pictures as name, rows of pixels; `signed` where zero is the middle."""
    return {
        "drawing": "pictures",
        "pictures": [{"name": name, "pixels": [floats(row) for row in rows]} for name, rows in pictures],
        "signed": signed,
    }


def tree(nodes: Sequence[tuple[int, int, str, float]], chosen: Sequence[int] = ()) -> dict[str, Any]:
    """Nodes as number, number of the parent (-1 for none), text, value; `chosen` are numbers of nodes."""
    return {"drawing": "tree", "nodes": [list(node) for node in nodes], "chosen": list(chosen)}


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    return {"drawing": "table", "columns": list(columns), "rows": [list(row) for row in rows]}


def steps(steps: Sequence[dict[str, Any]], at: int) -> dict[str, Any]:
    """Steps, each with `title` and `lines` of text; `at` is the number of the newest one that was taken."""
    return {"drawing": "steps", "steps": list(steps), "at": at}
