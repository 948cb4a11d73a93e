"""What can be done to a run, each answered with one line that says what happened."""

from __future__ import annotations

import shlex
from collections.abc import Coroutine
from typing import Any

from textual.dom import DOMNode
from textual.worker import Worker, WorkerState

from engine import params
from engine.client.client import Client
from engine.errors import DltuiError, EngineError, RunRefused, UnknownExperiment
from engine.params import Param
from engine.protocol import CauseKind, RunSummary, Status
from tui.data.run_text import name_of, own_name
from tui.data.value_text import changed_params, exact_pairs, value_of
from tui.terminal.plain_text import plain
from tui.ui.numbers import short, size

Deed = Coroutine[Any, Any, str]
NAMED = 3
"""runs named in a notice"""


def attempt(node: DOMNode, deed: Deed) -> None:
    """Do it beside everything else; its answer or its failure is said in a notice."""
    node.run_worker(_said(node, deed), group="deeds", exit_on_error=False)


async def _said(node: DOMNode, deed: Deed) -> None:
    try:
        words = await deed
        if words:
            node.app.notify(words, markup=False)
    except (DltuiError, OSError) as error:
        node.app.notify(plain(str(error), limit=500), severity="error", markup=False, timeout=8)


def report(node: DOMNode, event: Worker.StateChanged) -> None:
    """A worker that ended by an error nobody expected says so, once, and the app goes on."""
    if event.state is WorkerState.ERROR:
        words = plain(f"{event.worker.group}: {event.worker.error!r}", limit=300)
        node.app.notify(words, severity="error", markup=False, timeout=15)


def resumable(run: RunSummary) -> bool:
    """Whether going on may make sense; the engine has the last word."""
    if run.status is Status.PAUSED:
        return True
    if run.status is Status.DONE:  # its last checkpoint was not saved
        return run.cause is not None and run.cause.kind is not CauseKind.FINISHED
    return run.status in (Status.STOPPED, Status.FAILED, Status.LOST) and run.checkpoint_step > 0


async def pause_or_resume(client: Client, run: RunSummary) -> str:
    if resumable(run):
        await client.resume(run.id)
        return f"{name_of(run)} continues from step {run.checkpoint_step:,}."
    if run.status is Status.RUNNING or run.status is Status.QUEUED:
        await client.pause(run.id)
        return f"{name_of(run)} pauses at its next step."
    raise RunRefused(f"{name_of(run)} is {run.status}: there is nothing to pause or to resume.")


async def stop(client: Client, run: RunSummary) -> str:
    await client.stop(run.id)
    return f"{name_of(run)} stops at its next step."


async def remove(client: Client, run: RunSummary, undo_key: str) -> str:
    removal = await client.remove(run.id)
    return f"{name_of(run)} is removed: {size(removal.bytes)}, kept for a day. {undo_key} brings it back."


async def undo(client: Client) -> str:
    """Bring back the last removal."""
    back = await client.undo()
    names = ", ".join(plain(item.name, limit=80) for item in back.items[:NAMED])
    more = f" and {len(back.items) - NAMED} more" if len(back.items) > NAMED else ""
    return f"{names}{more} {'is' if len(back.items) == 1 else 'are'} back."


async def set_live(client: Client, run: RunSummary, name: str, value: object) -> str:
    await client.set(run.id, name, value)
    shown = short(value) if isinstance(value, int | float) else plain(value_of(name, value), limit=40)
    return f"{name_of(run)}: {plain(name, limit=40)} = {shown} from its next step on."


def live_params(run: RunSummary) -> tuple[Param, ...]:
    """What can be changed while it trains."""
    from engine import catalog  # not before the first screen

    try:
        experiment = catalog.find(run.spec.experiment)
    except UnknownExperiment:
        return ()
    return tuple(param for param in params.declared(experiment.params) if param.live)


def value_now(run: RunSummary, param: Param) -> params.Value:
    """As it was set last, while it trained or before."""
    return run.live.get(param.name, run.spec.params.get(param.name, param.default))


def number_now(run: RunSummary, param: Param) -> float | None:
    """What it trains with; None where nothing says a number."""
    from engine import catalog

    value = value_now(run, param)
    if value is None:
        value = catalog.effective(run.spec.experiment, {**run.spec.params, param.name: None}).get(param.name)
    return value if isinstance(value, int | float) else None


def scaled_lr(run: RunSummary, factor: float) -> tuple[str, float]:
    """Name and new value of the learning rate. Raises RunRefused when the run has none to change."""
    for param in live_params(run):
        if param.name == "lr" and (now := number_now(run, param)) is not None:
            return param.name, float(f"{now * factor:.4g}")
    raise RunRefused(f"{name_of(run)} has no learning rate that can be changed during training.")


def command_line(run: RunSummary) -> str:
    """The command that asks for the same run again."""
    words = ["dltui", "run", run.spec.experiment]
    for setting in pairs_of(run):
        words += ["--set", setting]
    words += ["--seed", str(run.spec.seed)]
    if run.spec.device != "auto":
        words += ["--device", run.spec.device]
    executor, _, address = run.spec.executor.partition("@")
    if executor != "local":
        words += ["--executor", executor]
    if address:
        words += ["--ray-address", address]
    if own_name(run):
        words += ["--name", own_name(run)]
    return _data_of(run) + shlex.join(words)


def _data_of(run: RunSummary) -> str:
    """The assignment in front of a command that asks for the same data; a run of before names none."""
    from engine import catalog  # not before the first screen

    try:
        reads_data = catalog.find(run.spec.experiment).reads_data
    except UnknownExperiment:
        reads_data = False
    return f"DLTUI_DATA={shlex.quote(run.spec.data)} " if reads_data and run.spec.data is not None else ""


def pairs_of(run: RunSummary) -> list[str]:
    return exact_pairs(changed_params(run))


def require(run: RunSummary | None) -> RunSummary:
    """Raises EngineError when no run is selected."""
    if run is None:
        raise EngineError("No run is selected.", "Press n to start one.")
    return run
