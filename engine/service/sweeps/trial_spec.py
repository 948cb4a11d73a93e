"""A trial as a run: its parameters checked, its spec."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from engine import catalog, params
from engine.axes import SEED
from engine.errors import UnknownExperiment
from engine.params import Param, Value
from engine.protocol import Spec
from engine.service.runs import submission
from engine.sweep_protocol import SweepSpec, TrialRow

NAME_ROOM = 54
"""letters of the sweep's name in the name of a trial"""


def check(sweep: SweepSpec, chosen: Mapping[str, Value]) -> Any:
    """The params of a trial. Raises ParamError, also for values that do not go together."""
    return params.build(catalog.find(sweep.experiment).params, {**sweep.params, **chosen})


def made(sweep: SweepSpec, row: TrialRow, created_at: float) -> Spec:
    """The same trial gives the same spec. Raises ParamError or UnknownExperiment."""
    experiment = catalog.find(sweep.experiment)
    values = dataclasses.asdict(check(sweep, row.params))
    return Spec(
        id=row.run,
        experiment=experiment.name,
        params=values,
        seed=row.seed,
        name=_name(sweep, row, values),
        framework=experiment.framework_of(values),
        threads=threads_of(sweep),
        device=sweep.device,
        created_at=created_at,
        sweep=sweep.id,
        trial=row.trial,
        gpu_share=sweep.gpu_share,
        executor=sweep.executor,
        data=sweep.data,
    )


def _name(sweep: SweepSpec, row: TrialRow, values: Mapping[str, Value]) -> str:
    """What it is, where the runs of a suite have names; else a number."""
    suite = catalog.suite_of(sweep.experiment, [axis.name for axis in sweep.axes])
    if suite is not None and suite.run_name is not None:
        return suite.run_name(values) + (f" seed {row.seed}" if len(sweep.seeds) > 1 else "")
    return f"{sweep.name[:NAME_ROOM]}-{row.trial}"


def threads_of(sweep: SweepSpec) -> int:
    """Trials at work at once share the threads one run of the experiment takes.

    Where their number is left open, an experiment that takes a few threads gets one for each trial, and one
    that takes all cores gets them for one trial after the other.
    """
    experiment = catalog.find(sweep.experiment)
    whole = experiment.threads or submission.cores()
    return max(1, whole // (sweep.parallel or experiment.threads or 1))


def declared_metrics(sweep: SweepSpec) -> tuple[str, ...]:
    """Those its experiment says it logs; none where it declares nothing, or is no longer there."""
    try:
        return catalog.find(sweep.experiment).metrics
    except UnknownExperiment:
        return ()


def kinds(experiment: str) -> dict[str, Param]:
    """Every parameter an axis may name."""
    return {param.name: param for param in (*params.declared(catalog.find(experiment).params), SEED)}
