"""Batches: lanes of a sweep that are trained as one run; edits append further batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.axes import SEED, Axis
from engine.params import Value
from engine.service.sweeps import grid_points
from engine.service.sweeps.grid_points import Axes
from engine.sweep_protocol import SweepSpec


@dataclass(frozen=True, slots=True)
class SweepBatch:
    """Lanes trained by one run, which is trial `-number`; the lanes are trials from `first` on."""

    number: int
    axes: Axes
    seeds: tuple[int, ...]
    draws: int | None
    """number of points drawn from the axes; None: all points of the grid"""
    seed: int
    """seed of the draws"""
    first: int
    config: int
    """configuration number of its first point"""
    params: Mapping[str, Value] = field(default_factory=dict)
    """these override those of the sweep"""
    extends: bool = False
    """one lane of an earlier batch, trained again for longer under the same number"""
    is_reseeded: bool = False
    """the points of an earlier batch with other seeds"""

    @property
    def points(self) -> int:
        return self.draws or grid_points.point_count(self.axes)

    @property
    def count(self) -> int:
        return self.points * len(self.seeds)

    @property
    def last(self) -> int:
        return self.first + self.count - 1

    def config_of(self, trial: int) -> int:
        return self.config + (trial - self.first) // len(self.seeds)

    def contains(self, trial: int) -> bool:
        return self.first <= trial <= self.last


def first_batch(spec: SweepSpec) -> SweepBatch:
    return SweepBatch(0, spec.axes, spec.seeds, _draws(spec), spec.seed, 1, 1)


def widened(
    batches: Sequence[SweepBatch], axes: Axes, spec: SweepSpec, first: int, config: int
) -> SweepBatch | None:
    """A batch of the points that one wider axis adds to the grid of `spec`; None if there are none."""
    if spec.sampler != "grid":
        return None
    for place, (axis, before) in enumerate(zip(axes, spec.axes, strict=True)):
        more = tuple(value for value in axis.values or () if value not in (before.values or ()))
        if more:
            grid = (*spec.axes[:place], Axis(axis.name, more), *spec.axes[place + 1 :])
            return SweepBatch(len(batches), grid, spec.seeds, None, spec.seed, first, config)
    return None


def reseeded(batches: Sequence[SweepBatch], seeds: Sequence[int], first: int) -> tuple[SweepBatch, ...]:
    """Batches that train all existing points with further seeds."""
    found: list[SweepBatch] = []
    for batch in batches:
        if not batch.extends and not batch.is_reseeded:
            made = replace(
                batch, number=len(batches) + len(found), seeds=tuple(seeds), first=first, is_reseeded=True
            )
            found.append(made)
            first = made.last + 1
    return tuple(found)


def drawn(batches: Sequence[SweepBatch], spec: SweepSpec, more: int, first: int, config: int) -> SweepBatch:
    """A batch of `more` random points, drawn with a seed of its own."""
    return SweepBatch(len(batches), spec.axes, spec.seeds, more, spec.seed + len(batches), first, config)


def extended(
    batches: Sequence[SweepBatch], trial: int, params: Mapping[str, Value], seed: int, spec: SweepSpec
) -> SweepBatch:
    earlier = latest_batch(batches, trial)
    config = earlier.config_of(trial) if earlier else 0
    return SweepBatch(len(batches), (), (seed,), None, spec.seed, trial, config, dict(params), extends=True)


def latest_batch(batches: Sequence[SweepBatch], trial: int) -> SweepBatch | None:
    """The latest batch that trains the lane; None for a trial that is no lane."""
    return next((batch for batch in reversed(batches) if batch.contains(trial)), None)


def count_points(batches: Sequence[SweepBatch]) -> int:
    return sum(batch.points for batch in batches if not batch.extends and not batch.is_reseeded)


def last_config(batches: Sequence[SweepBatch]) -> int:
    return max((batch.config + batch.points - 1 for batch in batches), default=0)


def count_lanes(batches: Sequence[SweepBatch]) -> int:
    return sum(batch.count for batch in batches if not batch.extends)


def seed_axis(batch: SweepBatch) -> Axis:
    return Axis(SEED.name, batch.seeds)


def _draws(spec: SweepSpec) -> int | None:
    drawn_from = spec.sampler == "random" or any(axis.values is None for axis in spec.axes)
    return spec.trials if drawn_from else None
