"""Checks a request to submit a sweep and makes its spec."""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine import axes as axis_texts
from engine import catalog, params, store
from engine.axes import SEED, VALUE_LIMIT, Axis
from engine.catalog import Experiment
from engine.errors import InputError, ParamError
from engine.params import Param, Value
from engine.protocol import ParentCheckpoint, RunSummary
from engine.service.runs import parent_checkpoint, submitted_command_checks
from engine.service.runs.runs import check_submission
from engine.service.sweeps import batch_spec, grid_points, trial_spec
from engine.sweep_protocol import PARALLEL, PRUNERS, SAMPLERS, TRIALS, Prune, SweepSpec, SweepSubmitRequest

MAX_POINTS = 100_000
"""configurations of one sweep"""
DEFAULT_TRIALS = 30
"""configurations of a random or TPE sweep without a given number"""
CHECKED_CONFIGS = 64
"""configurations checked before anything starts"""
MAX_RUNGS = 12


def make_spec(request: SweepSubmitRequest) -> SweepSpec:
    """Raises DltuiError naming the field, what was expected and what was given."""
    request = _expand_suite(request)
    check_submission(request.of_trials)
    experiment = catalog.of(request)
    axes, seeds = axes_of(experiment, request.axes, request.seeds)
    method = one_of("sampler", request.sampler, SAMPLERS)
    fixed = _fixed_params(experiment, request.params, axes)
    if request.command is not None:
        if request.executor != "local":
            raise ParamError(f"executor: expected local for a command, got {request.executor!r}.")
        submitted_command_checks.check_named(request.command, [*fixed, *(axis.name for axis in axes)])
    metric = request.metric or experiment.best
    if not metric.isprintable() or not 0 < len(metric) <= 64:
        raise ParamError(f"metric: expected the name of one, got {metric[:80]!r}.")
    title = experiment.name
    if request.command is not None:
        title = submitted_command_checks.title_of(request.command)
    created = round(time.time(), 3)
    sweep_id = store.new_id(f"{experiment.name}-sweep", created)
    made = SweepSpec(
        id=sweep_id,
        name=request.name or f"{title}-{sweep_id[-4:]}",
        experiment=experiment.name,
        axes=axes,
        params=fixed,
        sampler=method,
        seed=request.seed,
        seeds=seeds,
        trials=_trials(request.trials, method),
        parallel=optional_count(PARALLEL, request.parallel),
        gpu_share=request.gpu_share,
        prune=_checked_prune(request.prune),
        metric=metric,
        goal=_goal(request.goal, metric, experiment),
        executor=request.executor,
        device=request.device,
        created_at=created,
        token=request.token,
        data=request.data,
        gpus=request.gpus,
        system_seconds=request.system_seconds,
        file=request.file,
        command=request.command,
    )
    check(made)
    return replace(made, lanes=batch_spec.is_batchable(made))


def _expand_suite(request: SweepSubmitRequest) -> SweepSubmitRequest:
    """Replace the name of a suite by its experiment, axes and parameters; others given are added."""
    suite = catalog.suite(request.experiment)
    if suite is None:
        return request
    axes, given = (*suite.axes, *request.axes), {**suite.params, **request.params}
    return replace(request, experiment=suite.experiment, axes=axes, params=given)


def axes_of(
    experiment: Experiment, texts: Sequence[str], seeds: int | Sequence[int]
) -> tuple[tuple[Axis, ...], tuple[int, ...]]:
    """The axes without the seeds, and the seeds. Raises ParamError."""
    axes = axis_texts.parse_axes(experiment, ";".join(texts))
    chosen = _seeds(seeds)
    for axis in axes:
        if axis.name == SEED.name:
            if chosen != (1,):
                raise ParamError("seeds: expected them once, got both seeds and an axis of seeds.")
            chosen = tuple(value for value in axis.values or () if isinstance(value, int))
    axes = tuple(axis for axis in axes if axis.name != SEED.name)
    if not axes and len(chosen) < 2:
        raise ParamError("axes: expected one at least, got none.", "For instance: --axis 'lr=0.1,0.01'")
    return axes, chosen


def check(spec: SweepSpec) -> None:
    """Raises ParamError for a sweep that cannot be trained."""
    if spec.sampler == "grid":
        limit = MAX_POINTS if not spec.trials else math.inf
        points = axis_texts.count(spec.axes, 10**30)
        if points > limit:
            raise ParamError(
                f"axes: expected a grid of at most {MAX_POINTS:,} points, got {points:,}.",
                "Give fewer values, or say how many to try: --trials 100",
            )
    declared = catalog.of(spec).metrics
    if declared and spec.metric not in declared:
        raise ParamError(
            f"metric: expected one that {spec.experiment} logs, got {spec.metric!r}.",
            f"It logs: {', '.join(declared)}.",
        )
    _check_first_points(spec, lambda built: _check_logged(spec, built))


def check_parent(spec: SweepSpec, parent: RunSummary, checkpoint: ParentCheckpoint) -> None:
    """Raises ParamError where no trial can begin with the checkpoint, as far as parameters tell."""
    kind = catalog.of(spec).params
    for axis in spec.axes:
        if axis.name in parent_checkpoint.shaping(kind):
            raise ParamError(
                f"{axis.name}: expected one value, as it shapes the checkpoint {checkpoint.short}, got an "
                "axis.",
                "Sweep other parameters, or without begin.",
            )
    _check_first_points(
        spec,
        lambda built: parent_checkpoint.check_params(kind, dataclasses.asdict(built), parent, checkpoint),
    )


def _check_first_points(spec: SweepSpec, check: Callable[[Any], object]) -> None:
    """Raises the ParamError of the first point if none of the first ones has parameters that pass."""
    first: ParamError | None = None
    for chosen in itertools.islice(_first_points(spec), CHECKED_CONFIGS):
        try:
            check(trial_spec.build_params(spec, chosen))
            return
        except ParamError as error:
            first = first or error
    if first is not None:
        raise first


def _check_logged(spec: SweepSpec, built: Any) -> None:
    """Raises ParamError if a trial with these params would never log the metric of the sweep."""
    why_not_logged = getattr(built, "why_not_logged", None)
    why = why_not_logged(spec.metric) if why_not_logged is not None else ""
    if why:
        raise ParamError(f"metric: no trial logs {spec.metric}: {why}.")


def _first_points(spec: SweepSpec) -> Any:
    if spec.sampler == "grid":
        return grid_points.grid_from([spec.axes], 0)
    kinds = trial_spec.axis_params(catalog.of(spec))
    return (axis_texts.sample_point(spec.axes, kinds, spec.seed, number) for number in range(CHECKED_CONFIGS))


def _fixed_params(experiment: Experiment, given: Mapping[str, Any], axes: Sequence[Axis]) -> dict[str, Value]:
    declared = {param.name: param for param in params.declared(experiment.params)}
    for name in given:
        if name not in declared:
            raise ParamError(f"Unknown parameter {name[:80]!r}.", f"It takes: {', '.join(declared)}.")
        if any(axis.name == name for axis in axes):
            raise ParamError(f"{name}: expected it fixed or as an axis, got both.")
    return {name: params.parse_value(declared[name], value) for name, value in given.items()}


def _seeds(given: int | Sequence[int]) -> tuple[int, ...]:
    if isinstance(given, int):
        return tuple(range(1, whole_number("seeds", given, 1, 10_000) + 1))
    if not given or len(set(given)) != len(given):
        raise ParamError(f"seeds: expected different whole numbers, got {str(given)[:80]}.")
    if len(given) > VALUE_LIMIT:
        raise ParamError(f"seeds: expected at most {VALUE_LIMIT:,}, got {len(given):,}.")
    return tuple(int(params.parse_number(SEED, value)) for value in given)


def _checked_prune(made: Prune) -> Prune:
    """Raises ParamError, InputError."""
    one_of("prune", made.kind, PRUNERS)
    whole_number("eta", made.eta, 2, 100)
    whole_number("rungs", made.rungs, 1, MAX_RUNGS)
    whole_number("startup", made.startup, 1, 10_000)
    if made.kind == "asha" and min(made.shares) < 1e-9:
        raise ParamError(f"rungs: with eta={made.eta}, {made.rungs} of them leave no step before the first.")
    return made


def optional_count(param: Param, given: Any) -> int | None:
    """None if it is not given. Raises ParamError."""
    found = params.parse_value(param, given)
    return None if found is None else int(found)


def _trials(given: Any, method: str) -> int | None:
    trials = optional_count(TRIALS, given)
    return DEFAULT_TRIALS if trials is None and method != "grid" else trials


def _goal(given: str, metric: str, experiment: Experiment) -> str:
    """The goal has to be given for a metric other than that of the experiment."""
    if not given and metric != experiment.best:
        raise ParamError(f"goal: expected min or max of {metric[:40]}, got none.", "For instance: --goal max")
    return one_of("goal", given or experiment.goal, ("min", "max"))


def one_of(field: str, given: str, choices: Sequence[str]) -> str:
    if given not in choices:
        raise ParamError(f"{field}: expected one of {', '.join(choices)}, got {given[:80]!r}.")
    return given


def whole_number(field: str, given: int, least: int, most: int) -> int:
    if not least <= given <= most:
        raise InputError(f"{field}: expected a whole number from {least:,} to {most:,}, got '{given}'.")
    return given
