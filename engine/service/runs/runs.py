"""The requests of users for runs: submit, pause, resume, extend, stop, set, remove."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import math
import os
import re
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from engine import catalog, params, served_checkpoint, store, tensorboard_end
from engine.errors import DltuiError, InputError, ParamError, RunRefused
from engine.experiment_files import names
from engine.experiment_files.description import FileExperiment
from engine.keeper import command_pipe
from engine.keeper.command_pipe import NoReader
from engine.protocol import (
    EXECUTORS,
    Cause,
    CauseKind,
    Json,
    ParentCheckpoint,
    Queued,
    RunSummary,
    Spec,
    Status,
    SubmitRequest,
    read_request,
)
from engine.service.index.index import Index
from engine.service.placement.executors import check_executor
from engine.service.placement.machine_load import cores
from engine.service.runs import (
    extend_run,
    parent_checkpoint,
    run_code,
    submitted_command_checks,
    tracked_run,
)
from engine.service.runs.run_registry import RunRegistry
from engine.service.runs.submission_counter import SubmissionCounter
from engine.service.runs.submitted_command_checks import WithheldValues
from engine.service.runs.tracked_run import TrackedRun
from engine.service.runs.transitions import Transition, transition
from engine.store import ExitFacts, RunFolder, Wanted

KEEPER_START_SECONDS = 15.0
"""for a keeper that is being started to open its FIFO"""
ACK_SECONDS = 1.0
"""that pause and stop wait for the keeper to record the command"""
MODES = ("strict", "fast")
CODES = ("", "kept")
_ENDS = {
    "pause": (Status.PAUSED, CauseKind.PAUSED, "paused before it started"),
    "stop": (Status.STOPPED, CauseKind.USER_STOP, "stopped by the user"),
}


class Runs:
    def __init__(
        self,
        registry: RunRegistry,
        wake: Callable[[], None],
        executors: Collection[str] = ("local",),
        withheld: WithheldValues | None = None,
    ) -> None:
        self._registry = registry
        self.counter = SubmissionCounter(registry.places, registry.index_thread)
        self._wake = wake
        self.on_added_or_removed: Callable[[str], None] = lambda run_id: None
        """called with the id of each run that was removed or restored"""
        self.on_annotated: Callable[[str], None] = lambda run_id: None
        """called with the id of each run whose name, tags or note were written"""
        self._executors = executors
        self.withheld = withheld if withheld is not None else WithheldValues()
        self._lock = asyncio.Lock()
        """for each change of the set of unsettled runs"""

    async def submit(self, facts: Json) -> RunSummary:
        """A new run; where the token was used before, the run of that token. Raises DltuiError."""
        submitted = read_submission(facts)
        given = submitted_command_checks.check_withheld(submitted.withheld)
        if submitted.like:
            before = await self.spec_of(await self._registry.find(submitted.like))
            command = submitted_command_checks.in_shell_of(submitted.command, before.command)
            submitted = dataclasses.replace(
                submitted, command=command, threads=before.threads, gpu_share=before.gpu_share
            )
            given = self.withheld.of(before)
        check_executor(self._executors, submitted.executor)
        async with self._lock:
            existing = await self._registry.index_thread.call(Index.id_of_token, submitted.token)
            if existing is not None:
                return await self._registry.summary(existing)
            parent = await self._parent_of(submitted)
            folder, spec = await self._create(submitted, parent)
            self.withheld.keep(spec.id, given)
            run = tracked_run.new(folder, spec)
            run.refresh()
            await self._add(run)
        return run.summary()

    async def spec_of(self, run_id: str) -> Spec:
        """As it was submitted, with the environment of a command. Raises CorruptRun."""
        return await asyncio.to_thread(store.read_spec, store.folder_of(self._registry.places, run_id))

    async def _parent_of(self, submitted: SubmitRequest) -> ParentCheckpoint | None:
        """The checkpoint that the run shall begin with; None for weights of its own. Raises DltuiError."""
        if not submitted.begin:
            return None
        spec = spec_of(submitted)
        found, parent = await self.find_parent(submitted.begin, spec.experiment)
        parent_checkpoint.check_params(catalog.of(spec).params, spec.params, parent, found)
        return found

    async def find_parent(self, begin: str, experiment: str) -> tuple[ParentCheckpoint, RunSummary]:
        """The checkpoint that `RUN@STEP` or `RUN@best` names, and its run. Raises DltuiError."""
        name, step = parent_checkpoint.split(begin)
        run_id = await self._registry.find(name)
        parent = await self._registry.summary(run_id)
        parent_checkpoint.check_experiment(parent, experiment)
        folder = store.folder_of(self._registry.places, run_id)
        return await asyncio.to_thread(parent_checkpoint.choose, folder, parent, step), parent

    async def submit_spec(self, spec: Spec) -> None:
        """Create a run with the id in `spec`, unless it exists already. Raises DltuiError.

        A trial that begins with a checkpoint gets the one that the folder of its sweep keeps.
        """
        async with self._lock:
            folder = store.folder_of(self._registry.places, spec.id)
            if await asyncio.to_thread(folder.spec.exists):
                return
            spec = dataclasses.replace(spec, number=await self.counter.next())
            sweep = RunFolder(self._registry.places.sweeps / spec.sweep)
            fill = parent_checkpoint.adder(sweep, spec.parent) if spec.parent else _add_nothing
            await self._write(store.create, self._registry.places, spec, fill)
            run = tracked_run.new(folder, spec)
            run.refresh()
            await self._add(run)

    async def pause(self, run_id: str) -> RunSummary:
        return await self._pause_or_stop(run_id, "pause")

    async def stop(self, run_id: str, why: str = "") -> RunSummary:
        """`why`: the reason why a sweep prunes the run; empty when the user stops it."""
        return await self._pause_or_stop(run_id, "stop", why)

    async def resume(
        self,
        run_id: str,
        mode: str = "strict",
        code: str = "",
        file: FileExperiment | None = None,
        withheld: Mapping[str, str] | None = None,
    ) -> RunSummary:
        """`code`: kept, to train with the code that the run keeps though its file was changed.

        `file`: the changed experiment, with which the run goes on in mode fast. `withheld`: values of
        variables of a command that are in no file.
        """
        if mode not in MODES:
            raise InputError(f"mode: expected one of {', '.join(MODES)}, got {mode[:80]!r}.")
        if code not in CODES:
            raise InputError(f"code: expected kept or nothing, got {code[:80]!r}.")
        async with self._lock:
            before = await self._registry.summary(run_id)
            missing = self.withheld.missing(before.spec)
            self.withheld.keep(before.spec.sweep or run_id, submitted_command_checks.check_withheld(withheld))
            if before.status is Status.QUEUED and missing:
                self._wake()
                why = self.withheld.why_waiting(before.spec) or "waits for its turn"
                return dataclasses.replace(before, state=Queued(why))
            if not is_unsaved(before):
                transition("resume", before.status, before.spec.name)
            if before.spec.file is not None and not code:
                await self._check_code(before.spec, before.spec.file, mode, file)
            return await self._requeue(run_id, mode)

    async def _check_code(
        self, spec: Spec, kept: FileExperiment, mode: str, changed: FileExperiment | None
    ) -> None:
        """Go on with `changed` in mode fast. Raises RunRefused in mode strict where the file was changed."""
        folder = store.folder_of(self._registry.places, spec.id)
        if mode == "fast":
            if changed is not None and changed.source != kept.source:
                await self._write(run_code.replace_code, self._registry.places, folder, spec, changed)
            return
        await asyncio.to_thread(run_code.check_unchanged, folder, spec, kept)

    async def extend(self, run_id: str, changes: Mapping[str, object]) -> RunSummary:
        """Resume with longer lengths, such as more epochs. Raises ParamError or RunRefused."""
        async with self._lock:
            before = await self._registry.summary(run_id)
            transition("extend", before.status, before.spec.name)
            extend_run.check_unfinished(before)
            folder = store.folder_of(self._registry.places, run_id)
            holds_last = await asyncio.to_thread(served_checkpoint.holds_last, folder.checkpoints)
            lengths = extend_run.extended_lengths(before.spec, changes, holds_last=holds_last)
            await self._write(store.write_amended, folder, dict(lengths))
            return await self._requeue(run_id, "strict")

    async def _requeue(self, run_id: str, mode: str) -> RunSummary:
        run = await self._registry.load(run_id)
        run.spec = await asyncio.to_thread(store.read_spec, run.folder)
        ended = run.ended.attempt if run.ended else 0
        # The index first: after a crash in between, the folder of a queued run is read again.
        await self._registry.index_thread.call(Index.set_status, run_id, Status.QUEUED)
        wanted = Wanted(max(run.attempt, ended) + 1, mode)
        await self._write(store.write_wanted, run.folder, wanted)
        run.refresh()
        run.since, run.notice = tracked_run.queue_time(), ""
        run.why = self.withheld.why_waiting(run.spec)
        await self._add(run)
        return run.summary()

    async def set(self, run_id: str, name: object, value: object) -> RunSummary:
        """Change a live parameter of a running run. Raises ParamError or RunRefused."""
        summary = await self._registry.summary(run_id)
        transition("set", summary.status, summary.spec.name)
        checked = _live_value(summary.spec, name, value)
        run = await self._registry.load(run_id)
        await self._send_command(run, {"word": "set", "name": name, "value": checked})
        return await self._registry.summary(run_id)

    async def annotate(
        self, run_id: str, change: Callable[[store.Annotations], store.Annotations]
    ) -> RunSummary:
        """Replace name, tags and note by what `change` makes of them. Raises DltuiError."""
        async with self._lock:
            before = await self._registry.summary(run_id)
            if before.status is Status.DAMAGED:
                raise RunRefused(f"{before.spec.name} is damaged: it takes no name, tag or note.")
            folder = store.folder_of(self._registry.places, run_id)
            old = await asyncio.to_thread(store.read_annotations, folder)
            new = change(old)
            if new != old:
                await self._write_annotations(before, folder, new)
            spec = await asyncio.to_thread(store.read_spec, folder)
            summary = await self._registry.annotate(run_id, new, spec.name)
        self.on_annotated(run_id)
        return summary

    async def _write_annotations(
        self, before: RunSummary, folder: RunFolder, annotations: store.Annotations
    ) -> None:
        index = self._registry.index_thread
        # The index first: after a crash in between, the folder is read again.
        await index.call(Index.set_status, before.id, Status.QUEUED)
        try:
            await self._write(store.write_annotations, folder, annotations)
        except BaseException:
            await index.call(Index.set_status, before.id, before.status)
            raise

    async def move_out(self, run_id: str, target: Path) -> RunSummary:
        """Rename the run folder to `target` and drop the run. Raises RunRefused or OSError."""
        async with self._lock:
            summary = await self._registry.summary(run_id)
            transition("remove", summary.status, summary.spec.name)
            run = self._registry.get(run_id)
            if run is not None and run.starting:
                raise RunRefused(f"{summary.spec.name} is being started.", "Stop it first.")
            self._registry.forget(run_id)
            try:
                await asyncio.to_thread(os.rename, self._registry.places.runs / run_id, target)
            except OSError:
                if run is not None:
                    self._registry.add(run)
                raise
            await self._registry.remove(run_id)
        self.on_added_or_removed(run_id)
        return summary

    async def move_in(self, run_id: str, source: Path) -> Spec | None:
        """Rename `source` back to the run folder and reload it; returns its spec, None where that is damaged.

        Raises RunRefused or OSError.
        """
        async with self._lock:
            path = self._registry.places.runs / run_id
            if path.exists():
                raise RunRefused(f"There is a run {run_id} already.", f"Move {path} away.")
            await asyncio.to_thread(os.rename, source, path)
            await self._registry.reload(run_id)
            self._wake()
        self.on_added_or_removed(run_id)
        try:
            return (await self._registry.summary(run_id)).spec
        except DltuiError:
            return None

    def unsettled(self) -> list[TrackedRun]:
        return self._registry.unsettled()

    async def _create(
        self, submitted: SubmitRequest, parent: ParentCheckpoint | None
    ) -> tuple[RunFolder, Spec]:
        places, number = self._registry.places, await self.counter.next()
        fill = (
            parent_checkpoint.adder(store.folder_of(places, parent.run), parent) if parent else _add_nothing
        )
        for attempt in range(5):
            spec = dataclasses.replace(spec_of(submitted), number=number, parent=parent)
            if not submitted.name and attempt < 4 and await self._registry.is_known(spec.name):
                continue  # every command by name would be ambiguous
            try:
                return await asyncio.to_thread(store.create, places, spec, fill), spec
            except OSError as error:
                if error.errno not in (errno.EEXIST, errno.ENOTEMPTY) or attempt == 4:
                    raise _not_written(error) from error
        raise DltuiError("No free id was found for the run.", "Submit it again.")

    async def _add(self, run: TrackedRun) -> None:
        self._registry.add(run)
        await self._registry.index_thread.write(run.summary(), run.tail())
        self._wake()

    async def _pause_or_stop(self, run_id: str, command: str, why: str = "") -> RunSummary:
        summary = await self._registry.summary(run_id)
        name = summary.spec.name
        action = transition(command, summary.status, name)
        if action is Transition.NOTHING:
            return summary
        run = await self._registry.load(run_id)
        if action is Transition.SEND or run.starting:
            await self._send_command(run, {"word": command, "why": why} if why else {"word": command})
            await self._wait_for_ack(run, summary.status)
        else:
            async with self._lock:
                await self._end_without_keeper(run, command)
        return await self._registry.summary(run_id)

    async def _end_without_keeper(self, run: TrackedRun, command: str) -> None:
        """End a run that has no keeper, by writing exit.json."""
        if run.starting:
            raise RunRefused(
                f"{run.spec.name} is just being started.", f"Try again: dltui {command} {run.id}"
            )
        status, kind, text = _ENDS[command]
        if run.ended and run.ended.attempt >= run.attempt:
            facts = dataclasses.replace(
                run.ended, status=status, cause=Cause(kind, "stopped while paused"), at=time.time()
            )
        else:
            facts = ExitFacts(run.attempt, status, Cause(kind, text), time.time())
        run.not_before = math.inf
        try:
            await self._write(store.write_exit, run.folder, facts)
            await asyncio.to_thread(tensorboard_end.write_end, run.folder.tensorboard, status, facts.at)
        finally:
            run.not_before = 0.0
        run.refresh()
        run.all_events_read = True
        run.measure_size()
        self._registry.settle(run)
        await self._registry.index_thread.write(run.summary(), run.tail())

    async def _send_command(self, run: TrackedRun, command: Json) -> None:
        """Send it, waiting for a keeper that is being started. Raises RunRefused when there is none."""
        deadline = time.monotonic() + KEEPER_START_SECONDS
        while True:
            try:
                return command_pipe.send_command(run.folder.control, command)
            except NoReader as error:
                run.refresh()
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

    async def _wait_for_ack(self, run: TrackedRun, before: Status) -> None:
        """Until the keeper has recorded the command, ACK_SECONDS at most."""
        deadline = time.monotonic() + ACK_SECONDS
        while time.monotonic() < deadline:
            run.refresh()
            if run.summary().status not in (before, Status.RUNNING):
                break
            await asyncio.sleep(0.02)
        if self._registry.get(run.id) is run:
            self._registry.publish(run)

    async def _write(self, write: Callable[..., object], *facts: object) -> None:
        try:
            await asyncio.to_thread(write, *facts)
        except OSError as error:
            raise _not_written(error) from error


def is_unsaved(run: RunSummary) -> bool:
    """Whether it is done but its last checkpoint could not be written: resume trains the last steps again."""
    return run.status is Status.DONE and run.cause is not None and run.cause.kind is not CauseKind.FINISHED


def _add_nothing(path: Path) -> None:
    pass


def _live_value(spec: Spec, name: object, value: object) -> params.Value:
    declared = {param.name: param for param in params.declared(catalog.of(spec).params)}
    live = [param.name for param in declared.values() if param.live]
    if name not in live:
        raise ParamError(
            f"{str(name)[:80]!r} cannot be changed while {spec.experiment} trains.",
            f"These can: {', '.join(live)}." if live else "None of its parameters can.",
        )
    return params.parse_value(declared[str(name)], value)


def _not_written(error: OSError) -> DltuiError:
    return DltuiError(
        f"The run folder cannot be written: {error.strerror or error}.",
        "Is the disk full? Check: dltui doctor",
    )


# --- what is submitted, and its spec ----------------------------------------------------------------------


SEED_LIMIT = 2**32
DEVICES = ("auto", "cpu", "gpu")
NAME_LIMIT = 64
PATH_LIMIT = 4096
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,63}")
_STORED = re.compile(r"[0-9a-f]{24}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{0,64}")


def read_submission(facts: Json) -> SubmitRequest:
    """Raises DltuiError: the field, what was expected and came."""
    found = read_request(facts, SubmitRequest)
    check_submission(found)
    return found


def check_submission(found: SubmitRequest) -> None:
    """Raises DltuiError: the field, what was expected and came."""
    if not 0 <= found.seed < SEED_LIMIT:
        raise _invalid("seed", f"a whole number from 0 to {SEED_LIMIT - 1}", found.seed)
    if found.device not in DEVICES:
        raise _invalid("device", f"one of {', '.join(DEVICES)}", found.device)
    if not _TOKEN.fullmatch(found.token):
        raise _invalid("token", "up to 64 letters, digits, - and _", found.token)
    if not 0 < found.gpu_share <= 1:
        raise _invalid("gpu_share", "a number above 0, at most 1", found.gpu_share)
    if found.threads is not None and not 1 <= found.threads <= 1 << 16:
        raise _invalid("threads", "a whole number from 1 to 65,536", found.threads)
    parse_name(found.name)
    check_executor_name(found.executor)
    parse_data(found.data)
    check_file(found.file)
    submitted_command_checks.check_command(found.command)


def spec_of(submission: SubmitRequest, now: float | None = None) -> Spec:
    """The spec, with a new id and all parameters. Raises UnknownExperiment or ParamError.

    `now`: wall clock, by default that of the system.
    """
    command = submission.command
    if command is not None and submission.executor != "local":
        raise _invalid("executor", "local for a command", submission.executor)
    experiment = catalog.of(submission)
    if command is None:
        title = experiment.name
        values = dataclasses.asdict(params.build(experiment.params, submission.params))
    else:
        title = submitted_command_checks.title_of(command)
        values = submitted_command_checks.check_params(command, submission.params)
    created = time.time() if now is None else now
    run_id = store.new_id(experiment.name, created)
    return Spec(
        id=run_id,
        experiment=experiment.name,
        params=values,
        seed=submission.seed,
        name=submission.name or f"{title}-{run_id[-4:]}",
        framework=experiment.framework_of(values) if command is None else "",
        threads=submission.threads or (experiment.threads if command is None else 0) or cores(),
        device=submission.device,
        created_at=round(created, 3),
        token=submission.token,
        executor=submission.executor,
        data=submission.data,
        gpus=submission.gpus,
        system_seconds=submission.system_seconds,
        file=None if command else submission.file,
        command=command,
        gpu_share=submission.gpu_share,
    )


def check_file(found: FileExperiment | None) -> FileExperiment | None:
    """The description that a client made of a file experiment. Raises DltuiError."""
    if found is not None:
        names.check(found.name, Path(found.path))
        if not _STORED.fullmatch(found.stored):
            raise _invalid("file.stored", "the name of a kept source", found.stored)
    return found


def check_executor_name(given: str) -> None:
    """Raises DltuiError for what is no name of one, such as local or ray@host:port."""
    base, at, address = given.partition("@")
    if base not in EXECUTORS or (at and base != "ray"):
        raise _invalid("executor", f"one of {', '.join(EXECUTORS)}", given)
    if at and not (address.isprintable() and 0 < len(address) <= 200):
        raise _invalid("executor", "ray@host:port", given)


def parse_name(value: str) -> str:
    """The name of a run as it stands; "" is none. Raises DltuiError."""
    if value and not _NAME.fullmatch(value):
        raise _invalid(
            "name", f"up to {NAME_LIMIT} letters, digits, spaces and . _ -, a letter or digit first", value
        )
    return value


def parse_data(value: Any) -> str | None:
    """The data folder that a client sent: an absolute path, or "" for none; None where it sent nothing.

    Raises DltuiError.
    """
    if value is None:
        return None
    if value == "":
        return ""
    is_path = isinstance(value, str) and value.startswith("/") and "\0" not in value
    if not is_path or len(value.encode()) > PATH_LIMIT:
        raise _invalid("data", f'an absolute folder of up to {PATH_LIMIT} bytes, or ""', value)
    return str(value)


def _invalid(field: str, expected: str, got: object) -> InputError:
    return InputError(f"{field}: expected {expected}, got {str(got)[:80]!r}.")
