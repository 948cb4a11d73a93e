"""Edits of a sweep, running or ended: each is checked and becomes an entry of its journal."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from engine import catalog, params
from engine.axes import SEED, Axis, count, parse_axis
from engine.errors import InputError, ParamError, RunRefused
from engine.protocol import Json
from engine.service.runs import extend_run, parent_checkpoint
from engine.service.sweeps import batch_spec, trial_spec
from engine.service.sweeps.batch_spec import SweepBatch
from engine.service.sweeps.journal import (
    AddEntry,
    CountEntry,
    EmptyEntry,
    ExtendEntry,
    HeldEntry,
    PinEntry,
    TrialEntry,
    WidenEntry,
)
from engine.service.sweeps.submission import MAX_POINTS, optional_count
from engine.service.sweeps.sweep import Sweep, Trial
from engine.sweep_protocol import (
    EDITS,
    PARALLEL,
    TRIALS,
    AddEdit,
    CountEdit,
    ExtendEdit,
    SweepSpec,
    SweepStatus,
    TrialEdit,
    TrialRow,
    TrialStatus,
    WidenEdit,
)
from engine.typed_json import WrongType, to_json, typed

SOLVED = "success"
"""the cause of a lane that reached its target"""
Made = HeldEntry | EmptyEntry | TrialEntry | PinEntry | AddEntry | WidenEntry | CountEntry | ExtendEntry


def read_edit(verb: str, facts: Mapping[str, Any]) -> Any:
    """One of EDITS. Raises InputError: the field, what was expected and what came."""
    kind = EDITS.get(verb)
    if kind is None:
        raise InputError(f"verb: expected one of {', '.join(EDITS)}, got {verb[:80]!r}.")
    for field in dataclasses.fields(kind):
        if field.default is dataclasses.MISSING and field.name not in facts:
            got = ", ".join(map(str, facts))[:80] or "nothing"
            raise InputError(f"{verb}: expected {field.name}=, got {got}.")
    try:
        return typed(facts, kind, strict=True)
    except WrongType as error:
        raise InputError(f"{verb}: {error}.") from error


def make_entry(sweep: Sweep, verb: str, edit: Any, lane: TrialRow | None = None) -> Json:
    """The journal entry of an edit; `lane` is the row of the lane that it names, if any.

    Raises DltuiError naming the field, what was expected and what was given.
    """
    if verb in _LANE_HANDLERS and (lane is not None or named_lane(sweep, edit) is not None):
        made = _LANE_HANDLERS[verb](sweep, edit, lane)
    else:
        made = _HANDLERS[verb](sweep, edit)
    return {"kind": "edited", "verb": verb, **to_json(made)}


def named_lane(sweep: Sweep, edit: Any) -> int | None:
    """The number of the lane that an edit names; None if it names none."""
    trial: int = getattr(edit, "trial", 0)
    return trial if trial > 0 and sweep.batch_of(trial) is not None else None


def _held(sweep: Sweep, verb: str) -> HeldEntry:
    if sweep.status() is SweepStatus.DONE:
        raise RunRefused(f"{sweep.spec.name} is done: nothing is left to {verb}.")
    return HeldEntry(tuple(trial.number for trial in sweep.trials.values() if trial.is_open))


def _stop_trial(sweep: Sweep, edit: TrialEdit) -> TrialEntry:
    trial = trial_of(sweep, edit.trial)
    if not trial.is_open and trial.row.status is not TrialStatus.PAUSED:
        raise RunRefused(f"trial {trial.number} is {trial.row.status} already.")
    return TrialEntry(trial.number)


def _add(sweep: Sweep, edit: AddEdit) -> AddEntry:
    given = edit.params
    if not given:
        raise ParamError("params: expected names and values, got none.")
    declared = {param.name: param for param in params.declared(catalog.of(sweep.spec).params)}
    trial_spec.build_params(sweep.spec, given)
    _check_shape(sweep.spec, given)
    usual = {axis.name: declared[axis.name].default for axis in sweep.spec.axes}
    read = {name: params.parse_value(declared[name], value) for name, value in given.items()}
    return AddEntry({**usual, **read})


def _check_shape(spec: SweepSpec, given: Mapping[str, Any]) -> None:
    """Raises ParamError for parameters that shape the weights, where trials begin with a checkpoint."""
    shaping = parent_checkpoint.shaping(catalog.of(spec).params) if spec.parent else ()
    for name in given:
        if name in shaping and spec.parent:
            raise ParamError(f"{name}: it shapes the checkpoint {spec.parent.short}, which every trial has.")


def _widen(sweep: Sweep, edit: WidenEdit) -> WidenEntry:
    wider = parse_axis(catalog.of(sweep.spec), edit.axis)
    if wider.name == SEED.name:
        if sweep.spec.lanes:
            _check_reseeded(
                sweep, [v for v in wider.values or () if isinstance(v, int) and v not in sweep.spec.seeds]
            )
        more = [value for value in wider.values or () if isinstance(value, int)]
        return WidenEntry(seeds=tuple(dict.fromkeys((*sweep.spec.seeds, *more))))
    known = {axis.name: axis for axis in sweep.spec.axes}
    if wider.name not in known:
        raise ParamError(f"axis: expected one of {', '.join(known) or 'none'}, or seed, got {wider.name!r}.")
    known[wider.name] = _union(known[wider.name], wider)
    axes = tuple(known.values())
    if sweep.spec.sampler == "grid":
        count(axes, 10**30 if sweep.spec.trials else MAX_POINTS)
    if sweep.spec.lanes:
        _check_widened(sweep, axes)
    return WidenEntry(axes=axes)


def _union(axis: Axis, wider: Axis) -> Axis:
    """Existing values come first, so that the points of a grid keep their numbers."""
    if (axis.values is None) != (wider.values is None):
        form = "a range" if axis.values is None else "values"
        raise ParamError(f"{axis.name}: expected {form}, as the axis has now.")
    low = min((end for end in (axis.low, wider.low) if end is not None), default=None)
    high = max((end for end in (axis.high, wider.high) if end is not None), default=None)
    if axis.values is None or wider.values is None:
        return Axis(axis.name, None, low, high, axis.log)
    values = tuple(dict.fromkeys((*axis.values, *wider.values)))
    both = axis.low is not None and wider.low is not None
    return Axis(axis.name, values, low if both else None, high if both else None, axis.log)


# --- of lanes ---------------------------------------------------------------------------------------------


def _stop_lane(sweep: Sweep, edit: TrialEdit, lane: TrialRow | None) -> TrialEntry:
    """A lane of a batch that has not started is stopped as soon as it starts."""
    if lane is not None and lane.status.is_settled and lane.status is not TrialStatus.PAUSED:
        raise RunRefused(f"trial {lane.trial} is {lane.status} already.")
    return TrialEntry(edit.trial)


def _extend_lane(sweep: Sweep, edit: ExtendEdit, lane: TrialRow | None) -> ExtendEntry:
    """The lane is trained again from the start as a batch of its own, which reproduces the same bits."""
    if lane is None:
        raise RunRefused(f"trial {edit.trial} waits: it can be extended once it has ended.")
    if sweep.wanted is not SweepStatus.RUNNING:
        raise RunRefused(f"{sweep.spec.name} is {sweep.status()}.", f"First: dltui sweep resume {sweep.id}")
    if not lane.status.is_settled:
        raise RunRefused(f"trial {lane.trial} is {lane.status}: it can be extended once it has ended.")
    if lane.status is TrialStatus.FAILED:
        raise RunRefused(f"trial {lane.trial} would fail again: {lane.cause}.")
    if lane.cause == SOLVED and lane.step < lane.total_steps:
        raise RunRefused(f"trial {lane.trial} stopped early, by its patience: more epochs change nothing.")
    declared = {param.name: param for param in params.declared(catalog.of(sweep.spec).params)}
    meant = lane.total_steps if edit.epochs is None else params.parse_value(declared["epochs"], edit.epochs)
    least = lane.step + 1
    if not isinstance(meant, int) or meant < least:
        raise ParamError(f"epochs: expected {least:,} or more, since it has had {lane.step:,}, got {meant}.")
    point = {**lane.params, "epochs": meant}
    batch_spec.build_params(
        sweep.spec, batch_spec.extended(sweep.batches, lane.trial, point, lane.seed, sweep.spec)
    )
    return ExtendEntry(lane.trial, {"epochs": meant}, point, lane.seed)


def _check_batch(batch: SweepBatch | None, sweep: Sweep) -> None:
    """Raises ParamError if there is nothing more to train, or too much."""
    if batch is None:
        raise ParamError("axis: expected values that it does not have yet, got none.")
    batch_spec.build_params(sweep.spec, batch)


def _check_widened(sweep: Sweep, axes: tuple[Axis, ...]) -> None:
    spec = sweep.spec
    if spec.sampler == "grid":
        _check_batch(
            batch_spec.widened(sweep.batches, axes, spec, sweep.next_trial(), sweep.next_config()), sweep
        )
    elif all(axis.values is not None for axis in spec.axes):
        raise RunRefused(
            f"{spec.name} samples from lists of values: a batched run takes no more of them.",
            "Start another sweep.",
        )


def _check_reseeded(sweep: Sweep, seeds: list[int]) -> None:
    more = batch_spec.reseeded(sweep.batches, seeds, sweep.next_trial()) if seeds else (None,)
    for batch in more:
        _check_batch(batch, sweep)


def _check_drawn(sweep: Sweep, count: int) -> None:
    spec, more = sweep.spec, count - batch_spec.count_points(sweep.batches)
    if spec.sampler != "random" or all(axis.values is not None for axis in spec.axes):
        raise RunRefused(
            f"{spec.name} already trains all points of its grid.", "Widen an axis, or start another sweep."
        )
    if more <= 0:
        raise ParamError(f"count: expected more than the {count - more:,} there are, got {count:,}.")
    batch = batch_spec.drawn(sweep.batches, spec, more, sweep.next_trial(), sweep.next_config())
    _check_batch(batch, sweep)


_LANE_HANDLERS: Mapping[str, Callable[[Sweep, Any, TrialRow | None], Made]] = {
    "stop_trial": _stop_lane,
    "pin": lambda sweep, edit, lane: PinEntry(edit.trial, edit.on),
    "extend": _extend_lane,
}


def _trials(sweep: Sweep, edit: CountEdit) -> CountEntry:
    count = optional_count(TRIALS, edit.count)
    if count is None and sweep.spec.sampler != "grid":
        raise ParamError("trials: expected how many, got all: only a grid has an end.")
    if sweep.spec.lanes and count is not None:
        _check_drawn(sweep, count)
    return CountEntry(count)


def _extend(sweep: Sweep, edit: ExtendEdit) -> ExtendEntry:
    trial = trial_of(sweep, edit.trial)
    if trial.is_open:
        raise RunRefused(f"trial {trial.number} is {trial.row.status}: it can be extended once it has ended.")
    if trial.row.status is TrialStatus.REFUSED:
        raise RunRefused(f"trial {trial.number} was refused: {trial.row.cause}")
    lengths = {name: given for name in extend_run.LENGTHS if (given := getattr(edit, name)) is not None}
    if not lengths and trial.row.status is TrialStatus.DONE:
        raise ParamError("epochs: expected more of them for a trial that is done, got none.")
    return ExtendEntry(trial.number, lengths)


def trial_of(sweep: Sweep, number: int) -> Trial:
    trial = sweep.trials.get(number) if number >= (1 if sweep.spec.lanes else 0) else None
    if trial is None:
        count = sweep.lane_count + sum(own > 0 for own in sweep.trials)
        raise RunRefused(
            f"trial: expected a number of one of the {count:,} trials, got {str(number)[:80]!r}.",
            "dltui sweep trials shows them.",
        )
    return trial


_HANDLERS: Mapping[str, Callable[[Sweep, Any], Made]] = {
    "pause": lambda sweep, edit: _held(sweep, "pause"),
    "stop": lambda sweep, edit: _held(sweep, "stop"),
    "resume": lambda sweep, edit: EmptyEntry(),
    "stop_trial": _stop_trial,
    "pin": lambda sweep, edit: PinEntry(trial_of(sweep, edit.trial).number, edit.on),
    "add": _add,
    "widen": _widen,
    "parallel": lambda sweep, edit: CountEntry(optional_count(PARALLEL, edit.count)),
    "trials": _trials,
    "extend": _extend,
}
