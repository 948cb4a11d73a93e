"""Sweeps of XOR networks that train as one run: their batches and the spec of the run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine import catalog, params
from engine.axes import SEED, Axis, count
from engine.errors import ParamError, UnknownExperiment
from engine.params import Param, Value, format_value
from engine.protocol import Spec
from engine.service.placement.machine_load import cores
from engine.service.sweeps import grid_points, trial_spec
from engine.service.sweeps.grid_points import Axes
from engine.sweep_protocol import SweepSpec, TrialRow


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


def _draws(spec: SweepSpec) -> int | None:
    drawn_from = spec.sampler == "random" or any(axis.values is None for axis in spec.axes)
    return spec.trials if drawn_from else None


EXPERIMENT = "xor_batch"
METRICS = ("loss", "val_loss")


def is_batchable(spec: SweepSpec) -> bool:
    """Whether all trials of the sweep can be trained as one batch."""
    if spec.parent is not None:
        return False
    plain = spec.experiment == "xor" and spec.sampler != "tpe" and spec.prune.kind == "none"
    if not plain or (spec.metric, spec.goal) not in {(metric, "min") for metric in METRICS}:
        return False
    if spec.executor != "local" or (
        spec.sampler == "grid" and spec.trials and spec.trials < count(spec.axes, 10**30)
    ):
        return False
    try:
        build_params(spec, first_batch(spec))
    except (ParamError, UnknownExperiment):
        return False
    return True


def build_params(spec: SweepSpec, batch: SweepBatch) -> Any:
    """The params of the run of a batch. Raises ParamError or UnknownExperiment."""
    axes = axes_text(batch)
    given: dict[str, Value] = {**spec.params, **batch.params, "axes": axes, "draws": batch.draws}
    return params.build(catalog.find(EXPERIMENT).params, given)


def make_spec(batch: SweepBatch, spec: SweepSpec, row: TrialRow, created_at: float) -> Spec:
    """The spec of the run that trains `batch`."""
    experiment = catalog.find(EXPERIMENT)
    return Spec(
        id=row.run,
        experiment=EXPERIMENT,
        params=dataclasses.asdict(build_params(spec, batch)),
        seed=batch.seed,
        name=f"{spec.name[:50]}-lanes{batch.number or ''}",
        framework=experiment.framework,
        threads=experiment.threads or cores(),
        device=spec.device,
        created_at=created_at,
        sweep=spec.id,
        trial=row.trial,
        data=spec.data,
        gpus=spec.gpus,
        system_seconds=spec.system_seconds,
    )


def axes_text(batch: SweepBatch) -> str:
    """The axes as typed by a user; the seeds come last and vary fastest."""
    kinds = trial_spec.axis_params(catalog.find("xor"))
    axes = (*batch.axes, Axis(SEED.name, batch.seeds))
    return "; ".join(_axis_text(axis, kinds[axis.name]) for axis in axes)


def _axis_text(axis: Axis, param: Param) -> str:
    if axis.values is None:
        scale = " log" if axis.log else " linear"
        return f"{axis.name}={axis.low!r}..{axis.high!r}{scale}"
    values = axis.values
    numbers = [value for value in values if type(value) is int]
    if len(numbers) == len(values) > 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        scale = " log" if axis.log and axis.low is not None else " linear" if param.log else ""
        return f"{axis.name}={numbers[0]}..{numbers[-1]}{scale}"
    return f"{axis.name}={','.join(format_value(param, value) for value in values)}"
