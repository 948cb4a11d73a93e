"""The failure map as data: cells of networks, where each ended, what it is stuck at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.protocol import Json

PLATEAUS = {2: math.log(2) / 2, 3: (3 * math.log(3) - 2 * math.log(2)) / 4, 4: math.log(2)}
"""nats: the loss of a network that leaves so many rows undecided and knows the others"""
NEAR = 0.03
COLOURS = ("outcome", "stop", "loss", "val_loss")
COLOUR_WORDS = {"outcome": "outcome", "stop": "epoch solved", "loss": "loss", "val_loss": "validation loss"}

Numbers = Sequence[Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class MapCell:
    """`lane` -1: empty. `share` of its networks that succeeded, None while none has ended."""

    lane: int
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
        """Rows that a failed network leaves undecided; 0: it is stuck nowhere that has a name."""
        if self.loss is None:
            return 0
        near = min(PLATEAUS, key=lambda rows: abs(PLATEAUS[rows] - (self.loss or 0)))
        return near if abs(PLATEAUS[near] - self.loss) < NEAR else 0


@dataclass(frozen=True, slots=True)
class FailureMap:
    """Rows of cells. `values` hold what the colour means, between `low` and `high`."""

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
    """between which epochs the successes came"""
    groups: Sequence[Json] = ()
    """without axes, for each row: the parameters of the networks that begin in it"""
    validates: bool = True
    marked: frozenset[int] = frozenset()
    """networks that are meant, the others are dimmed; empty: all"""

    @property
    def columns(self) -> int:
        return len(self.cells[0]) if self.cells else 0

    @property
    def total(self) -> int:
        return sum(self.outcomes.values())

    def at(self, column: int, row: int) -> MapCell | None:
        if 0 <= row < len(self.cells) and 0 <= column < len(self.cells[row]):
            cell = self.cells[row][column]
            return cell if cell.lane >= 0 else None
        return None

    def place_of(self, lane: int) -> tuple[int, int] | None:
        """Column and row of the cell that begins with it."""
        for row, cells in enumerate(self.cells):
            for column, cell in enumerate(cells):
                if cell.lane == lane:
                    return column, row
        return None

    def stuck_after(self, column: int, row: int, way: int) -> tuple[int, int] | None:
        """The next cell with a failure, or the one before; round the end."""
        wide, count = self.columns, self.columns * len(self.cells)
        here = row * wide + column
        for step in range(1, count + 1):
            there = (here + way * step) % count
            cell = self.at(there % wide, there // wide)
            if cell is not None and cell.is_stuck and (not self.marked or cell.lane in self.marked):
                return there % wide, there // wide
        return None


def lane_map(outcome: Json, loss: Json, stop: Json, coloured: Json, colour: str) -> FailureMap:
    """From four answers of `lanes.map`, coloured by outcome, loss, stop and by `colour`."""
    rows = zip(
        outcome["lanes"], outcome["counts"], outcome["running"], outcome["values"], loss["values"],
        stop["values"], strict=True,
    )  # fmt: skip
    cells = tuple(tuple(MapCell(*parts) for parts in zip(*row, strict=True)) for row in rows)
    low, high = (float(coloured[name]) if coloured[name] is not None else 0.0 for name in ("low", "high"))
    told = {name: outcome[name] for name in ("x", "y", "xs", "ys", "epoch", "epochs")}
    return FailureMap(
        cells,
        colour,
        coloured["values"],
        low,
        high,
        axes=tuple(outcome["axes"]),
        outcomes=dict(outcome["outcomes"]),
        stops=_stops(cells),
        groups=tuple(outcome["groups"]),
        validates=bool(outcome["validates"]),
        **told,
    )


def _stops(cells: Sequence[Sequence[MapCell]]) -> tuple[float, float]:
    stops = [cell.stop for row in cells for cell in row if cell.stop is not None and cell.share == 1]
    return (min(stops), max(stops)) if stops else (0.0, 0.0)
