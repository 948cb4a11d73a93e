"""The data of the plots of a sweep. May import Optuna: call it outside the event loop."""

from __future__ import annotations

import math
import statistics
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine import catalog
from engine.axes import SEED, Axis
from engine.errors import InputError
from engine.metric_goal import MetricGoal
from engine.params import Value
from engine.protocol import Json
from engine.service.sweeps import query_trials
from engine.sweep_protocol import ANALYSES, SweepSpec, TrialRow, TrialStatus

BINS = 12
"""of a heat map along an axis with many different numbers"""
MAX_TRIALS = 5000
"""most trials in a plot: the last ones"""
MAX_WEIGHED = 2000
"""most trials from which importance is computed"""
MIN_TRIALS = 8
_UNFIT = (TrialStatus.FAILED, TrialStatus.LOST, TrialStatus.DAMAGED, TrialStatus.REFUSED)


def analyse(
    spec: SweepSpec, rows: Sequence[TrialRow], kind: Any, where: str, facts: Json, *, with_gaps: bool = False
) -> Json:
    """`with_gaps` keeps trials that lack an axis. Raises DltuiError for an invalid kind, filter or axis."""
    if kind not in ANALYSES:
        raise InputError(f"kind: expected one of {', '.join(ANALYSES)}, got {str(kind)[:80]!r}.")
    chosen = [row for row in query_trials.filtered(rows, where) if row.value is not None]
    valued = [row for row in chosen if row.status not in _UNFIT]
    if (
        kind != "best" and not with_gaps
    ):  # a trial added by a user may lack an axis: it is left out of these plots
        valued = [row for row in valued if all(_has_value(spec, row, axis) for axis in spec.axes)]
    return _KINDS[kind](spec, valued[-MAX_TRIALS:], facts)


def axes_of(spec: SweepSpec) -> list[Axis]:
    """The axes, with the seed if it varies."""
    seed = [Axis(SEED.name, tuple(spec.seeds))] if len(spec.seeds) > 1 else []
    return [*spec.axes, *seed]


def _cell(spec: SweepSpec, row: TrialRow, name: str) -> Value:
    """The value of a trial on an axis, None if it has none; None in params becomes its word, such as auto."""
    return row.seed if name == SEED.name else _with_words(spec, row.params).get(name)


def _has_value(spec: SweepSpec, row: TrialRow, axis: Axis) -> bool:
    """Whether the trial has a value on the axis; a word such as auto is none on a range."""
    cell = _cell(spec, row, axis.name)
    return cell is not None and (axis.low is None or not isinstance(cell, str))


def _with_words(spec: SweepSpec, values: Mapping[str, Value]) -> Mapping[str, Value]:
    return catalog.display_values(catalog.known(spec), values) if None in values.values() else values


def _values(spec: SweepSpec, axis: Axis) -> list[Value]:
    """The values listed for an axis, with words for None."""
    return [_with_words(spec, {axis.name: value})[axis.name] for value in axis.values or ()]


def _choices(spec: SweepSpec, axis: Axis, rows: Sequence[TrialRow]) -> list[Value] | None:
    """The distinct values of a categorical axis; None for an axis of numbers."""
    found = dict.fromkeys(_values(spec, axis))
    found.update(dict.fromkeys(cell for row in rows if (cell := _cell(spec, row, axis.name)) is not None))
    return list(found) if any(isinstance(value, str | bool) for value in found) else None


def _best_so_far(spec: SweepSpec, rows: Sequence[TrialRow], facts: Json) -> Json:
    best: float | None = None
    goal, points = MetricGoal(spec.metric, spec.goal == "max"), []
    for row in sorted(rows, key=lambda row: row.trial):
        value = row.value or 0.0
        if goal.is_better(value, best):
            best = value
        points.append([row.trial, value, best])
    return {"points": points}


def _parallel(spec: SweepSpec, rows: Sequence[TrialRow], facts: Json) -> Json:
    axes = axes_of(spec)
    columns = []
    for axis in axes:
        choices = _choices(spec, axis, rows)
        numbers = (
            [] if choices else [cell for row in rows if (cell := _cell(spec, row, axis.name)) is not None]
        )
        columns.append(
            {"name": axis.name, "log": axis.log, "choices": choices, "low": min(numbers, default=None),
             "high": max(numbers, default=None)}
        )  # fmt: skip
    drawn = sorted(rows, key=lambda row: row.value or 0.0, reverse=spec.goal != "max")
    lines = [
        {"trial": row.trial, "status": str(row.status), "value": row.value,
         "cells": [_cell(spec, row, axis.name) for axis in axes]}
        for row in drawn
    ]  # fmt: skip
    return {"columns": columns, "rows": lines}


def _slice(spec: SweepSpec, rows: Sequence[TrialRow], facts: Json) -> Json:
    return {
        "params": [
            {
                "name": axis.name,
                "log": axis.log,
                "choices": _choices(spec, axis, rows),
                "points": [[_cell(spec, row, axis.name), row.value, row.trial] for row in rows],
            }
            for axis in axes_of(spec)
        ]
    }


def _heat(spec: SweepSpec, rows: Sequence[TrialRow], facts: Json) -> Json:
    axes = {axis.name: axis for axis in axes_of(spec)}
    names = [facts.get(side) or name for side, name in zip("xy", [*axes, "", ""], strict=False)]
    for side, name in zip("xy", names, strict=True):
        if not isinstance(name, str) or name not in axes:
            raise InputError(f"{side}: expected an axis ({', '.join(axes)}), got {str(name)[:80]!r}.")
    x, y = (_scale(spec, axes[name], rows) for name in names)
    cells: dict[tuple[int, int], list[float]] = {}
    for row in rows:
        place = (y[1](_cell(spec, row, names[1])), x[1](_cell(spec, row, names[0])))
        cells.setdefault(place, []).append(row.value or 0.0)
    across, down = range(len(x[0])), range(len(y[0]))
    means = [[statistics.fmean(cells[j, i]) if (j, i) in cells else None for i in across] for j in down]
    counts = [[len(cells.get((j, i), ())) for i in across] for j in down]
    return {"x": names[0], "y": names[1], "xs": x[0], "ys": y[0], "cells": means, "counts": counts}


def _scale(spec: SweepSpec, axis: Axis, rows: Sequence[TrialRow]) -> tuple[list[Value], Callable[[Any], int]]:
    """The marks of an axis, and a function from a value to the index of its mark."""
    found = {cell for row in rows if (cell := _cell(spec, row, axis.name)) is not None} | set(
        _values(spec, axis)
    )
    listed = _choices(spec, axis, rows)
    marks = listed if listed is not None else sorted(found, key=_as_number)
    if listed is not None or len(marks) <= 2 * BINS:
        places = {mark: place for place, mark in enumerate(marks)}
        return list(marks), places.__getitem__
    warp = math.log if axis.log else float
    low, high = warp(_as_number(marks[0])), warp(_as_number(marks[-1]))
    width = (high - low) / BINS
    middles = [low + (place + 0.5) * width for place in range(BINS)]
    shown: list[Value] = [float(f"{math.exp(m) if axis.log else m:.6g}") for m in middles]
    return shown, lambda value: min(BINS - 1, int((warp(float(value)) - low) / width))


def _importance(spec: SweepSpec, rows: Sequence[TrialRow], facts: Json) -> Json:
    """PED-ANOVA (Watanabe et al. 2023): how much an axis decides whether a trial is in the best tenth."""
    used = rows[-MAX_WEIGHED:]
    space = _space(spec, used)
    why = _why_none(used, space)
    if why:
        return {"importance": [], "why": why}
    shares = _ped_anova(spec, used, space)
    shares.update({axis.name: 0.0 for axis in spec.axes if axis.name not in shares})
    return {"importance": sorted(shares.items(), key=lambda pair: -pair[1]), "why": ""}


def _why_none(rows: Sequence[TrialRow], space: Mapping[str, Any]) -> str:
    """Why importance cannot be computed; empty if it can."""
    if len(rows) < MIN_TRIALS:
        return f"it takes {MIN_TRIALS} trials or more that have a value; there are {len(rows)}"
    if not space:
        return "no axis has more than one value"
    if len({row.value for row in rows}) == 1:
        return f"all {len(rows)} trials have the same value, {rows[0].value:.6g}"
    return ""


def _space(spec: SweepSpec, rows: Sequence[TrialRow]) -> Mapping[str, Any]:
    """Distributions of the axes that have more than one value."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution

    found: dict[str, Any] = {}
    for axis in spec.axes:
        cells = {_cell(spec, row, axis.name) for row in rows}
        if len(cells) < 2:
            continue
        if _choices(spec, axis, rows) is not None:
            found[axis.name] = CategoricalDistribution(sorted(cells, key=str))
        else:
            numbers = sorted(map(_as_number, cells))
            low, high = numbers[0], numbers[-1]
            found[axis.name] = FloatDistribution(low, high, log=axis.log and low > 0)
    return found


def _ped_anova(spec: SweepSpec, rows: Sequence[TrialRow], space: Mapping[str, Any]) -> dict[str, float]:
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

    optuna.logging.disable_default_handler()
    warnings.filterwarnings("ignore", module="optuna")  # it warns of equal values, which give equal shares
    study = optuna.create_study(direction="maximize" if spec.goal == "max" else "minimize")
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: _coordinate(_cell(spec, row, name), space[name]) for name in space},
                distributions=dict(space),
                value=row.value,
            )
            for row in rows
        ]
    )
    found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    return {name: round(share, 6) for name, share in found.items()}


def _as_number(value: Value) -> float:
    return float(value or 0)


def _coordinate(value: Value, distribution: Any) -> Value:
    return value if hasattr(distribution, "choices") else _as_number(value)


_KINDS = {
    "importance": _importance, "parallel": _parallel, "slice": _slice, "best": _best_so_far, "heat": _heat,
}  # fmt: skip
