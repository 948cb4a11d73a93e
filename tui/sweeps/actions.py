"""Commands for a sweep or a trial; each returns one line about its result, and raises DltuiError."""

from __future__ import annotations

from collections.abc import Mapping

from engine import catalog, params
from engine.axes import parse_axis
from engine.client.client import Client
from engine.errors import DltuiError, ParamError
from engine.params import Param
from engine.protocol import RunSummary
from engine.sweep_protocol import PARALLEL, TRIALS, SweepStatus, SweepSummary, TrialRow
from tui.data.value_text import format_exact
from tui.sweeps import settings
from tui.terminal.plain_text import plain

LENGTHS = ("epochs", "iterations", "steps")
"""parameters that only set when training ends"""
COUNTS = (TRIALS, PARALLEL)


def name_of(sweep: SweepSummary) -> str:
    return plain(sweep.spec.name or sweep.id, limit=80)


async def pause_or_resume(client: Client, sweep: SweepSummary) -> str:
    verb = "pause" if sweep.status is SweepStatus.RUNNING else "resume"
    await client.sweep_edit(sweep.id, verb)
    return f"{name_of(sweep)} {'pauses' if verb == 'pause' else 'resumes'}."


async def stop(client: Client, sweep: SweepSummary) -> str:
    await client.sweep_edit(sweep.id, "stop")
    return f"{name_of(sweep)} stops."


async def remove(client: Client, sweep: SweepSummary, undo_key: str) -> str:
    await client.sweep_remove(sweep.id)
    return f"{name_of(sweep)} is removed; its trials stay in the Runs tab. {undo_key} brings it back."


async def pin(client: Client, sweep: SweepSummary, row: TrialRow) -> str:
    await client.sweep_edit(sweep.id, "pin", trial=row.trial, on=not row.pinned)
    return f"Trial {row.trial} is {'pinned: nothing prunes it' if not row.pinned else 'no longer pinned'}."


async def stop_trial(client: Client, sweep: SweepSummary, row: TrialRow) -> str:
    await client.sweep_edit(sweep.id, "stop_trial", trial=row.trial)
    return f"Trial {row.trial} stops."


async def widen(client: Client, sweep: SweepSummary, typed: Mapping[str, str]) -> str:
    """Add values to axes. Raises ParamError, before anything is changed, for no value or a wrong one."""
    experiment = catalog.find(sweep.spec.experiment)
    given = [f"{name}={text.strip()}" for name, text in typed.items() if text.strip()]
    if not given:
        raise ParamError("Expected more values for one axis at least, got none.")
    for text in given:
        parse_axis(experiment, text)
    for text in given:
        await client.sweep_edit(sweep.id, "widen", axis=text)
    return f"{name_of(sweep)}: {plain('; '.join(given), limit=200)} is tried as well."


async def resize(client: Client, sweep: SweepSummary, typed: Mapping[str, str]) -> str:
    counts = {param.name: params.parse_value(param, typed[param.name]) for param in COUNTS}
    now = {"trials": sweep.spec.trials, "parallel": sweep.spec.parallel}
    changed = {name: count for name, count in counts.items() if count != now[name]}
    for name, count in changed.items():
        await client.sweep_edit(sweep.id, name, count=count)
    result = ", ".join(f"{name} {settings.typed(name, count)}" for name, count in changed.items())
    return f"{name_of(sweep)}: {result or 'nothing is changed'}."


async def add(client: Client, sweep: SweepSummary, given: Mapping[str, object]) -> str:
    await client.sweep_edit(sweep.id, "add", params=dict(given))
    return f"{name_of(sweep)}: one trial more."


def to_add(sweep: SweepSummary, typed: Mapping[str, str]) -> dict[str, object]:
    """The parameters of a new trial: those of the axes, and those that differ from the sweep's.
    Raises ParamError."""
    experiment = catalog.find(sweep.spec.experiment)
    values = params.build(experiment.params, dict(typed))
    axes = {axis.name for axis in sweep.spec.axes}
    return {
        param.name: getattr(values, param.name)
        for param in params.declared(experiment.params)
        if param.name in axes
        or getattr(values, param.name) != sweep.spec.params.get(param.name, param.default)
    }


def lengths_of(sweep: SweepSummary) -> tuple[Param, ...]:
    declared = params.declared(catalog.find(sweep.spec.experiment).params)
    return tuple(param for param in declared if param.name in LENGTHS)


def length_now(sweep: SweepSummary, row: TrialRow, param: Param) -> params.Value:
    if row.lane is not None and param.name == "epochs":
        return row.total_steps
    return row.params.get(param.name, sweep.spec.params.get(param.name, param.default))


async def extend(client: Client, sweep: SweepSummary, row: TrialRow, typed: Mapping[str, str]) -> str:
    """Train a trial for longer. Raises DltuiError, also where no length is larger."""
    read = ((param, params.parse_value(param, typed[param.name])) for param in lengths_of(sweep))
    lengths = {param.name: value for param, value in read if value != length_now(sweep, row, param)}
    await client.sweep_edit(sweep.id, "extend", trial=row.trial, **lengths)
    result = ", ".join(f"{name} {format_exact(name, value)}" for name, value in lengths.items())
    return f"Trial {row.trial} trains on{': ' + result if result else ''}."


def values_of(sweep: SweepSummary, row: TrialRow) -> dict[str, object]:
    """The parameters of a trial that were given, by the sweep or by its axes."""
    return {**sweep.spec.params, **row.params}


async def train_alone(client: Client, sweep: SweepSummary, row: TrialRow) -> RunSummary:
    """Submit the configuration of a trial as a run outside the sweep."""
    return await client.submit(
        sweep.spec.experiment,
        values_of(sweep, row),
        seed=row.seed,
        name=f"{sweep.spec.name[:50]}-{row.trial} alone",
        data=sweep.spec.data,
    )


async def run_of(client: Client, row: TrialRow) -> RunSummary:
    """The run of a trial. Raises DltuiError where it has none, or the run was removed."""
    if not row.run:
        raise DltuiError(f"Trial {row.trial} is {row.status}: it has no run yet.")
    return await client.show(row.run)
