"""A batch: lanes of a sweep that are trained as one run, and what edits add behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.axes import SEED, Axis
from engine.params import Value
from engine.service.sweeps import sampler
from engine.service.sweeps.sampler import Axes
from engine.sweep_protocol import SweepSpec


@dataclass(frozen=True, slots=True)
class SweepBatch:
    """Its run is trial -number; its lanes are the trials from `first` on."""

    number: int
    axes: Axes
    seeds: tuple[int, ...]
    draws: int | None
    """points drawn from the axes; None: every one of the grid"""
    seed: int
    """of the draws"""
    first: int
    config: int
    """of its first point"""
    params: Mapping[str, Value] = field(default_factory=dict)
    """over those of the sweep"""
    extends: bool = False
    """one lane of an earlier batch, begun anew for longer; it keeps its number"""
    again: bool = False
    """the points of an earlier batch with other seeds"""

    @property
    def points(self) -> int:
        return self.draws or sampler.point_count(self.axes)

    @property
    def count(self) -> int:
        return self.points * len(self.seeds)

    @property
    def last(self) -> int:
        return self.first + self.count - 1

    def config_of(self, trial: int) -> int:
        return self.config + (trial - self.first) // len(self.seeds)

    def holds(self, trial: int) -> bool:
        return self.first <= trial <= self.last


def first_of(spec: SweepSpec) -> SweepBatch:
    return SweepBatch(0, spec.axes, spec.seeds, _draws(spec), spec.seed, 1, 1)


def widened(
    batches: Sequence[SweepBatch], axes: Axes, spec: SweepSpec, first: int, config: int
) -> SweepBatch | None:
    """With the points that one wider axis of a grid adds to those of `spec`."""
    if spec.sampler != "grid":
        return None
    for place, (axis, before) in enumerate(zip(axes, spec.axes, strict=True)):
        more = tuple(value for value in axis.values or () if value not in (before.values or ()))
        if more:
            grid = (*spec.axes[:place], Axis(axis.name, more), *spec.axes[place + 1 :])
            return SweepBatch(len(batches), grid, spec.seeds, None, spec.seed, first, config)
    return None


def reseeded(batches: Sequence[SweepBatch], seeds: Sequence[int], first: int) -> tuple[SweepBatch, ...]:
    """Every point there is, with more seeds."""
    found: list[SweepBatch] = []
    for batch in batches:
        if not batch.extends and not batch.again:
            made = replace(
                batch, number=len(batches) + len(found), seeds=tuple(seeds), first=first, again=True
            )
            found.append(made)
            first = made.last + 1
    return tuple(found)


def drawn(batches: Sequence[SweepBatch], spec: SweepSpec, more: int, first: int, config: int) -> SweepBatch:
    """More points, from a stream of their own."""
    return SweepBatch(len(batches), spec.axes, spec.seeds, more, spec.seed + len(batches), first, config)


def extended(
    batches: Sequence[SweepBatch], trial: int, params: Mapping[str, Value], seed: int, spec: SweepSpec
) -> SweepBatch:
    earlier = newest(batches, trial)
    config = earlier.config_of(trial) if earlier else 0
    return SweepBatch(len(batches), (), (seed,), None, spec.seed, trial, config, dict(params), extends=True)


def newest(batches: Sequence[SweepBatch], trial: int) -> SweepBatch | None:
    """The batch that trains the lane now; None for a trial that is no lane."""
    return next((batch for batch in reversed(batches) if batch.holds(trial)), None)


def points(batches: Sequence[SweepBatch]) -> int:
    return sum(batch.points for batch in batches if not batch.extends and not batch.again)


def last_config(batches: Sequence[SweepBatch]) -> int:
    return max((batch.config + batch.points - 1 for batch in batches), default=0)


def lanes(batches: Sequence[SweepBatch]) -> int:
    return sum(batch.count for batch in batches if not batch.extends)


def seed_axis(batch: SweepBatch) -> Axis:
    return Axis(SEED.name, batch.seeds)


def _draws(spec: SweepSpec) -> int | None:
    drawn_from = spec.sampler == "random" or any(axis.values is None for axis in spec.axes)
    return spec.trials if drawn_from else None
