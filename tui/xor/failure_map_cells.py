"""The data of a failure map: cells of one or more networks with their outcome."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine import axes, catalog
from engine.errors import ParamError
from engine.params import Value
from engine.session_protocol.xor import CellMap

PLATEAUS = {2: math.log(2) / 2, 3: (3 * math.log(3) - 2 * math.log(2)) / 4, 4: math.log(2)}
"""loss in nats by the number of rows that a network leaves undecided, the others being right"""
NEAR = 0.03
COLOURS = ("outcome", "stop", "loss", "val_loss")
COLOUR_WORDS = {"outcome": "outcome", "stop": "epoch solved", "loss": "loss", "val_loss": "validation loss"}


def networks_where(params: Mapping[str, Value], where: Mapping[str, Value]) -> frozenset[int]:
    """Numbers of the networks, from 0, of a run of `xor_batch` with these values; none of one that draws
    points, whose order its parameters do not tell."""
    if params.get("draws") is not None or not isinstance(params.get("axes"), str):
        return frozenset()
    try:
        points = axes.grid(axes.parse_axes(catalog.find("xor"), str(params["axes"])))
        found = enumerate({**params, **point} for point in points)
        return frozenset(
            number for number, one in found if all(one.get(name) == value for name, value in where.items())
        )
    except ParamError:
        return frozenset()


Numbers = Sequence[Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class MapCell:
    """`network` is the first of `count`, -1: empty; `share` of them succeeded, None: none has ended."""

    network: int
    count: int
    running: int
    share: float | None
    loss: float | None
    stop: float | None

    @property
    def is_stuck(self) -> bool:
        return self.share is not None and self.share < 1

    @property
    def undecided(self) -> int:
        """Rows that a failed network leaves undecided, by its loss; 0: on none of the PLATEAUS."""
        if self.loss is None:
            return 0
        near = min(PLATEAUS, key=lambda rows: abs(PLATEAUS[rows] - (self.loss or 0)))
        return near if abs(PLATEAUS[near] - self.loss) < NEAR else 0


@dataclass(frozen=True, slots=True)
class FailureMap:
    """Rows of cells. `values` are what the colours stand for, from `low` to `high`."""

    cells: tuple[tuple[MapCell, ...], ...]
    colour: str
    values: Numbers
    low: float
    high: float
    x: str
    y: str
    xs: Sequence[object]
    ys: Sequence[object]
    axes: tuple[str, ...]
    outcomes: dict[str, int]
    epoch: int
    epochs: int
    stops: tuple[float, float]
    """first and last epoch of a success"""
    groups: Sequence[Mapping[str, Value]] = ()
    """without axes, for each row: the parameters of the group of networks that begins in it"""
    validates: bool = True
    marked: frozenset[int] = frozenset()
    """networks that are highlighted, the others are dimmed; empty: all"""

    @property
    def columns(self) -> int:
        return len(self.cells[0]) if self.cells else 0

    @property
    def total(self) -> int:
        return sum(self.outcomes.values())

    def at(self, column: int, row: int) -> MapCell | None:
        if 0 <= row < len(self.cells) and 0 <= column < len(self.cells[row]):
            cell = self.cells[row][column]
            return cell if cell.network >= 0 else None
        return None

    def place_of(self, network: int) -> tuple[int, int] | None:
        """Column and row of the cell whose first network it is."""
        for row, cells in enumerate(self.cells):
            for column, cell in enumerate(cells):
                if cell.network == network:
                    return column, row
        return None

    def stuck_after(self, column: int, row: int, way: int) -> tuple[int, int] | None:
        """Column and row of the next (`way` 1) or previous (-1) cell with a failure, with wraparound."""
        wide, count = self.columns, self.columns * len(self.cells)
        here = row * wide + column
        for step in range(1, count + 1):
            there = (here + way * step) % count
            cell = self.at(there % wide, there // wide)
            if cell is not None and cell.is_stuck and (not self.marked or cell.network in self.marked):
                return there % wide, there // wide
        return None


def failure_map(outcome: CellMap, loss: CellMap, stop: CellMap, coloured: CellMap, colour: str) -> FailureMap:
    """The map from four responses of `lanes.map`, coloured by outcome, loss, stop and `colour`."""
    rows = zip(
        outcome.lanes, outcome.counts, outcome.running, outcome.values, loss.values,
        stop.values, strict=True,
    )  # fmt: skip
    cells = tuple(tuple(MapCell(*parts) for parts in zip(*row, strict=True)) for row in rows)
    return FailureMap(
        cells,
        colour,
        coloured.values,
        coloured.low or 0.0,
        coloured.high or 0.0,
        outcome.x,
        outcome.y,
        outcome.xs,
        outcome.ys,
        axes=tuple(outcome.axes),
        outcomes=dict(outcome.outcomes),
        stops=_stops(cells),
        groups=tuple(outcome.groups),
        validates=outcome.validates,
        epoch=outcome.epoch,
        epochs=outcome.epochs,
    )


def _stops(cells: Sequence[Sequence[MapCell]]) -> tuple[float, float]:
    stops = [cell.stop for row in cells for cell in row if cell.stop is not None and cell.share == 1]
    return (min(stops), max(stops)) if stops else (0.0, 0.0)
