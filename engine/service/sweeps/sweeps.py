"""All sweeps: active ones in memory, those at rest as summaries."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from engine import files, spec_versions, store
from engine.errors import CorruptRun, DltuiError, RunNotFound, RunRefused
from engine.exec.shell_command import ShellCommand
from engine.places import Places
from engine.protocol import Json
from engine.service.placement import executors
from engine.service.runs import parent_checkpoint, submitted_command_checks
from engine.service.runs.runs import check_submission
from engine.service.server.changes import ChangeFeed
from engine.service.sweeps import journal, submission, sweep_edits, sweep_folder, trial_result
from engine.service.sweeps import sweep as sweeping
from engine.service.sweeps.sweep import Sweep
from engine.service.sweeps.sweep_cycle import SweepCycle
from engine.service_requests import SweepEditRequest
from engine.sweep_protocol import (
    SweepSpec,
    SweepStatus,
    SweepSubmitRequest,
    SweepSummary,
    TrialPage,
    TrialRow,
    TrialStatus,
)
from engine.table_protocol import SweepRow
from engine.typed_json import to_json

LIST_SECONDS = 2.0
"""between two tries to list the folder of sweeps"""
CYCLE_SECONDS = 0.25
MAX_RESTING = 8
"""most sweeps at rest whose trials stay in memory"""


class Sweeps:
    def __init__(self, places: Places, cycle: SweepCycle, change_feed: ChangeFeed) -> None:
        self._places, self._cycle, self._change_feed = places, cycle, change_feed
        self._summaries: dict[str, SweepSummary] = {}
        self._loaded: dict[str, Sweep] = {}
        """sweeps with all their trials, the most recently used last"""
        self._unreadable: set[str] = set()
        self._locks: dict[str, asyncio.Lock] = {}
        self._wake_event = asyncio.Event()
        self._open_lock = asyncio.Lock()
        self._is_loaded = asyncio.Event()
        self._list_error = ""
        """why the folder of sweeps cannot be listed; empty if it can"""

    # --- the loop ------------------------------------------------------------------------------------------

    async def run(self) -> None:
        await self._load()
        while True:
            self._wake_event.clear()
            await asyncio.gather(*(self._run_cycle(sweep) for sweep in await self._active()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CYCLE_SECONDS):
                    await self._wake_event.wait()

    def wake(self) -> None:
        """Start the next cycle now."""
        self._wake_event.set()

    def close(self) -> None:
        self._cycle.thread_pool.shutdown(wait=False, cancel_futures=True)

    async def _load(self) -> None:
        """Load all sweeps: the stored summary if it is current, else the journal."""
        while True:
            try:
                found = await self._cycle.to_thread(sweep_folder.list_ids, self._places)
                break
            except CorruptRun as error:
                if not self._list_error:
                    logging.error("%s", error.message)
                self._list_error = error.message
                self._is_loaded.set()
                await asyncio.sleep(LIST_SECONDS)
        for sweep_id in found:
            await self._load_one(sweep_id)
        self._list_error = ""
        self._is_loaded.set()

    async def _load_one(self, sweep_id: str) -> None:
        folder = sweep_folder.folder_of(self._places, sweep_id)
        known = await self._cycle.to_thread(sweep_folder.read_summary, folder)
        if known is not None:
            self._summaries[sweep_id] = known
            return
        try:
            sweep = await self._read(sweep_id)
        except DltuiError as error:
            logging.warning("sweep %s is damaged: %s", sweep_id, error.message)
            self._summaries[sweep_id] = sweep_folder.damaged_summary(self._places, sweep_id, error.message)
            return
        except Exception as error:
            # Other sweeps and all runs continue, whatever this folder contains.
            logging.exception("sweep %s cannot be read", sweep_id)
            why = f"{folder.path} cannot be read: {type(error).__name__}."
            self._summaries[sweep_id] = sweep_folder.damaged_summary(self._places, sweep_id, why)
            return
        self._cache(sweep)
        for trial in sweep.trials.values():
            # a paused trial may have been resumed since
            trial.is_open = trial.is_open or trial.row.status is TrialStatus.PAUSED

    async def _active(self) -> list[Sweep]:
        """Sweeps that need a cycle; a run that was resumed opens the sweep that it belongs to."""
        moving = {run.spec.sweep for run in self._cycle.registry.unsettled() if run.spec.sweep}
        for sweep_id in moving - set(self._loaded) - self._unreadable:
            if sweep_id in self._summaries:
                await self._reopen(sweep_id)
        return [
            sweep
            for sweep in list(self._loaded.values())
            if sweep.id in moving
            or sweep.dirty
            or any(trial.is_open for trial in sweep.trials.values())
            or sweep.status() is SweepStatus.RUNNING
        ]

    async def _reopen(self, sweep_id: str) -> None:
        try:
            await self._open_sweep(sweep_id)
        except DltuiError as error:
            logging.warning("sweep %s cannot be opened: %s", sweep_id, error.message)
            self._unreadable.add(sweep_id)

    async def _run_cycle(self, sweep: Sweep) -> None:
        async with self._lock(sweep.id):
            if sweep.id not in self._loaded:
                return
            try:
                await self._cycle.run_once(sweep)
                if sweep.error and time.monotonic() >= sweep.retry_at:
                    sweep.error, sweep.dirty = "", True
            except DltuiError as error:
                if sweep.error != error.message:
                    logging.warning("sweep %s: %s", sweep.id, error.message)
                sweep.error, sweep.dirty = error.message, True
                sweep.retry_at = time.monotonic() + 5.0
            except Exception:
                # Other sweeps and all runs continue.
                logging.exception("sweep %s cannot be looked after", sweep.id)
                sweep.error = "the engine failed at it, its log says why"
                sweep.retry_at = time.monotonic() + 5.0
            await self._publish(sweep)

    async def _publish(self, sweep: Sweep) -> None:
        if not sweep.dirty:
            return
        sweep.dirty = False
        summary = sweep.summary()
        self._summaries[sweep.id] = summary
        self._change_feed.publish_sweep(self._summary_of(sweep.id))
        if summary.status is not SweepStatus.RUNNING:
            logging.info("sweep %s: %s", sweep.id, summary.status)
            if sweep.damage:
                return  # the stored summary holds the length of the undamaged journal
            with contextlib.suppress(OSError):  # the journal holds all of it
                await self._cycle.to_thread(sweep_folder.write_summary, sweep.folder, summary)

    # --- requests ------------------------------------------------------------------------------------------

    async def submit(self, request: SweepSubmitRequest) -> SweepSummary:
        """Create a sweep; a token submitted twice gives one. Raises DltuiError; then nothing was started."""
        await self._is_loaded.wait()
        check_submission(request.of_trials)
        withheld = submitted_command_checks.check_withheld(request.withheld)
        if request.like:
            command, withheld = await self._command_like(request)
            request = dataclasses.replace(request, command=command)
        spec = submission.make_spec(request)
        executors.check_executor(self._cycle.executors, spec.executor)
        spec = await self._with_parent(spec, request.begin)
        async with self._open_lock:
            for known in self._summaries.values():
                if spec.token and known.spec.token == spec.token:
                    return known
            spec = dataclasses.replace(spec, number=await self._cycle.runs.counter.next())
            try:
                folder = await self._cycle.to_thread(
                    sweep_folder.create, self._places, to_json(spec), spec.id, spec.file, self._adder(spec)
                )
            except OSError as error:
                raise DltuiError(f"The sweep cannot be written: {error.strerror or error}.") from error
            self._cycle.runs.withheld.keep(spec.id, withheld)
            sweep = sweeping.new_sweep(folder, spec)
            self._cache(sweep)
        self._wake_event.set()
        return sweep.summary()

    async def _with_parent(self, spec: SweepSpec, begin: str) -> SweepSpec:
        """`spec` with the checkpoint that its trials begin with, if any. Raises DltuiError."""
        if not begin:
            return spec
        found, parent = await self._cycle.runs.find_parent(begin, spec.experiment)
        submission.check_parent(spec, parent, found)
        return dataclasses.replace(spec, parent=found, lanes=False)

    def _adder(self, spec: SweepSpec) -> Callable[[Path], object]:
        """A function that adds the checkpoint of the parent, if any, to the folder of the sweep."""
        if spec.parent is None:
            return lambda path: None
        return parent_checkpoint.adder(store.folder_of(self._places, spec.parent.run), spec.parent)

    async def _command_like(self, request: SweepSubmitRequest) -> tuple[ShellCommand | None, dict[str, str]]:
        """The given command in the shell of a run or a sweep before, and its values that are in no file."""
        runs, name = self._cycle.runs, request.like
        if name in self._summaries:
            before = (await self._open_sweep(name)).spec.command
            owners = ("", name)
        else:
            spec = await runs.spec_of(await self._cycle.registry.find(name))
            before, owners = spec.command, (spec.sweep, spec.id)
        given = submitted_command_checks.in_shell_of(request.command, before)
        return given, runs.withheld.values(before, *owners)

    async def edit(self, request: SweepEditRequest) -> SweepSummary:
        sweep = await self._open_sweep(await self.find(request.sweep))
        edit = sweep_edits.read_edit(request.verb, request.facts)
        async with self._lock(sweep.id):
            number = sweep_edits.named_lane(sweep, edit)
            lane = await self._cycle.lane_row(sweep, number) if number is not None else None
            entry = sweep_edits.make_entry(sweep, request.verb, edit, lane)
            if entry["verb"] == "extend" and lane is None:
                await self._extend(sweep, entry)
            paused = _paused_trials(sweep) if entry["verb"] == "resume" else []
            if entry["verb"] in ("stop", "stop_trial"):
                await self._end_paused(sweep, entry)
            await self._cycle.record(sweep, entry)
            for number in paused:
                await self._resume(sweep, number)
            await self._publish(sweep)
        self._wake_event.set()
        return self._summaries[sweep.id]

    async def detach(self, sweep_id: str, target: Path) -> tuple[SweepSummary, list[str]]:
        """Move the folder of a sweep to `target`; returns its summary and the runs of its trials.

        Raises RunRefused while it is running, and OSError.
        """
        is_damaged = self._summaries[sweep_id].status is SweepStatus.DAMAGED
        sweep = None if is_damaged else await self._open_sweep(sweep_id)
        async with self._lock(sweep_id):
            if sweep is not None and sweep.status() is SweepStatus.RUNNING:
                raise RunRefused(
                    f"{sweep.spec.name} is running.", f"Stop it first: dltui sweep stop {sweep.id}"
                )
            summary = sweep.summary() if sweep else self._summaries[sweep_id]
            trials = sweep.trials.values() if sweep else ()
            runs = [trial.row.run for trial in trials if trial.row.run]
            await self._cycle.to_thread(os.rename, self._places.sweeps / sweep_id, target)
            self._loaded.pop(sweep_id, None)
            self._summaries.pop(sweep_id, None)
            self._unreadable.discard(sweep_id)
            self._cycle.samplers.forget(sweep_id)
            self._change_feed.publish_sweep_removal(sweep_id)
        return summary, runs

    async def attach(self, sweep_id: str, source: Path) -> None:
        """Move the folder of a removed sweep back from `source`. Raises RunRefused or OSError."""
        await self._is_loaded.wait()
        async with self._lock(sweep_id):
            path = self._places.sweeps / sweep_id
            if path.exists():
                raise RunRefused(f"There is a sweep {sweep_id} already.", f"Move {path} away.")
            await self._cycle.to_thread(os.rename, source, path)
            await self._load_one(sweep_id)
            if sweep_id in self._summaries:
                self._change_feed.publish_sweep(self._summary_of(sweep_id))
        self._wake_event.set()

    async def all(self) -> list[SweepSummary]:
        """All summaries, newest first. Raises CorruptRun if they cannot be listed."""
        await self._is_loaded.wait()
        if self._list_error:
            raise CorruptRun(self._list_error, "Repair it: the engine checks again every few seconds.")
        found = [self._summary_of(sweep_id) for sweep_id in self._summaries]
        return sorted(found, key=lambda sweep: sweep.spec.order, reverse=True)

    def publish_run_change(self, run_id: str) -> None:
        """Publish the sweeps whose best run was removed or restored."""
        for sweep_id, known in self._summaries.items():
            if known.best is not None and known.best.run == run_id:
                self._change_feed.publish_sweep(self._summary_of(sweep_id))

    async def reopen_trial(self, sweep_id: str, number: int) -> None:
        """Open a trial again whose removed run was restored, so that its state is read again."""
        if sweep_id not in self._summaries:
            return
        sweep = await self._open_sweep(sweep_id)
        async with self._lock(sweep_id):
            trial = sweep.trials.get(number)
            if trial is not None and trial.row.cause == trial_result.REMOVED:
                await self._cycle.record(sweep, {"kind": "reopened", "trial": number})
        self._wake_event.set()

    def names(self) -> dict[str, str]:
        """{id: name} of the sweeps loaded so far."""
        return {sweep_id: known.spec.name for sweep_id, known in self._summaries.items()}

    def with_best(self, row: SweepRow) -> SweepRow:
        """`row` with the name and the best value of its sweep; unchanged if the sweep is unknown."""
        if row.id not in self._summaries:
            return row
        known = self._summary_of(row.id)
        best = known.best
        return dataclasses.replace(
            row, name=known.spec.name, planned=known.planned, metric=known.spec.metric,
            best=best.value if best else None, best_run=best.run if best and not best.removed else "",
        )  # fmt: skip

    async def summary(self, name: object) -> SweepSummary:
        return self._summary_of(await self.find(name))

    async def trials(self, name: object) -> tuple[Sweep, list[TrialRow]]:
        sweep = await self._open_sweep(await self.find(name))
        return sweep, await self._cycle.rows(sweep)

    def mark_page(self, page: TrialPage) -> TrialPage:
        """`page` with `removed` set in its rows and in the best row of each group."""
        groups = tuple(
            dataclasses.replace(group, best=mark_removed(self._places, group.best)) if group.best else group
            for group in page.groups
        )
        rows = tuple(mark_removed(self._places, row) for row in page.rows)
        return dataclasses.replace(page, rows=rows, groups=groups)

    async def find(self, name: object) -> str:
        """The id for an id, its start, its last four characters, a name or @last. Raises RunNotFound."""
        await self._is_loaded.wait()
        if not isinstance(name, str) or not name:
            raise RunNotFound(f"Expected the id or the name of a sweep, got {str(name)[:80]!r}.")
        newest = sorted(
            self._summaries, key=lambda sweep_id: self._summaries[sweep_id].spec.order, reverse=True
        )
        whole = [one for one in newest if self._summaries[one].status is not SweepStatus.DAMAGED]
        if name == "@last" and whole:
            return whole[0]
        for matches in (
            lambda sweep_id: sweep_id == name,
            lambda sweep_id: self._summaries[sweep_id].spec.name == name,
            lambda sweep_id: sweep_id.startswith(name),
            lambda sweep_id: sweep_id[-4:] == name,
        ):
            found = [sweep_id for sweep_id in newest if matches(sweep_id)]
            if len(found) > 1:
                raise RunNotFound(f"Several sweeps answer to {name[:80]!r}: {', '.join(found[:5])}.")
            if found:
                return found[0]
        raise RunNotFound(f"No sweep answers to {name[:80]!r}.", "dltui sweep ls shows them all.")

    # --- private -------------------------------------------------------------------------------------------

    def _summary_of(self, sweep_id: str) -> SweepSummary:
        known = self._summaries[sweep_id]
        if known.best is None:
            return known
        return dataclasses.replace(known, best=mark_removed(self._places, known.best))

    def _cache(self, sweep: Sweep) -> None:
        self._loaded.pop(sweep.id, None)
        self._loaded[sweep.id] = sweep
        self._summaries.setdefault(sweep.id, sweep.summary())
        resting = [
            known
            for known in self._loaded.values()
            if not known.dirty and known.status() is not SweepStatus.RUNNING
        ]
        for old in resting[:-MAX_RESTING]:
            del self._loaded[old.id]
            self._cycle.samplers.forget(old.id)

    async def _open_sweep(self, sweep_id: str) -> Sweep:
        sweep = self._loaded.get(sweep_id)
        if sweep is None:
            async with self._open_lock:
                sweep = self._loaded.get(sweep_id) or await self._read(sweep_id)
                if sweep.spec.lanes:
                    await self._cycle.read_batches(sweep)
                sweep.dirty = False
        self._cache(sweep)
        return sweep

    async def _read(self, sweep_id: str) -> Sweep:
        """Raises DltuiError."""
        folder = sweep_folder.folder_of(self._places, sweep_id)
        return await self._cycle.to_thread(load_sweep, folder)

    @contextlib.asynccontextmanager
    async def _lock(self, sweep_id: str) -> AsyncIterator[None]:
        async with self._locks.setdefault(sweep_id, asyncio.Lock()):
            yield

    async def _extend(self, sweep: Sweep, entry: Json) -> None:
        run_id = sweep.trials[entry["trial"]].row.run
        if entry["lengths"]:
            await self._cycle.runs.extend(run_id, entry["lengths"])
        else:
            await self._cycle.runs.resume(run_id, code="kept")

    async def _resume(self, sweep: Sweep, number: int) -> None:
        try:
            await self._cycle.runs.resume(sweep.trials[number].row.run, code="kept")
        except (RunRefused, RunNotFound) as error:
            logging.info("sweep %s, trial %d: %s", sweep.id, number, error.message)

    async def _end_paused(self, sweep: Sweep, entry: Json) -> None:
        """Open paused trials again that are to be stopped, so that their stop is recorded."""
        meant = entry.get("held") or [entry.get("trial")]
        numbers = [trial.number for trial in sweep.trials.values() if trial.row.status is TrialStatus.PAUSED]
        for number in numbers:
            if entry["verb"] == "stop" or number in meant:
                await self._cycle.record(sweep, {"kind": "reopened", "trial": number})
                entry.setdefault("held", []).append(number)


def mark_removed(places: Places, row: TrialRow) -> TrialRow:
    """`row` with `removed` set if its run no longer exists."""
    removed = bool(row.run) and not store.folder_of(places, row.run).path.is_dir()
    began = row.status not in (TrialStatus.WAITING, TrialStatus.REFUSED)
    return dataclasses.replace(row, removed=removed and began)


def _paused_trials(sweep: Sweep) -> list[int]:
    """Numbers of the trials that are paused while the sweep is paused or stopped."""
    if sweep.wanted is SweepStatus.RUNNING:
        return []
    return [trial.number for trial in sweep.trials.values() if trial.row.status is TrialStatus.PAUSED]


def load_sweep(folder: sweep_folder.SweepFolder) -> Sweep:
    """Raises CorruptRun or RunNotFound."""
    sweep = sweeping.new_sweep(folder, sweep_folder.read_spec(folder))
    for place, entry in enumerate(journal.read(folder.journal), 1):
        try:
            sweep.fold(spec_versions.upgrade_sweep_fact(sweep.spec.experiment, entry))
        except (KeyError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            told = f"its fact refers to something that does not exist ({error!r})"
            told = str(error)[:200] if isinstance(error, ValueError) else told
            sweep.fold({"kind": "damaged", "text": f"line {place}: {told}"})
    known = sweep_folder.recorded_journal_size(folder)
    if known > files.size_of(folder.journal):
        sweep.fold({"kind": "damaged", "text": f"its end: expected {known:,} bytes or more"})
    if sweep.damage:
        logging.warning("%s: %s", folder.journal, sweep.damage)
    return sweep


def find_damage(places: Places) -> list[tuple[Path, str]]:
    """Every damaged file of a sweep and why it is. Raises CorruptRun if sweeps cannot be listed."""
    found: list[tuple[Path, str]] = []
    for sweep_id in sweep_folder.list_ids(places):
        folder = sweep_folder.folder_of(places, sweep_id)
        try:
            sweep = load_sweep(folder)
        except DltuiError as error:
            at = folder.journal if str(folder.journal) in error.message else folder.spec
            found.append((at, error.message))
        else:
            found += [(folder.journal, sweep.damage)] if sweep.damage else []
    return found
