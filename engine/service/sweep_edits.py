"""Changes of a sweep that runs, or has run: each one checked, then a fact of its journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import catalog, params
from engine.axes import SEED, Axis, count, parse_axis
from engine.errors import DltuiError, ParamError, RunRefused
from engine.protocol import Json
from engine.service import extension, trial_spec
from engine.service.sweep import EDITS, Sweep, Trial
from engine.service.sweep_submission import POINTS, whole
from engine.sweep_protocol import SweepStatus, TrialStatus, axis_to_json

_NEEDS = {
    "pause": (), "resume": (), "stop": (), "stop_trial": ("trial",), "pin": ("trial",), "add": ("params",),
    "widen": ("axis",), "parallel": ("count",), "trials": ("count",), "extend": ("trial",),
}  # fmt: skip


def fact_of(sweep: Sweep, verb: Any, given: Any) -> Json:
    """The fact to be written down. Raises DltuiError naming the field, what was expected and what came."""
    if verb not in EDITS:
        raise DltuiError(f"verb: expected one of {', '.join(EDITS)}, got {str(verb)[:80]!r}.")
    facts = given if isinstance(given, dict) else {}
    if sweep.spec.lanes and verb in ("widen", "trials"):
        raise RunRefused(f"{sweep.spec.name} trains as one batch, which cannot grow.", "Start another sweep.")
    for name in _NEEDS[verb]:
        if name not in facts:
            raise DltuiError(f"{verb}: expected {name}=, got {', '.join(map(str, facts))[:80] or 'nothing'}.")
    return {"kind": "edited", "verb": verb, **_READ[verb](sweep, facts)}


def lengths_of(sweep: Sweep, facts: Mapping[str, Any], trial: Trial) -> dict[str, Any]:
    """What a trial is to be extended to, by parameter. Empty for one that only goes to its end."""
    return {name: value for name, value in facts.items() if name in extension.LENGTHS and value is not None}


def _held(sweep: Sweep, facts: Json) -> Json:
    return {"held": [trial.number for trial in sweep.trials.values() if trial.open]}


def _pause(sweep: Sweep, facts: Json) -> Json:
    if sweep.status() is SweepStatus.DONE:
        raise RunRefused(f"{sweep.spec.name} is done: nothing is left to pause.")
    return _held(sweep, facts)


def _stop(sweep: Sweep, facts: Json) -> Json:
    if sweep.status() is SweepStatus.DONE:
        raise RunRefused(f"{sweep.spec.name} is done: nothing is left to stop.")
    return _held(sweep, facts)


def _stop_trial(sweep: Sweep, facts: Json) -> Json:
    trial = trial_of(sweep, facts["trial"])
    if not trial.open and trial.row.status is not TrialStatus.PAUSED:
        raise RunRefused(f"trial {trial.number} is {trial.row.status} already.")
    return {"trial": trial.number}


def _pin(sweep: Sweep, facts: Json) -> Json:
    return {"trial": trial_of(sweep, facts["trial"]).number, "on": facts.get("on", True) is not False}


def _add(sweep: Sweep, facts: Json) -> Json:
    given = facts["params"]
    if not isinstance(given, dict) or not given:
        raise ParamError(f"params: expected names and values, got {str(given)[:80]!r}.")
    declared = {param.name: param for param in params.declared(catalog.find(sweep.spec.experiment).params)}
    trial_spec.check(sweep.spec, given)
    return {"params": {name: params.read(declared[name], value) for name, value in given.items()}}


def _widen(sweep: Sweep, facts: Json) -> Json:
    if not isinstance(facts["axis"], str):
        raise ParamError(f"axis: expected a text such as lr=0.5,1, got {str(facts['axis'])[:80]!r}.")
    wider = parse_axis(catalog.find(sweep.spec.experiment), facts["axis"])
    if wider.name == SEED.name:
        return {"seeds": list(dict.fromkeys((*sweep.spec.seeds, *(wider.values or ()))))}
    known = {axis.name: axis for axis in sweep.spec.axes}
    if wider.name not in known:
        raise ParamError(f"axis: expected one of {', '.join(known) or 'none'}, or seed, got {wider.name!r}.")
    known[wider.name] = _union(known[wider.name], wider)
    axes = tuple(known.values())
    if sweep.spec.sampler == "grid":
        count(axes, 10**30 if sweep.spec.trials else POINTS)
    return {"axes": [axis_to_json(axis) for axis in axes]}


def _union(axis: Axis, wider: Axis) -> Axis:
    """What was there first comes first: the numbers of a grid's points stay what they were."""
    if (axis.values is None) != (wider.values is None):
        form = "a range" if axis.values is None else "values"
        raise ParamError(f"{axis.name}: expected {form}, as the axis has now.")
    low, high = _least(axis.low, wider.low), _most(axis.high, wider.high)
    if axis.values is None or wider.values is None:
        return Axis(axis.name, None, low, high, axis.log)
    values = tuple(dict.fromkeys((*axis.values, *wider.values)))
    both = axis.low is not None and wider.low is not None
    return Axis(axis.name, values, low if both else None, high if both else None, axis.log)


def _least(one: float | None, other: float | None) -> float | None:
    return min((value for value in (one, other) if value is not None), default=None)


def _most(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)


def _parallel(sweep: Sweep, facts: Json) -> Json:
    return {"count": whole("count", facts["count"], 0, 1000)}


def _trials(sweep: Sweep, facts: Json) -> Json:
    least = 0 if sweep.spec.sampler == "grid" else 1
    return {"count": whole("count", facts["count"], least, POINTS)}


def _extend(sweep: Sweep, facts: Json) -> Json:
    trial = trial_of(sweep, facts["trial"])
    if trial.open:
        raise RunRefused(f"trial {trial.number} is {trial.row.status}: it can be extended once it has ended.")
    if trial.row.status is TrialStatus.REFUSED:
        raise RunRefused(f"trial {trial.number} was refused: {trial.row.cause}")
    lengths = lengths_of(sweep, facts, trial)
    if not lengths and trial.row.status is TrialStatus.DONE:
        raise ParamError("epochs: expected more of them for a trial that is done, got none.")
    return {"trial": trial.number, "lengths": lengths}


def trial_of(sweep: Sweep, number: Any) -> Trial:
    if sweep.spec.lanes and type(number) is int and 0 <= number <= sweep.lane_count:
        raise RunRefused(
            f"trial {number} is one of {sweep.lane_count:,} that train as one batch.",
            "Pause or stop the sweep; or add its parameters as a trial of its own.",
        )
    trial = sweep.trials.get(number) if type(number) is int else None
    if trial is None:
        raise RunRefused(
            f"trial: expected a number of one of the {len(sweep.trials)} trials, got {str(number)[:80]!r}.",
            "dltui sweep trials shows them.",
        )
    return trial


_READ = {
    "pause": _pause, "resume": lambda sweep, facts: {}, "stop": _stop, "stop_trial": _stop_trial, "pin": _pin,
    "add": _add, "widen": _widen, "parallel": _parallel, "trials": _trials, "extend": _extend,
}  # fmt: skip
