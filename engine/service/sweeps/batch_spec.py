"""Sweeps of XOR networks that train as one run of the batch trainer."""

from __future__ import annotations

import dataclasses
from typing import Any

from engine import catalog, params
from engine.axes import Axis, count
from engine.errors import ParamError, UnknownExperiment
from engine.params import Param, Value, format_value
from engine.protocol import Spec
from engine.service.placement.machine_load import cores
from engine.service.sweeps import sweep_batch, trial_spec
from engine.service.sweeps.sweep_batch import SweepBatch
from engine.sweep_protocol import SweepSpec, TrialRow

EXPERIMENT = "xor_batch"
METRICS = ("loss", "val_loss")


def is_batchable(spec: SweepSpec) -> bool:
    """Whether all trials of the sweep can be trained as one batch."""
    plain = spec.experiment == "xor" and spec.sampler != "tpe" and spec.prune.kind == "none"
    if not plain or (spec.metric, spec.goal) not in {(metric, "min") for metric in METRICS}:
        return False
    if spec.executor != "local" or (
        spec.sampler == "grid" and spec.trials and spec.trials < count(spec.axes, 10**30)
    ):
        return False
    try:
        build_params(spec, sweep_batch.first_batch(spec))
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
    )


def axes_text(batch: SweepBatch) -> str:
    """The axes as typed by a user; the seeds come last and vary fastest."""
    kinds = trial_spec.axis_params("xor")
    return "; ".join(
        _axis_text(axis, kinds[axis.name]) for axis in (*batch.axes, sweep_batch.seed_axis(batch))
    )


def _axis_text(axis: Axis, param: Param) -> str:
    if axis.values is None:
        scale = " log" if axis.log else " linear"
        return f"{axis.name}={axis.low!r}..{axis.high!r}{scale}"
    values = axis.values
    numbers = [value for value in values if type(value) is int]
    if len(numbers) == len(values) > 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return f"{axis.name}={numbers[0]}..{numbers[-1]}{_scale_of(axis)}"
    return f"{axis.name}={','.join(format_value(param, value) for value in values)}"


def _scale_of(axis: Axis) -> str:
    """The suffix that keeps the scale of a range of integers."""
    if axis.log and axis.low is not None:
        return " log"
    return " linear" if trial_spec.axis_params("xor")[axis.name].log else ""
