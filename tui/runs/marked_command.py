"""A command for all marked runs, or all trials of a sweep: one question before, one line about the result."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from engine.client.client import Client
from engine.errors import DltuiError
from engine.protocol import CauseKind, RunSummary, SkippedRun, Status
from engine.table_protocol import SweepRow
from tui.data.run_text import name_of
from tui.data.value_text import plural
from tui.runs.sweep_cells import name_of_sweep
from tui.terminal.plain_text import plain
from tui.ui.numbers import size

NAMES_SHOWN = 20
"""names of runs in one line that says why nothing can be done"""
_POSSIBLE = {
    "pause": {Status.RUNNING, Status.QUEUED},
    "resume": {Status.PAUSED},
    "stop": {Status.RUNNING, Status.PAUSING, Status.QUEUED, Status.PAUSED},
    "remove": {
        Status.QUEUED, Status.PAUSED, Status.DONE, Status.STOPPED, Status.FAILED, Status.LOST, Status.DAMAGED,
        Status.IMPORTED,
    },
}  # fmt: skip
_AT_ONCE = {"pause": "paused", "stop": "stopped"}


@dataclass(frozen=True, slots=True)
class MarkedRuns:
    """The runs that a command applies to, and those it leaves out."""

    verb: str
    runs: tuple[RunSummary, ...]
    left_out: tuple[SkippedRun, ...]
    undo_key: str
    sweep: str = ""
    """the name of the sweep whose trials they are"""

    @property
    def question(self) -> str:
        """The title of the dialog: Pause 3 runs?"""
        if self.sweep:
            return f"{self.verb.capitalize()} {plural(len(self.runs), 'trial')} of {self.sweep}?"
        return f"{self.verb.capitalize()} {counted_runs(len(self.runs))}?"

    @property
    def details(self) -> str:
        """One line for each run: what will happen to it, or why it is left out."""
        lines = [f"{name_of(run)} ({run.status}): {_effect(self.verb, run)}" for run in self.runs]
        if self.left_out:
            lines.append(f"Left out, {len(self.left_out)}:")
            lines += [plain(left.why, limit=200) for left in self.left_out]
        if self.verb == "remove":
            used = sum(run.disk for run in self.runs)
            space = f"use {size(used)} and " if used else ""
            lines.append(f"They {space}are kept for a day: {self.undo_key} brings them back.")
        return "\n".join(lines)

    @property
    def refusal(self) -> str:
        """Why runs are left out, grouped by reason."""
        by_reason: dict[str, list[SkippedRun]] = {}
        for one in self.left_out:
            by_reason.setdefault(one.why.removeprefix(f"{one.name} is "), []).append(one)
        return " ".join(_reason(why, runs) for why, runs in by_reason.items())


def _reason(why: str, runs: Sequence[SkippedRun]) -> str:
    """One sentence for runs that are left out for the same reason: a, b and 7 more are done ..."""
    if len(runs) == 1:
        return plain(runs[0].why, limit=120)
    named = [plain(run.name or run.id, limit=40) for run in runs[:NAMES_SHOWN]]
    more = [f"{len(runs) - len(named)} more"] if len(runs) > len(named) else [named.pop()]
    return f"{', '.join(named)} and {more[0]} are {plain(why, limit=120)}"


def _effect(verb: str, run: RunSummary) -> str:
    """What the verb does to this run."""
    if verb == "resume":
        return f"resumes from step {run.checkpoint_step:,}"
    if verb == "remove":
        return "is removed"
    if run.status in (Status.RUNNING, Status.PAUSING):
        return {"pause": "pauses", "stop": "writes a checkpoint and ends"}[verb] + " at its next step"
    return {"pause": "is paused at once", "stop": "is stopped at once"}[verb]


def count_of(verb: str, runs: Sequence[RunSummary]) -> int:
    """How many of the runs the command is possible for."""
    return sum(possible(verb, run.status) for run in runs)


def count_of_trials(verb: str, sweep: SweepRow) -> int:
    """How many trials of the sweep the command is possible for; a pruned one is stopped."""
    status = {CauseKind.PRUNED.value: Status.STOPPED}
    return sum(
        count for word, count in sweep.counts.items() if possible(verb, status.get(word) or Status(word))
    )


def possible(verb: str, status: Status) -> bool:
    """Whether the engine accepts the command for a run of that status."""
    return status in _POSSIBLE[verb]


def counted_runs(count: int) -> str:
    return f"{count:,} run{'s' * (count != 1)}"


def verb_of_pause(runs: Sequence[RunSummary]) -> str:
    """`resume` if some runs are paused and no other can be, else `pause`."""
    return "resume" if count_of("resume", runs) and not count_of("pause", runs) else "pause"


def verb_of_sweep(sweep: SweepRow) -> str:
    """`resume` if some trials are paused and no other can be, else `pause`."""
    paused, pausable = (count_of_trials(verb, sweep) for verb in ("resume", "pause"))
    return "resume" if paused and not pausable else "pause"


async def applicable_trials(client: Client, verb: str, sweep: SweepRow, undo_key: str) -> MarkedRuns:
    """Which trials of a sweep the command applies to. Raises DltuiError."""
    runs, left_out = await client.applicable(verb, where=f"sweep={sweep.id}")
    return MarkedRuns(verb, tuple(runs), tuple(left_out), undo_key, name_of_sweep(sweep))


async def applicable_runs(client: Client, verb: str, ids: Sequence[str], undo_key: str) -> MarkedRuns:
    """Which of these runs the command applies to. Raises DltuiError, also if one was removed meanwhile."""
    runs, left_out = await client.applicable(verb, ids)
    return MarkedRuns(verb, tuple(runs), tuple(left_out), undo_key)


async def execute(client: Client, plan: MarkedRuns) -> str:
    """Send the command for each run. Returns one line: how many succeeded, how many failed and why."""
    ids = [run.id for run in plan.runs]
    if plan.verb == "remove":
        removal = await client.remove(*ids)
        count, verb = len(removal.items), "is" if len(removal.items) == 1 else "are"
        back = f"{plan.undo_key} brings back all."
        return f"{counted_runs(count)} {verb} removed: {size(removal.bytes)}, kept for a day. {back}"
    command = {"pause": client.pause, "resume": client.resume, "stop": client.stop}[plan.verb]
    errors = [await _failure(command, run) for run in ids]
    failed = [error for error in errors if error]
    done = done_text(plan.verb, [run for run, error in zip(plan.runs, errors, strict=True) if not error])
    return f"{done} Not done to {len(failed)}: {failed[0]}".strip() if failed else done


def done_text(verb: str, runs: Sequence[RunSummary]) -> str:
    """What a command has done to the runs: 2 runs stop at their next step, 1 run is stopped."""
    if verb == "resume":
        return _sentence(len(runs), "resumes from its last checkpoint", "resume from their last checkpoints")
    later = sum(run.status in (Status.RUNNING, Status.PAUSING) for run in runs)
    at_once = _AT_ONCE[verb]
    texts = (
        _sentence(later, f"{verb}s at its next step", f"{verb} at their next step"),
        _sentence(len(runs) - later, f"is {at_once}", f"are {at_once}"),
    )
    return " ".join(filter(None, texts))


def _sentence(count: int, one: str, several: str) -> str:
    """Empty for no run."""
    return f"{counted_runs(count)} {one if count == 1 else several}." if count else ""


async def _failure(command: Callable[[str], Awaitable[object]], run: str) -> str:
    try:
        await command(run)
    except DltuiError as error:
        return plain(str(error), limit=200)
    return ""
