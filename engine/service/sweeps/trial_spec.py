"""The params and the spec of the run of a trial."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from engine import catalog, params
from engine.axes import SEED
from engine.catalog import Experiment
from engine.errors import UnknownExperiment
from engine.params import Param, Value
from engine.protocol import Spec
from engine.service.placement.machine_load import cores
from engine.sweep_protocol import SweepSpec, TrialRow

NAME_LENGTH = 54
"""most characters of the sweep's name in the name of a trial"""


def build_params(sweep: SweepSpec, chosen: Mapping[str, Value]) -> Any:
    """The params of a trial. Raises ParamError, also for invalid combinations."""
    return params.build(catalog.of(sweep).params, {**sweep.params, **chosen})


def make_spec(sweep: SweepSpec, row: TrialRow, created_at: float) -> Spec:
    """The spec of the run of a trial, always the same. Raises ParamError or UnknownExperiment."""
    experiment = catalog.of(sweep)
    values = dataclasses.asdict(build_params(sweep, row.params))
    return Spec(
        id=row.run,
        experiment=experiment.name,
        params=values,
        seed=row.seed,
        name=_run_name(sweep, row, values),
        framework=experiment.framework_of(values),
        threads=threads_of(sweep),
        device=sweep.device,
        created_at=created_at,
        sweep=sweep.id,
        trial=row.trial,
        gpu_share=sweep.gpu_share,
        executor=sweep.executor,
        data=sweep.data,
        gpus=sweep.gpus,
        system_seconds=sweep.system_seconds,
        file=sweep.file,
        command=sweep.command,
        parent=sweep.parent,
    )


def _run_name(sweep: SweepSpec, row: TrialRow, values: Mapping[str, Value]) -> str:
    """The name that its suite gives to the run, else the name of the sweep and a number."""
    suite = catalog.suite_of(sweep.experiment, [axis.name for axis in sweep.axes])
    if suite is not None and suite.run_name is not None:
        return suite.run_name(values) + (f" seed {row.seed}" if len(sweep.seeds) > 1 else "")
    return f"{sweep.name[:NAME_LENGTH]}-{row.trial}"


def threads_of(sweep: SweepSpec) -> int:
    """Threads of one trial: parallel trials share the threads that one run of the experiment uses.

    Without a number of parallel trials, an experiment that uses a few threads gets one per trial, and one
    that uses all cores trains one trial at a time.
    """
    experiment = catalog.of(sweep)
    whole = experiment.threads or cores()
    return max(1, whole // (sweep.parallel or experiment.threads or 1))


def declared_metrics(sweep: SweepSpec) -> tuple[str, ...]:
    """The metrics its experiment declares; empty if it declares none or no longer exists."""
    try:
        return catalog.of(sweep).metrics
    except UnknownExperiment:
        return ()


def axis_params(experiment: Experiment) -> dict[str, Param]:
    """{name: parameter} of all parameters that an axis may name."""
    return {param.name: param for param in (*params.declared(experiment.params), SEED)}
