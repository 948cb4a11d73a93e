"""A verb for the marked runs: one question that lists what will happen to each, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from engine.client.client import Client
from engine.errors import DltuiError
from engine.protocol import RunSummary, SkippedRun, Status, SweepRow
from tui.data import value_text as words
from tui.data.run_text import name_of
from tui.runs.sweep_cells import name_of_sweep
from tui.terminal.plain_text import plain
from tui.ui.numbers import size

NAMES_SHOWN = 3
"""names of runs in one line that says why nothing can be done"""
_POSSIBLE = {
    "pause": {Status.RUNNING, Status.QUEUED},
    "resume": {Status.PAUSED},
    "stop": {Status.RUNNING, Status.PAUSING, Status.QUEUED, Status.PAUSED},
    "remove": {
        Status.QUEUED, Status.PAUSED, Status.DONE, Status.STOPPED, Status.FAILED, Status.LOST, Status.DAMAGED,
    },
}  # fmt: skip
_DONE = {
    "pause": "pause at their next step", "resume": "resume from their last checkpoints",
    "stop": "stop at their next step",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MarkedRuns:
    """What a verb would do to the marked runs."""

    verb: str
    runs: tuple[RunSummary, ...]
    left_out: tuple[SkippedRun, ...]
    undo_key: str
    sweep: str = ""
    """the name of the sweep whose trials they are"""

    @property
    def question(self) -> str:
        """Pause 3 runs?"""
        if self.sweep:
            return f"{self.verb.capitalize()} {words.plural(len(self.runs), 'trial')} of {self.sweep}?"
        return f"{self.verb.capitalize()} {counted(len(self.runs))}?"

    @property
    def details(self) -> str:
        """One line for each run: what will happen to it, or why it is left out."""
        lines = [f"{name_of(run)} ({run.status}): {_effect(self.verb, run)}" for run in self.runs]
        if self.left_out:
            lines.append(f"Left out, {len(self.left_out)}:")
            lines += [plain(left.why, limit=200) for left in self.left_out]
        if self.verb == "remove":
            lines.append(f"They are kept for a day: {self.undo_key} brings them back.")
        return "\n".join(lines)

    @property
    def refusal(self) -> str:
        """Where nothing is left to do."""
        by_reason: dict[str, list[SkippedRun]] = {}
        for one in self.left_out:
            by_reason.setdefault(one.why.removeprefix(f"{one.name} is "), []).append(one)
        return " ".join(_reason(why, runs) for why, runs in by_reason.items())


def _reason(why: str, runs: Sequence[SkippedRun]) -> str:
    """Runs that are left out for the same reason, told once: a, b and 7 more are done ..."""
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
    """To how many of the runs the verb can be done now."""
    return sum(possible(verb, run.status) for run in runs)


def possible(verb: str, status: Status) -> bool:
    """Whether the engine would do it to a run of that status."""
    return status in _POSSIBLE[verb]


def counted(count: int) -> str:
    return f"{count:,} run{'s' * (count != 1)}"


def verb_of_pause(runs: Sequence[RunSummary]) -> str:
    """p pauses those that run, and resumes when all that are marked are paused."""
    return "resume" if runs and all(run.status is Status.PAUSED for run in runs) else "pause"


def verb_of_sweep(sweep: SweepRow) -> str:
    """As for marks, for all trials of a sweep."""
    return "resume" if set(sweep.counts) == {Status.PAUSED} else "pause"


async def ask_of_sweep(client: Client, verb: str, sweep: SweepRow, undo_key: str) -> MarkedRuns:
    """Of all trials of a sweep. Raises DltuiError."""
    runs, left_out = await client.applicable(verb, where=f"sweep={sweep.id}")
    return MarkedRuns(verb, tuple(runs), tuple(left_out), undo_key, name_of_sweep(sweep))


async def ask(client: Client, verb: str, ids: Sequence[str], undo_key: str) -> MarkedRuns:
    """Raises DltuiError, also for a run that was removed meanwhile."""
    runs, left_out = await client.applicable(verb, ids)
    return MarkedRuns(verb, tuple(runs), tuple(left_out), undo_key)


async def carry_out(client: Client, meant: MarkedRuns) -> str:
    """One line that says what was done, and how many it was not done to."""
    ids = [run.id for run in meant.runs]
    if meant.verb == "remove":
        removal = await client.remove(*ids)
        count, verb = len(removal.items), "is" if len(removal.items) == 1 else "are"
        back = f"{meant.undo_key} brings back all."
        return f"{counted(count)} {verb} removed: {size(removal.bytes)}, kept for a day. {back}"
    act = {"pause": client.pause, "resume": client.resume, "stop": client.stop}[meant.verb]
    failed = [words for run in ids if (words := await _failure(act, run))]
    done = f"{counted(len(ids) - len(failed))} {_DONE[meant.verb]}."
    return f"{done} Not done to {len(failed)}: {failed[0]}" if failed else done


async def _failure(act: Callable[[str], Awaitable[object]], run: str) -> str:
    try:
        await act(run)
    except DltuiError as error:
        return plain(str(error), limit=200)
    return ""
