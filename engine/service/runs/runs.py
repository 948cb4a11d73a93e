"""What a user does to runs: submit, pause, resume, stop, set, remove."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import math
import os
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from engine import catalog, params, served_checkpoint, store, tensorboard_end
from engine.errors import DltuiError, InputError, ParamError, RunRefused
from engine.protocol import Cause, CauseKind, Json, RunSummary, Spec, Status
from engine.service.index.index import Index
from engine.service.placement import executor
from engine.service.runs import extension, keeper_commands, submission, tracked_run
from engine.service.runs.keeper_commands import NobodyListens
from engine.service.runs.registry import RunRegistry
from engine.service.runs.submission_counter import SubmissionCounter
from engine.service.runs.tracked_run import TrackedRun
from engine.service.runs.transitions import Transition, move
from engine.store import ExitFacts, RunFolder, Wanted

LISTEN_SECONDS = 15.0
"""that a keeper which is just starting gets until it has to listen"""
ANSWER_SECONDS = 1.0
"""that the answer to pause and stop waits for the keeper to say it heard"""
MODES = ("strict", "fast")
_ENDS = {
    "pause": (Status.PAUSED, CauseKind.PAUSED, "paused before it started"),
    "stop": (Status.STOPPED, CauseKind.USER_STOP, "stopped by the user"),
}


class Runs:
    def __init__(
        self, registry: RunRegistry, wake: Callable[[], None], executors: Collection[str] = ("local",)
    ) -> None:
        self._roster = registry
        self.counter = SubmissionCounter(registry.places, registry.index_thread)
        self._wake = wake
        self.came_or_went: Callable[[str], None] = lambda run_id: None
        """told of each run that was removed or brought back"""
        self._executors = executors
        self._turn = asyncio.Lock()
        """one change of the set of moving runs at a time"""

    async def submit(self, facts: Json) -> RunSummary:
        """The same token twice is one run. Raises DltuiError for what cannot be trained."""
        asked = submission.read(facts)
        executor.check(self._executors, asked.executor)
        async with self._turn:
            known = (
                await self._roster.index_thread.ask(Index.id_of_token, asked.token) if asked.token else None
            )
            if known is not None:
                return await self._roster.summary(known)
            folder, spec = await self._create(asked)
            run = tracked_run.new(folder, spec)
            run.look()
            await self._enter(run)
        return run.summary()

    async def place(self, spec: Spec) -> None:
        """A run whose id was chosen before: the same spec twice is one run. Raises DltuiError."""
        async with self._turn:
            folder = store.folder_of(self._roster.places, spec.id)
            if await asyncio.to_thread(folder.spec.exists):
                return
            spec = dataclasses.replace(spec, number=await self.counter.next())
            await self._written(store.create, self._roster.places, spec)
            run = tracked_run.new(folder, spec)
            run.look()
            await self._enter(run)

    async def pause(self, run_id: str) -> RunSummary:
        return await self._end(run_id, "pause")

    async def stop(self, run_id: str, why: str = "") -> RunSummary:
        """`why` is what the run is pruned for; without it, its user stops it."""
        return await self._end(run_id, "stop", why)

    async def resume(self, run_id: str, mode: object = "strict") -> RunSummary:
        if mode not in MODES:
            raise InputError(f"mode: expected one of {', '.join(MODES)}, got {str(mode)[:80]!r}.")
        async with self._turn:
            before = await self._roster.summary(run_id)
            if not is_unsaved(before):
                move("resume", before.status, before.spec.name)
            return await self._again(run_id, str(mode))

    async def extend(self, run_id: str, changes: Mapping[str, object]) -> RunSummary:
        """Train on with more epochs than were asked for. Raises ParamError or RunRefused."""
        async with self._turn:
            before = await self._roster.summary(run_id)
            move("extend", before.status, before.spec.name)
            extension.check_unfinished(before)
            folder = store.folder_of(self._roster.places, run_id)
            holds_last = await asyncio.to_thread(served_checkpoint.holds_last, folder.checkpoints)
            meant = extension.checked(before.spec, changes, holds_last=holds_last)
            await self._written(store.write_amended, folder, dict(meant))
            return await self._again(run_id, "strict")

    async def _again(self, run_id: str, mode: str) -> RunSummary:
        run = await self._roster.load(run_id)
        ended = run.ended.attempt if run.ended else 0
        # The row says "queued" before the run folder does: after a crash in between it is read again.
        await self._roster.index_thread.ask(Index.set_status, run_id, Status.QUEUED)
        wanted = Wanted(max(run.attempt, ended) + 1, mode)
        await self._written(store.write_wanted, run.folder, wanted)
        run.look()
        run.since, run.why, run.notice = tracked_run.queue_time(), "", ""
        await self._enter(run)
        return run.summary()

    async def set(self, run_id: str, name: object, value: object) -> RunSummary:
        """Change a live parameter of a running run. Raises ParamError or RunRefused."""
        summary = await self._roster.summary(run_id)
        move("set", summary.status, summary.spec.name)
        meant = _live_value(summary.spec, name, value)
        run = await self._roster.load(run_id)
        await self._tell(run, {"word": "set", "name": name, "value": meant})
        return await self._roster.summary(run_id)

    async def take_out(self, run_id: str, target: Path) -> RunSummary:
        """Its folder becomes `target`; no list shows it any more. Raises RunRefused or OSError."""
        async with self._turn:
            summary = await self._roster.summary(run_id)
            move("remove", summary.status, summary.spec.name)
            run = self._roster.get(run_id)
            if run is not None and run.starting:
                raise RunRefused(f"{summary.spec.name} is being started.", "Stop it first.")
            self._roster.forget(run_id)
            try:
                await asyncio.to_thread(os.rename, self._roster.places.runs / run_id, target)
            except OSError:
                if run is not None:
                    self._roster.add(run)
                raise
            await self._roster.strike(run_id)
        self.came_or_went(run_id)
        return summary

    async def take_in(self, run_id: str, source: Path) -> Spec | None:
        """Its folder, that was taken out, lies among the runs again; its spec, None where that is damaged.

        Raises RunRefused or OSError.
        """
        async with self._turn:
            path = self._roster.places.runs / run_id
            if path.exists():
                raise RunRefused(f"There is a run {run_id} already.", f"Move {path} away.")
            await asyncio.to_thread(os.rename, source, path)
            await self._roster.look_again(run_id)
            self._wake()
        self.came_or_went(run_id)
        try:
            return (await self._roster.summary(run_id)).spec
        except DltuiError:
            return None

    def moving(self) -> list[TrackedRun]:
        return self._roster.moving()

    async def _create(self, asked: submission.Submission) -> tuple[RunFolder, Spec]:
        number = await self.counter.next()
        for attempt in range(5):
            spec = dataclasses.replace(submission.spec_of(asked), number=number)
            try:
                return await asyncio.to_thread(store.create, self._roster.places, spec), spec
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY) or attempt == 4:
                    raise _not_written(error) from error
        raise DltuiError("No free id was found for the run.", "Submit it again.")

    async def _enter(self, run: TrackedRun) -> None:
        self._roster.add(run)
        await self._roster.index_thread.enter(run.summary(), run.tail())
        self._wake()

    async def _end(self, run_id: str, word: str, why: str = "") -> RunSummary:
        summary = await self._roster.summary(run_id)
        name = summary.spec.name
        meant = move(word, summary.status, name)
        if meant is Transition.NOTHING:
            return summary
        run = await self._roster.load(run_id)
        if meant is Transition.TELL or run.starting:
            await self._tell(run, {"word": word, "why": why} if why else {"word": word})
            await self._heard(run, summary.status)
        else:
            async with self._turn:
                await self._settle(run, word)
        return await self._roster.summary(run_id)

    async def _settle(self, run: TrackedRun, word: str) -> None:
        """Nobody is at work on it: write down how it ended."""
        if run.starting:
            raise RunRefused(f"{run.spec.name} is just being started.", f"Try again: dltui {word} {run.id}")
        status, kind, text = _ENDS[word]
        if run.ended and run.ended.attempt >= run.attempt:
            facts = dataclasses.replace(
                run.ended, status=status, cause=Cause(kind, "stopped while paused"), at=time.time()
            )
        else:
            facts = ExitFacts(run.attempt, status, Cause(kind, text), time.time())
        run.not_before = math.inf
        try:
            await self._written(store.write_exit, run.folder, facts)
            await asyncio.to_thread(tensorboard_end.tell_end, run.folder.tensorboard, status, facts.at)
        finally:
            run.not_before = 0.0
        run.look()
        run.is_told = True
        self._roster.rest(run)
        await self._roster.index_thread.enter(run.summary(), run.tail())

    async def _tell(self, run: TrackedRun, word: Json) -> None:
        """Raises RunRefused when there is no keeper to be told."""
        deadline = time.monotonic() + LISTEN_SECONDS
        while True:
            try:
                return keeper_commands.send(run.folder.control, word)
            except NobodyListens as error:
                run.look()
                if tracked_run.is_settled(run.state()):
                    raise RunRefused(f"{run.spec.name} has ended meanwhile.") from error
                if time.monotonic() > deadline:
                    raise RunRefused(
                        f"The keeper of {run.spec.name} does not respond.",
                        "If it died, the run is shown as lost in a moment; resume it then.",
                    ) from error
            except OSError as error:
                raise RunRefused(f"{run.folder.control} cannot be used: {error.strerror}.") from error
            await asyncio.sleep(0.05)

    async def _heard(self, run: TrackedRun, before: Status) -> None:
        """Until the keeper has written that it was told, or for as long as an answer may take."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            run.look()
            if run.summary().status not in (before, Status.RUNNING):
                break
            await asyncio.sleep(0.02)
        if self._roster.get(run.id) is run:
            self._roster.post(run)

    async def _written(self, write: Callable[..., object], *facts: object) -> None:
        try:
            await asyncio.to_thread(write, *facts)
        except OSError as error:
            raise _not_written(error) from error


def is_unsaved(run: RunSummary) -> bool:
    """It came to its end, but the disk did not take its last checkpoint: resume trains that stretch again."""
    return run.status is Status.DONE and run.cause is not None and run.cause.kind is not CauseKind.FINISHED


def _live_value(spec: Spec, name: object, value: object) -> params.Value:
    declared = {param.name: param for param in params.declared(catalog.find(spec.experiment).params)}
    live = [param.name for param in declared.values() if param.live]
    if name not in live:
        raise ParamError(
            f"{str(name)[:80]!r} cannot be changed while {spec.experiment} trains.",
            f"These can: {', '.join(live)}." if live else "None of its parameters can.",
        )
    return params.read(declared[str(name)], value)


def _not_written(error: OSError) -> DltuiError:
    return DltuiError(
        f"The run folder cannot be written: {error.strerror or error}.",
        "Is the disk full? Check: dltui doctor",
    )
