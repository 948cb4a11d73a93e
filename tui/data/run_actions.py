"""Actions on runs. Each returns one line that reports what happened, for a notification."""

from __future__ import annotations

import shlex
from collections.abc import Coroutine
from typing import Any

from textual.dom import DOMNode
from textual.worker import Worker, WorkerState

from engine import params
from engine.client.client import Client
from engine.errors import DltuiError, RunRefused, UnknownExperiment, without_error_number
from engine.params import Param
from engine.protocol import CauseKind, RunSummary, Status
from tui.data import replaced_program_files
from tui.data.run_text import given_name, name_of
from tui.data.value_text import changed_params, exact_settings, format_value
from tui.terminal.plain_text import plain
from tui.ui.numbers import short, size

Action = Coroutine[Any, Any, str]
NAMES_SHOWN = 3
"""names of runs in one notification"""


def run_and_notify(node: DOMNode, action: Action) -> None:
    """Run the action in a worker; a notification shows its result or its error."""
    node.run_worker(_notify_result(node, action), group="actions", exit_on_error=False)


async def _notify_result(node: DOMNode, action: Action) -> None:
    try:
        text = await action
        if text:
            node.app.notify(text, markup=False)
    except (DltuiError, OSError) as error:
        text = plain(without_error_number(str(error)), limit=500)
        node.app.notify(text, severity="error", markup=False, timeout=8)


def notify_worker_error(node: DOMNode, event: Worker.StateChanged) -> None:
    """Show an unexpected error of a worker as a notification; the app keeps running."""
    if event.state is WorkerState.ERROR:
        error = plain(f"{event.worker.group}: {event.worker.error!r}", limit=300)
        text = replaced_program_files.TEXT if replaced_program_files.is_replaced() else error
        node.app.notify(text, severity="error", markup=False, timeout=15)


def is_resumable(run: RunSummary) -> bool:
    """Whether the run can probably be resumed; the engine decides."""
    if run.status is Status.PAUSED:
        return True
    if run.spec.command is not None:
        return run.status in (Status.STOPPED, Status.FAILED, Status.LOST) and run.attempt > 0
    if run.status is Status.DONE:  # its last checkpoint was not saved
        return run.cause is not None and run.cause.kind is not CauseKind.FINISHED
    return run.status in (Status.STOPPED, Status.FAILED, Status.LOST) and run.checkpoint_step > 0


async def pause_or_resume(client: Client, run: RunSummary) -> str:
    if is_resumable(run):
        await client.resume(run.id)
        return f"{name_of(run)} continues from step {run.checkpoint_step:,}."
    if run.status is Status.RUNNING or run.status is Status.QUEUED:
        await client.pause(run.id)
        return f"{name_of(run)} pauses at its next step."
    raise RunRefused(f"{name_of(run)} is {run.status}: there is nothing to pause or to resume.")


async def resume_with_code(client: Client, run: RunSummary, is_own: bool) -> str:
    """Resume a run whose file was changed: exactly, with the code it keeps, or with the changed code."""
    if is_own:
        await client.resume(run.id, code="kept")
    else:
        await client.resume(run.id, "fast")
    which = "its own" if is_own else "the changed"
    return f"{name_of(run)} continues from step {run.checkpoint_step:,} with {which} code."


async def stop(client: Client, run: RunSummary) -> str:
    await client.stop(run.id)
    return f"{name_of(run)} stops at its next step."


async def remove(client: Client, run: RunSummary, undo_key: str) -> str:
    removal = await client.remove(run.id)
    return f"{name_of(run)} is removed: {size(removal.bytes)}, kept for a day. {undo_key} brings it back."


async def undo(client: Client) -> str:
    """Bring back the last removal."""
    back = await client.undo()
    names = ", ".join(plain(item.name, limit=80) for item in back.items[:NAMES_SHOWN])
    more = f" and {len(back.items) - NAMES_SHOWN} more" if len(back.items) > NAMES_SHOWN else ""
    return f"{names}{more} {'is' if len(back.items) == 1 else 'are'} back."


async def set_live(client: Client, run: RunSummary, name: str, value: object) -> str:
    await client.set(run.id, name, value)
    shown = short(value) if isinstance(value, int | float) else plain(format_value(name, value), limit=40)
    return f"{name_of(run)}: {plain(name, limit=40)} = {shown} from its next step on."


def live_params(run: RunSummary) -> tuple[Param, ...]:
    """The parameters that can be changed during training; none of an unknown experiment."""
    from engine import catalog  # not before the first screen

    try:
        experiment = catalog.of(run.spec)
    except UnknownExperiment:
        return ()
    return tuple(param for param in params.declared(experiment.params) if param.live)


def current_value(run: RunSummary, param: Param) -> params.Value:
    """The value set last, during training or at the start."""
    return run.live.get(param.name, run.spec.params.get(param.name, param.default))


def current_number(run: RunSummary, param: Param) -> float | None:
    """The number in effect, that of a recipe where the value is None; None where there is none."""
    from engine import catalog

    value = current_value(run, param)
    if value is None:
        value = catalog.effective(catalog.known(run.spec), {**run.spec.params, param.name: None}).get(
            param.name
        )
    return value if isinstance(value, int | float) else None


def scaled_lr(run: RunSummary, factor: float) -> tuple[str, float]:
    """Name and new value of the learning rate. Raises RunRefused for a run without a live one."""
    for param in live_params(run):
        if param.name == "lr" and (now := current_number(run, param)) is not None:
            return param.name, float(f"{now * factor:.4g}")
    raise RunRefused(f"{name_of(run)} has no learning rate that can be changed during training.")


def command_line(run: RunSummary) -> str:
    """The shell command that starts the same run again."""
    if run.spec.command is not None:
        from tui.data.command_text import exec_line  # not before the first screen

        return exec_line(run.spec, given_name(run))
    file = run.spec.file
    arguments = ["dltui", "run", file.path if file and not file.module else run.spec.experiment]
    for setting in changed_settings(run):
        arguments += ["--set", setting]
    arguments += ["--seed", str(run.spec.seed)]
    if run.spec.parent:
        arguments += ["--begin", run.spec.parent.whole]
    if file is not None and file.python:
        arguments += ["--python", file.python]
    if run.spec.device != "auto":
        arguments += ["--device", run.spec.device]
    executor, _, address = run.spec.executor.partition("@")
    if executor != "local":
        arguments += ["--executor", executor]
    if address:
        arguments += ["--ray-address", address]
    if given_name(run):
        arguments += ["--name", given_name(run)]
    return _data_of(run) + shlex.join(arguments)


def _data_of(run: RunSummary) -> str:
    """The environment assignment for the same data; empty where the spec has no data folder."""
    from engine import catalog  # not before the first screen

    try:
        reads_data = catalog.of(run.spec).reads_data
    except UnknownExperiment:
        reads_data = False
    return f"DLTUI_DATA={shlex.quote(run.spec.data)} " if reads_data and run.spec.data is not None else ""


def changed_settings(run: RunSummary) -> list[str]:
    return exact_settings(changed_params(run))
