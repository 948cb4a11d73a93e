"""All sweeps: those at work in memory, the others as they stood when they came to rest."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

from engine import spec_versions, store
from engine.errors import CorruptRun, DltuiError, RunNotFound, RunRefused
from engine.places import Places
from engine.protocol import Json, SweepRow
from engine.service.placement import executor
from engine.service.server.changes import ChangeFeed
from engine.service.sweeps import edits, journal, submission, sweep_folder, trial_result
from engine.service.sweeps import sweep as sweeping
from engine.service.sweeps.cycle import SweepCycle
from engine.service.sweeps.sweep import Sweep
from engine.sweep_protocol import (
    SweepStatus,
    SweepSummary,
    TrialPage,
    TrialRow,
    TrialStatus,
    sweep_spec_to_json,
)

LIST_SECONDS = 2.0
"""between two tries to list the folder of all sweeps"""
BEAT_SECONDS = 0.25
KEPT = 8
"""sweeps at rest whose trials stay in memory"""


class Sweeps:
    def __init__(self, places: Places, cycle: SweepCycle, board: ChangeFeed) -> None:
        self._places, self._cycle, self._board = places, cycle, board
        self._known: dict[str, SweepSummary] = {}
        self._open: dict[str, Sweep] = {}
        """with all their trials; the one used last at the end"""
        self._unreadable: set[str] = set()
        self._turns: dict[str, asyncio.Lock] = {}
        self._woken = asyncio.Event()
        self._entering = asyncio.Lock()
        self._is_loaded = asyncio.Event()
        self._unlisted = ""
        """why the folder of all sweeps cannot be listed"""

    # --- for ever ------------------------------------------------------------------------------------------

    async def run(self) -> None:
        await self._load()
        while True:
            self._woken.clear()
            await asyncio.gather(*(self._beat(sweep) for sweep in await self._at_work()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._woken.wait()

    def wake(self) -> None:
        """The next look comes now."""
        self._woken.set()

    def close(self) -> None:
        self._cycle.desk.shutdown(wait=False, cancel_futures=True)

    async def _load(self) -> None:
        """What rests costs one small file each, what moves its whole journal."""
        while True:
            try:
                found = await self._cycle.off_loop(sweep_folder.list_ids, self._places)
                break
            except CorruptRun as error:
                if not self._unlisted:
                    logging.error("%s", error.message)
                self._unlisted = error.message
                self._is_loaded.set()
                await asyncio.sleep(LIST_SECONDS)
        for sweep_id in found:
            await self._enter(sweep_id)
        self._unlisted = ""
        self._is_loaded.set()

    async def _enter(self, sweep_id: str) -> None:
        folder = sweep_folder.folder_of(self._places, sweep_id)
        known = await self._cycle.off_loop(sweep_folder.read_standing, folder)
        if known is not None:
            self._known[sweep_id] = known
            return
        try:
            sweep = await self._read(sweep_id)
        except DltuiError as error:
            logging.warning("sweep %s is damaged: %s", sweep_id, error.message)
            self._known[sweep_id] = sweep_folder.damaged(self._places, sweep_id, error.message)
            return
        except Exception as error:
            # Other sweeps and all runs continue, whatever lies in this folder.
            logging.exception("sweep %s cannot be read", sweep_id)
            why = f"{folder.path} cannot be read: {type(error).__name__}."
            self._known[sweep_id] = sweep_folder.damaged(self._places, sweep_id, why)
            return
        self._keep(sweep)
        for trial in sweep.trials.values():
            trial.open = trial.open or trial.row.status is TrialStatus.PAUSED  # may have gone on since

    async def _at_work(self) -> list[Sweep]:
        """Those with something to do; a run that somebody resumed wakes the sweep it is of."""
        moving = {run.spec.sweep for run in self._cycle.registry.unsettled() if run.spec.sweep}
        for sweep_id in moving - set(self._open) - self._unreadable:
            if sweep_id in self._known:
                await self._open_again(sweep_id)
        return [
            sweep
            for sweep in list(self._open.values())
            if sweep.id in moving
            or sweep.dirty
            or any(trial.open for trial in sweep.trials.values())
            or sweep.status() is SweepStatus.RUNNING
        ]

    async def _open_again(self, sweep_id: str) -> None:
        try:
            await self._opened(sweep_id)
        except DltuiError as error:
            logging.warning("sweep %s cannot be opened: %s", sweep_id, error.message)
            self._unreadable.add(sweep_id)

    async def _beat(self, sweep: Sweep) -> None:
        async with self._turn(sweep.id):
            if sweep.id not in self._open:
                return
            try:
                await self._cycle.turn(sweep)
                if sweep.trouble and time.monotonic() >= sweep.not_before:
                    sweep.trouble, sweep.dirty = "", True
            except DltuiError as error:
                if sweep.trouble != error.message:
                    logging.warning("sweep %s: %s", sweep.id, error.message)
                sweep.trouble, sweep.dirty = error.message, True
                sweep.not_before = time.monotonic() + 5.0
            except Exception:
                # Other sweeps and all runs continue, whatever this one ran into.
                logging.exception("sweep %s cannot be looked after", sweep.id)
                sweep.trouble = "the engine failed at it, its log says why"
                sweep.not_before = time.monotonic() + 5.0
            await self._tell(sweep)

    async def _tell(self, sweep: Sweep) -> None:
        if not sweep.dirty:
            return
        sweep.dirty = False
        summary = sweep.summary()
        self._known[sweep.id] = summary
        self._board.post_sweep(self._shown(sweep.id))
        if summary.status is not SweepStatus.RUNNING:
            logging.info("sweep %s: %s", sweep.id, summary.status)
            if sweep.damage:
                return  # what stood before says how long the journal was
            with contextlib.suppress(OSError):  # the journal holds all of it
                await self._cycle.off_loop(sweep_folder.write_standing, sweep.folder, summary)

    # --- what a user does ----------------------------------------------------------------------------------

    async def submit(self, facts: Json) -> SweepSummary:
        """The same token twice is one sweep. Raises DltuiError; then nothing was started."""
        spec = submission.spec_of(facts)
        executor.check(self._cycle.executors, spec.executor)
        await self._is_loaded.wait()
        async with self._entering:
            for known in self._known.values():
                if spec.token and known.spec.token == spec.token:
                    return known
            spec = dataclasses.replace(spec, number=await self._cycle.runs.counter.next())
            try:
                folder = await self._cycle.off_loop(
                    sweep_folder.create, self._places, sweep_spec_to_json(spec), spec.id
                )
            except OSError as error:
                raise DltuiError(f"The sweep cannot be written: {error.strerror or error}.") from error
            sweep = sweeping.new(folder, spec)
            self._keep(sweep)
        self._woken.set()
        return sweep.summary()

    async def edit(self, name: object, verb: object, facts: object) -> SweepSummary:
        sweep = await self._opened(await self.find(name))
        async with self._turn(sweep.id):
            number = edits.lane_meant(sweep, facts)
            lane = await self._cycle.lane(sweep, number) if number is not None else None
            fact = edits.fact_of(sweep, verb, facts, lane)
            if fact["verb"] == "extend" and lane is None:
                await self._extend(sweep, fact)
            back = _held_back(sweep) if fact["verb"] == "resume" else []
            if fact["verb"] in ("stop", "stop_trial"):
                await self._end_paused(sweep, fact)
            await self._cycle.note(sweep, fact)
            for number in back:
                await self._resume(sweep, number)
            await self._tell(sweep)
        self._woken.set()
        return self._known[sweep.id]

    async def take_out(self, sweep_id: str, target: Path) -> tuple[SweepSummary, list[str]]:
        """Its folder becomes `target`, no list shows it any more; how it stood, and the runs of its trials.

        Raises RunRefused while it is at work, and OSError.
        """
        is_damaged = self._known[sweep_id].status is SweepStatus.DAMAGED
        sweep = None if is_damaged else await self._opened(sweep_id)
        async with self._turn(sweep_id):
            if sweep is not None and sweep.status() is SweepStatus.RUNNING:
                raise RunRefused(
                    f"{sweep.spec.name} is running.", f"Stop it first: dltui sweep stop {sweep.id}"
                )
            summary = sweep.summary() if sweep else self._known[sweep_id]
            trials = sweep.trials.values() if sweep else ()
            runs = [trial.row.run for trial in trials if trial.row.run]
            await self._cycle.off_loop(os.rename, self._places.sweeps / sweep_id, target)
            self._open.pop(sweep_id, None)
            self._known.pop(sweep_id, None)
            self._unreadable.discard(sweep_id)
            self._cycle.forget(sweep_id)
            self._board.strike_sweep(sweep_id)
        return summary, runs

    async def take_in(self, sweep_id: str, source: Path) -> None:
        """Its folder, that was taken out, lies among the sweeps again. Raises RunRefused or OSError."""
        await self._is_loaded.wait()
        async with self._turn(sweep_id):
            path = self._places.sweeps / sweep_id
            if path.exists():
                raise RunRefused(f"There is a sweep {sweep_id} already.", f"Move {path} away.")
            await self._cycle.off_loop(os.rename, source, path)
            await self._enter(sweep_id)
            if sweep_id in self._known:
                self._board.post_sweep(self._shown(sweep_id))
        self._woken.set()

    async def all(self) -> list[SweepSummary]:
        """Newest first. Raises CorruptRun where they cannot be listed."""
        await self._is_loaded.wait()
        if self._unlisted:
            raise CorruptRun(self._unlisted, "Repair it: the engine checks again every few seconds.")
        found = [self._shown(sweep_id) for sweep_id in self._known]
        return sorted(found, key=lambda sweep: sweep.spec.order, reverse=True)

    def run_came_or_went(self, run_id: str) -> None:
        """A run was removed, or brought back: a sweep it is the best of says so."""
        for sweep_id, known in self._known.items():
            if known.best is not None and known.best.run == run_id:
                self._board.post_sweep(self._shown(sweep_id))

    async def look_again(self, sweep_id: str, number: int) -> None:
        """The run of a trial was brought back: it counts as it stands. A sweep that is not there has none."""
        if sweep_id not in self._known:
            return
        sweep = await self._opened(sweep_id)
        async with self._turn(sweep_id):
            trial = sweep.trials.get(number)
            if trial is not None and trial.row.cause == trial_result.REMOVED:
                await self._cycle.note(sweep, {"kind": "reopened", "trial": number})
        self._woken.set()

    def names(self) -> dict[str, str]:
        """Of the sweeps known so far, by id."""
        return {sweep_id: known.spec.name for sweep_id, known in self._known.items()}

    def told(self, row: SweepRow) -> SweepRow:
        """With its name and its best value; as it is where the sweep is not known."""
        if row.id not in self._known:
            return row
        known = self._shown(row.id)
        best = known.best
        return dataclasses.replace(
            row, name=known.spec.name, planned=known.planned, metric=known.spec.metric,
            best=best.value if best else None, best_run=best.run if best and not best.removed else "",
        )  # fmt: skip

    async def show(self, name: object) -> SweepSummary:
        return self._shown(await self.find(name))

    async def trials(self, name: object) -> tuple[Sweep, list[TrialRow]]:
        sweep = await self._opened(await self.find(name))
        return sweep, await self._cycle.rows(sweep)

    def with_marks(self, page: TrialPage) -> TrialPage:
        """Rows, and the best of each group, say whether their run was removed."""
        groups = tuple(
            dataclasses.replace(group, best=marked(self._places, group.best)) if group.best else group
            for group in page.groups
        )
        rows = tuple(marked(self._places, row) for row in page.rows)
        return dataclasses.replace(page, rows=rows, groups=groups)

    async def find(self, name: object) -> str:
        """An id, the start of one, its last four digits, a name or @last. Raises RunNotFound."""
        await self._is_loaded.wait()
        if not isinstance(name, str) or not name:
            raise RunNotFound(f"Expected the id or the name of a sweep, got {str(name)[:80]!r}.")
        newest = sorted(self._known, key=lambda sweep_id: self._known[sweep_id].spec.order, reverse=True)
        whole = [one for one in newest if self._known[one].status is not SweepStatus.DAMAGED]
        if name == "@last" and whole:
            return whole[0]
        for answers in (
            lambda sweep_id: sweep_id == name,
            lambda sweep_id: self._known[sweep_id].spec.name == name,
            lambda sweep_id: sweep_id.startswith(name),
            lambda sweep_id: sweep_id[-4:] == name,
        ):
            found = [sweep_id for sweep_id in newest if answers(sweep_id)]
            if len(found) > 1:
                raise RunNotFound(f"Several sweeps answer to {name[:80]!r}: {', '.join(found[:5])}.")
            if found:
                return found[0]
        raise RunNotFound(f"No sweep answers to {name[:80]!r}.", "dltui sweep ls shows them all.")

    # --- inside --------------------------------------------------------------------------------------------

    def _shown(self, sweep_id: str) -> SweepSummary:
        known = self._known[sweep_id]
        if known.best is None:
            return known
        return dataclasses.replace(known, best=marked(self._places, known.best))

    def _keep(self, sweep: Sweep) -> None:
        self._open.pop(sweep.id, None)
        self._open[sweep.id] = sweep
        self._known.setdefault(sweep.id, sweep.summary())
        resting = [
            known
            for known in self._open.values()
            if not known.dirty and known.status() is not SweepStatus.RUNNING
        ]
        for old in resting[:-KEPT]:
            del self._open[old.id]
            self._cycle.forget(old.id)

    async def _opened(self, sweep_id: str) -> Sweep:
        sweep = self._open.get(sweep_id)
        if sweep is None:
            async with self._entering:
                sweep = self._open.get(sweep_id) or await self._read(sweep_id)
                if sweep.spec.lanes:
                    await self._cycle.survey(sweep)
                sweep.dirty = False
        self._keep(sweep)
        return sweep

    async def _read(self, sweep_id: str) -> Sweep:
        """Raises DltuiError."""
        folder = sweep_folder.folder_of(self._places, sweep_id)
        return await self._cycle.off_loop(_folded, folder)

    @contextlib.asynccontextmanager
    async def _turn(self, sweep_id: str) -> AsyncIterator[None]:
        async with self._turns.setdefault(sweep_id, asyncio.Lock()):
            yield

    async def _extend(self, sweep: Sweep, fact: Json) -> None:
        run_id = sweep.trials[fact["trial"]].row.run
        if fact["lengths"]:
            await self._cycle.runs.extend(run_id, fact["lengths"])
        else:
            await self._cycle.runs.resume(run_id)

    async def _resume(self, sweep: Sweep, number: int) -> None:
        try:
            await self._cycle.runs.resume(sweep.trials[number].row.run)
        except (RunRefused, RunNotFound) as error:
            logging.info("sweep %s, trial %d: %s", sweep.id, number, error.message)

    async def _end_paused(self, sweep: Sweep, fact: Json) -> None:
        """A paused trial that is to be stopped: nobody is at work on it, it moves once more to say so."""
        meant = fact.get("held") or [fact.get("trial")]
        numbers = [trial.number for trial in sweep.trials.values() if trial.row.status is TrialStatus.PAUSED]
        for number in numbers:
            if fact["verb"] == "stop" or number in meant:
                await self._cycle.note(sweep, {"kind": "reopened", "trial": number})
                fact.setdefault("held", []).append(number)


def marked(places: Places, row: TrialRow) -> TrialRow:
    """Whether its run is still there."""
    removed = bool(row.run) and not store.folder_of(places, row.run).path.is_dir()
    began = row.status not in (TrialStatus.WAITING, TrialStatus.REFUSED)
    return dataclasses.replace(row, removed=removed and began)


def _held_back(sweep: Sweep) -> list[int]:
    """Trials that are paused while the sweep is."""
    if sweep.wanted is SweepStatus.RUNNING:
        return []
    return [trial.number for trial in sweep.trials.values() if trial.row.status is TrialStatus.PAUSED]


def _folded(folder: sweep_folder.SweepFolder) -> Sweep:
    """Raises CorruptRun or RunNotFound."""
    sweep = sweeping.new(folder, sweep_folder.read_spec(folder))
    for place, fact in enumerate(journal.read(folder.journal), 1):
        try:
            sweep.fold(spec_versions.sweep_fact(sweep.spec.experiment, fact))
        except (KeyError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            sweep.fold({"kind": "damaged", "text": f"line {place}: {_said(error)}"})
    known = sweep_folder.journal_size(folder)
    if known > sweep_folder.size_of(folder.journal):
        sweep.fold({"kind": "damaged", "text": f"its end: expected {known:,} bytes or more"})
    if sweep.damage:
        logging.warning("%s: %s", folder.journal, sweep.damage)
    return sweep


def damages(places: Places) -> list[tuple[Path, str]]:
    """Every file of a sweep that cannot be read, or is damaged in part, and why. Raises CorruptRun."""
    found: list[tuple[Path, str]] = []
    for sweep_id in sweep_folder.list_ids(places):
        folder = sweep_folder.folder_of(places, sweep_id)
        try:
            sweep = _folded(folder)
        except DltuiError as error:
            at = folder.journal if str(folder.journal) in error.message else folder.spec
            found.append((at, error.message))
        else:
            found += [(folder.journal, sweep.damage)] if sweep.damage else []
    return found


def _said(error: Exception) -> str:
    return (
        str(error)[:200]
        if isinstance(error, ValueError)
        else f"its fact refers to something that does not exist ({error!r})"
    )
