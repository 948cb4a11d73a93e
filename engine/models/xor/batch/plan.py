"""The networks of a batch: the parameters of `xor` and a seed for each, as columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import axes as axis_texts
from engine import built_in_experiments
from engine.axes import SEED, Axis
from engine.models.xor.batch.arrays import NetGroup
from engine.params import Param, Value, declared

PARAMS: dict[str, Param] = {param.name: param for param in (*declared(built_in_experiments.XorParams), SEED)}
REPEATS = 10_000
"""draws of points already drawn, until the axes count as exhausted"""

Column = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BatchPlan:
    columns: Mapping[str, Column]
    """(N,) for every parameter and `seed`; flags as 0 and 1, choices as positions in the declaration, None as
    0"""
    axes: tuple[str, ...] = ()
    """names of the parameters that vary, in the order given"""

    def __len__(self) -> int:
        return len(self.columns["seed"])

    def value(self, name: str, index: int) -> Value:
        return decoded(name, float(self.columns[name][index]))

    def params(self, index: int) -> dict[str, Value]:
        """The parameters of `xor` for one network, without the seed."""
        return {name: self.value(name, index) for name in self.columns if name != "seed"}

    def groups(self) -> Iterator[tuple[NetGroup, NDArray[np.int64]]]:
        """Each group with the indices of its networks."""
        table = np.stack([self.columns[name] for name in GROUP_PARAMS])
        kinds, member = np.unique(table, axis=1, return_inverse=True)
        for kind, values in enumerate(kinds.T):
            given = {
                name: decoded(name, float(value)) for name, value in zip(GROUP_PARAMS, values, strict=True)
            }
            validates = given.pop("validation") == "notebook"
            yield NetGroup(**given, validates=validates), np.flatnonzero(member.reshape(-1) == kind)  # type: ignore[arg-type]


GROUP_PARAMS = ("hidden", "bypass", "activation", "loss", "optimizer", "validation")


def coded(name: str, value: Value) -> float:
    choices = PARAMS[name].choices
    return float(choices.index(str(value)) if choices else value or 0)


def decoded(name: str, code: float) -> Value:
    param = PARAMS[name]
    if param.word and not code:
        return None
    return param.choices[int(code)] if param.choices else param.kind(code)


def from_rows(rows: Sequence[Mapping[str, Value]], axes: tuple[str, ...] = ()) -> BatchPlan:
    """One network for each row of parameters and `seed`; missing ones have their default."""
    columns = {
        name: np.array([coded(name, row.get(name, param.default)) for row in rows], dtype=np.float64)
        for name, param in PARAMS.items()
    }
    return BatchPlan(columns, axes)


def from_axes(common: Mapping[str, Value], seed: int, axes: Sequence[Axis]) -> BatchPlan:
    """The grid over `axes`, the last fastest; other values from `common`, and `seed` unless it is an axis."""
    sizes = tuple(len(axis.values or ()) for axis in axes)
    count = math.prod(sizes)
    fixed = {**{name: common[name] for name in PARAMS if name != "seed"}, "seed": seed}
    columns = {name: np.full(count, coded(name, value)) for name, value in fixed.items()}
    places: Any = np.unravel_index(np.arange(count), sizes) if sizes else ()
    for axis, place in zip(axes, places, strict=True):
        columns[axis.name] = np.array([coded(axis.name, value) for value in axis.values or ()])[place]
    return BatchPlan(columns, tuple(axis.name for axis in axes))


def drawn(common: Mapping[str, Value], seed: int, axes: Sequence[Axis], draws: int) -> BatchPlan:
    """`draws` different points of `axes`, each with every seed, the seeds the fastest.

    Fewer where the axes hold no more.
    """
    seeds = next((axis.values for axis in axes if axis.name == SEED.name), None) or (seed,)
    space = [axis for axis in axes if axis.name != SEED.name]
    points: dict[tuple[Value, ...], dict[str, Value]] = {}
    for number in range(draws + REPEATS):
        point = axis_texts.sample_point(space, PARAMS, seed, number)
        points.setdefault(tuple(point.values()), point)
        if len(points) == draws:
            break
    rows = [{**common, **point, "seed": own} for point in points.values() for own in seeds]
    return from_rows(rows, (*(axis.name for axis in space), SEED.name))
