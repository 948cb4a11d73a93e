"""Runs of any kind as the trials of a sweep, for the plots of a metric over parameters."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine import catalog
from engine.axes import Axis
from engine.errors import InputError
from engine.metric_goal import goal_of
from engine.params import Value
from engine.protocol import Json, RunSummary, Status, summary_from_json
from engine.run_groups import group_of, is_left_out
from engine.service.sweeps import plot_data
from engine.sweep_protocol import Prune, RunsAnalysisRequest, SweepSpec, TrialRow, TrialStatus

MOST_AXES = 12
"""most parameters in a plot: those with the most different values"""
WIDE = 50
"""a range of positive numbers over more than this factor has a log scale"""

EXPERIMENT = "experiment"
"""an axis where runs are of several ones"""


@dataclass(frozen=True, slots=True)
class ComparedParams:
    """The parameters by which runs are compared."""

    axes: tuple[Axis, ...]
    """those that all runs have and in which they differ, and behind them the `partial` ones"""
    not_shared: tuple[str, ...]
    """those that some of the runs do not have, without the `partial` ones"""
    partial: tuple[str, ...]
    """axes that only some runs have"""
    beyond: int
    """how many more there are than MOST_AXES"""


def analyse_summaries(bodies: Sequence[bytes], query: RunsAnalysisRequest) -> Json:
    """As `analyse`; `bodies` are summaries as JSON. Damaged runs are left out."""
    runs = [summary_from_json(json.loads(body)) for body in bodies]
    return analyse([run for run in runs if run.status is not Status.DAMAGED], query)


def analyse(runs: Sequence[RunSummary], query: RunsAnalysisRequest) -> Json:
    """The data of a plot, as `plot_data.analyse` has it, and what it is made of. `runs`: the oldest first.

    Raises DltuiError for an invalid kind or axis.
    """
    metric = query.metric or _usual_metric(runs)
    if not metric:
        raise InputError("metric: none of the runs has a value yet.", "Choose a metric that they log.")
    with_gaps = query.kind == "parallel"
    compared = compared_params(runs, with_gaps=with_gaps)
    spec = _spec(runs, compared.axes, metric)
    found = plot_data.analyse(spec, _trials(runs, metric), query.kind, "", query.facts, with_gaps=with_gaps)
    return found | {
        "metric": metric, "goal": spec.goal, "axes": [axis.name for axis in plot_data.axes_of(spec)],
        "runs": [run.id for run in runs],
        "not_shared": list(compared.not_shared), "partial": list(compared.partial), "beyond": compared.beyond,
    }  # fmt: skip


def compared_params(runs: Sequence[RunSummary], *, with_gaps: bool = False) -> ComparedParams:
    """Without seeds, and without what says where a run writes.

    The experiment is one of them. `with_gaps`: parameters that only some runs have are axes too.
    """
    params = [_params_of(run) for run in runs]
    names = [name for name in dict.fromkeys(name for one in params for name in one) if not is_left_out(name)]
    missing = {name for name in names if any(name not in one for one in params)}
    different = {
        name: values
        for name in sorted(names, key=missing.__contains__)
        if (with_gaps or name not in missing)
        and len(values := {(type(one[name]) is bool, one[name]): one[name] for one in params if name in one})
        > 1
    }
    most = sorted(different, key=lambda name: (name in missing, -len(different[name])))[:MOST_AXES]
    axes = tuple(_axis(name, list(different[name].values())) for name in different if name in most)
    partial = tuple(axis.name for axis in axes if axis.name in missing)
    others = tuple(name for name in names if name in missing and name not in different)
    return ComparedParams(axes, others, partial, len(different) - len(axes))


def _params_of(run: RunSummary) -> Mapping[str, Value]:
    """As they were changed while it trained, and the experiment where no parameter has that name."""
    return {EXPERIMENT: run.spec.experiment, **run.spec.params, **run.live}


def _axis(name: str, values: Sequence[Value]) -> Axis:
    """Of a range where all values are finite numbers, else of the values, sorted as text."""
    numbers = [float(value) for value in values if isinstance(value, int | float) and type(value) is not bool]
    if len(numbers) < len(values) or not all(map(math.isfinite, numbers)):
        return Axis(name, tuple(sorted(values, key=str)))
    low, high = min(numbers), max(numbers)
    return Axis(name, None, low, high, low > 0 and high / low > WIDE)


def _usual_metric(runs: Iterable[RunSummary]) -> str:
    """The metric of most of the best values."""
    return next((name for name, _ in Counter(run.best.metric for run in runs if run.best).most_common(1)), "")


def _spec(runs: Sequence[RunSummary], axes: tuple[Axis, ...], metric: str) -> SweepSpec:
    newest = runs[-1].spec
    seeds = tuple(dict.fromkeys(run.spec.seed for run in runs))
    return SweepSpec(
        id="", name="", experiment=newest.experiment, axes=axes, params={}, sampler="grid", seed=1,
        seeds=seeds, trials=None, parallel=None, gpu_share=1.0, prune=Prune(), metric=metric,
        goal=_goal(runs[-1], metric), executor="local", device="auto", created_at=newest.created_at,
        file=newest.file,
    )  # fmt: skip


def _goal(run: RunSummary, metric: str) -> str:
    known = goal_of(run.spec)
    if known.metric == metric:
        return "max" if known.largest else "min"
    return catalog.goal_by_name(metric.lower()) or "min"


def _trials(runs: Sequence[RunSummary], metric: str) -> list[TrialRow]:
    configs: dict[str, int] = {}
    return [
        TrialRow(
            trial=place,
            config=configs.setdefault(group_of(run), len(configs) + 1),
            params=_params_of(run),
            seed=run.spec.seed,
            status=TrialStatus.DONE if run.status is Status.IMPORTED else TrialStatus(run.status),
            value=_value(run, metric),
            run=run.id,
        )
        for place, run in enumerate(runs, 1)
    ]


def _value(run: RunSummary, metric: str) -> float | None:
    """The best value where it is of the metric, else the last one; None where that is not finite."""
    is_best = run.best is not None and run.best.metric == metric
    value = run.best.value if run.best is not None and is_best else run.metrics.get(metric)
    return value if isinstance(value, int | float) and math.isfinite(value) else None
