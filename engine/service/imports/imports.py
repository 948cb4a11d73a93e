"""Imports of logs: requests of users, the reading of logs, and the following of those that grow.

A process of its own finds and reads them (`engine.readers`); here are the run folders and rows of the table.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import math
import os
import time
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engine import files, store
from engine.client.session import READERS, Session
from engine.errors import CorruptRun, DltuiError, EngineError, InputError
from engine.log_source import LogSource
from engine.places import Places
from engine.protocol import Json, Spec, Status
from engine.reader_protocol import (
    FindLogs,
    ForgetLogs,
    LogDescription,
    LogProgress,
    LogToRead,
    PollLogs,
    ReadLogs,
)
from engine.service.imports.import_job import ImportJob
from engine.service.index.index import Index
from engine.service.index.index_rows import row_of
from engine.service.runs import annotate, read_run_folder, tracked_run
from engine.service.runs.run_registry import RunRegistry
from engine.service.runs.submission_counter import SubmissionCounter
from engine.service.runs.tracked_run import TrackedRun
from engine.store import Annotations

PROGRESS_SECONDS = 0.2
POLL_SECONDS = 0.6
"""between two looks at the logs that are followed"""
UNLISTED_SECONDS = 3.0
"""for which an imported run whose log is not read yet has no row"""
ROWS = 100
"""rows that are updated at a time"""
PATHS_LIMIT = 1000
NAME_LIMIT = 200


class Imports:
    def __init__(
        self,
        places: Places,
        registry: RunRegistry,
        counter: SubmissionCounter,
        command: tuple[str, ...] = READERS,
    ) -> None:
        self._places, self._registry, self._counter = places, registry, counter
        self._readers = Session(places, command)
        self._jobs: set[asyncio.Task[None]] = set()
        self._creating, self._updating = asyncio.Lock(), asyncio.Lock()
        self._followed: dict[str, float] = {}
        """id -> when it last had something new, on the monotonic clock"""
        self._idle: dict[str, float] = {}
        self._pids: dict[str, int | None] = {}
        """id -> the process of the readers that follows it"""
        self._tracked: dict[str, TrackedRun] = {}
        """the runs that are read or followed"""
        self._unlisted: dict[str, tuple[str, float]] = {}
        """token -> (id, when it was made on the monotonic clock) of runs that have no row: they get one when
        their log was read, so that most are written once"""
        self._wake = asyncio.Event()
        self._changed: set[str] = set()
        """ids whose rows are older than their events"""

    async def start(self, request: Json) -> AsyncIterator[Json]:
        """Import the logs at `paths`; yield progress, then the result. Raises DltuiError."""
        paths, copied, idle = _read_request(request)
        job = ImportJob()
        task = asyncio.create_task(self._import(job, paths, copied, idle))
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)
        while not task.done():
            await asyncio.wait({task}, timeout=PROGRESS_SECONDS)
            if not task.done():
                yield job.progress()
        if job.error:
            raise EngineError(job.error)
        yield job.result()

    async def run(self) -> None:
        """Follow logs and update rows, for ever."""
        imported = await self._registry.index_thread.call(Index.matching_ids, f"status={Status.IMPORTED}")
        await self._follow(imported)
        while True:
            if not (self._followed or self._changed or self._jobs or self._unlisted):
                await self._wake.wait()
            self._wake.clear()
            self._changed |= self._made_before(time.monotonic() - UNLISTED_SECONDS)
            try:
                await self._poll()
                await self._update_rows()
            except DltuiError as error:
                logging.warning("logs are not followed: %s", error)
            await self._resume_following()
            await asyncio.sleep(POLL_SECONDS)

    async def ensure_events(self, run_id: str) -> None:
        """Start to read the log of an imported run again where its cache was deleted. Raises DltuiError."""
        folder, source = store.folder_of(self._places, run_id), None
        if run_id in self._registry.growing or await asyncio.to_thread(folder.events.exists):
            return
        with contextlib.suppress(CorruptRun):  # its row says what is damaged
            source = await asyncio.to_thread(store.read_log_source, folder)
        if source is not None:
            self._registry.growing.add(run_id)
            self._registry.reading.add(run_id)
            task = asyncio.create_task(self._read(ImportJob(), {run_id: source}))
            self._jobs.add(task)
            task.add_done_callback(self._jobs.discard)

    async def drop_cache(self) -> str:
        """Delete the oldest cache of a log that is still there; returns the id of its run, or ""."""
        imported = await self._registry.index_thread.call(Index.matching_ids, f"status={Status.IMPORTED}")
        resting = [run_id for run_id in imported if run_id not in self._registry.growing]
        return await asyncio.to_thread(self._drop_oldest, resting)

    def _drop_oldest(self, run_ids: Iterable[str]) -> str:
        caches = [(path.stat().st_mtime, path) for path in map(self._cache_of, run_ids) if path is not None]
        if not caches:
            return ""
        oldest = min(caches)[1]
        logging.info("the cache %s is deleted, since the disk is full; its log is still there", oldest)
        oldest.unlink()
        return oldest.parent.name

    def _cache_of(self, run_id: str) -> Path | None:
        """The events of an imported run that can be read from its log again."""
        folder = store.folder_of(self._places, run_id)
        with contextlib.suppress(CorruptRun):
            source = store.read_log_source(folder)
            if source and not source.copied and folder.events.exists() and source.is_there:
                return folder.events
        return None

    def forget(self, run_id: str) -> None:
        """Follow the run no longer: it was removed, or restored."""
        self._tracked.pop(run_id, None)
        if self._followed.pop(run_id, None) is not None:
            self._registry.growing.discard(run_id)
            task = asyncio.create_task(self._stop_reading([run_id]))
            self._jobs.add(task)
            task.add_done_callback(self._jobs.discard)

    def read_annotations(self, run_id: str) -> None:
        """Name, tags and note of the run were written: its row gets them again, if its log is being read."""
        run = self._tracked.get(run_id)
        if run is not None:
            run.read_annotations()
            with contextlib.suppress(CorruptRun):
                run.annotate(run.annotations, store.read_spec(run.folder).name)
        if run is not None or run_id in self._registry.growing:
            self._changed.add(run_id)
            self._wake.set()

    async def aclose(self) -> None:
        jobs = list(self._jobs)
        for task in jobs:
            task.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
        await self._readers.aclose()
        self._changed |= self._made_before(math.inf)
        await self._update_rows()

    def _made_before(self, at: float) -> set[str]:
        """Of the runs without a row."""
        return {run_id for run_id, made_at in self._unlisted.values() if made_at < at}

    # --- one import ----------------------------------------------------------------------------------------

    async def _import(self, job: ImportJob, paths: Sequence[str], copied: bool, idle: float) -> None:
        try:
            sources: dict[str, LogSource] = {}
            for path in paths:
                async for part in self._readers.parts(FindLogs(path)):
                    if part.left_out:
                        job.add_problem(part.left_out)
                    sources |= await self._create(job, part.found, copied, idle)
            await self._read(job, sources)
        except DltuiError as error:
            job.error = str(error)
        except Exception:
            logging.exception("an import failed")
            job.error = "The import failed; engine.log has the reason."

    async def _create(
        self, job: ImportJob, found: Sequence[LogDescription], copied: bool, idle: float
    ) -> dict[str, LogSource]:
        """The runs of these logs, made where they are not known: sources by id, not yet read."""
        sources: dict[str, LogSource] = {}
        made: list[tuple[Spec, Annotations]] = []
        async with self._creating:
            tokens = [identity(log) for log in found]
            unlisted = {token: run_id for token, (run_id, _) in self._unlisted.items()}
            ids = await self._registry.index_thread.call(_ids_of_tokens, tokens)
            known_before: dict[str, LogSource] = {}
            for log, token, listed in zip(found, tokens, ids, strict=True):
                known = listed or unlisted.get(token)
                source = LogSource(log.kind, log.source, log.name, log.began_at, copied, idle)
                if known is None:
                    spec = self._with_free_id(spec_of(log, token, source), {one.id for one, _ in made})
                    made.append((spec, annotate.given_elsewhere(log.tags, log.note)))
                    known = spec.id
                else:
                    known_before[known] = source
                    job.known |= {known} - set(job.found)
                if known not in job.found:
                    sources[known] = source
                    job.found.append(known)
                    job.bytes += log.bytes
            await asyncio.to_thread(self._keep_options, known_before)
            if made:
                first = await self._counter.next(len(made))
                numbered = enumerate(made, first)
                made = [(replace(spec, number=n), given) for n, (spec, given) in numbered]
            rows = await asyncio.to_thread(self._write, made)
            self._tracked |= {run.id: run for run in rows}
            self._unlisted |= {run.spec.token: (run.id, time.monotonic()) for run in rows}
        return sources

    def _with_free_id(self, spec: Spec, taken: Collection[str]) -> Spec:
        while spec.id in taken or os.path.lexists(self._places.runs / spec.id):
            spec = replace(spec, id=store.new_id(spec.experiment, spec.created_at))
        return spec

    def _write(self, made: Iterable[tuple[Spec, Annotations]]) -> list[TrackedRun]:
        self._places.runs.mkdir(mode=0o700, parents=True, exist_ok=True)
        rows = [
            tracked_run.imported(store.create_imported(self._places, spec, given), spec, given)
            for spec, given in made
        ]
        if rows:
            files.sync_path(self._places.runs)
        return rows

    def _keep_options(self, sources: Mapping[str, LogSource]) -> None:
        """Write the options of a second import; what was to be copied stays so."""
        for run_id, source in sources.items():
            folder = store.folder_of(self._places, run_id)
            before = store.read_log_source(folder)
            copied = source.copied or (before is not None and before.copied)
            if before is None or before.lost or (before.copied, before.idle) != (copied, source.idle):
                store.write_log_source(folder, replace(source, copied=copied))

    async def _read(self, job: ImportJob, sources: Mapping[str, LogSource]) -> None:
        """Read logs into the events of their runs."""
        if not sources:
            return
        self._registry.growing.update(sources)
        self._registry.reading.update(sources)
        self._wake.set()
        logs = [self._log_to_read(run_id, source) for run_id, source in sources.items()]
        try:
            async for part in self._readers.parts(ReadLogs(logs)):
                for progress in part.logs:
                    self._add_progress(job, sources[progress.id], progress)
        finally:
            rest = sources.keys() - self._followed.keys()
            self._registry.growing -= rest
            self._registry.reading -= sources.keys()
            self._changed |= self._made_before(math.inf) & sources.keys()
            await self._update_rows()
            for run_id in rest:
                self._tracked.pop(run_id, None)

    def _add_progress(self, job: ImportJob, source: LogSource, progress: LogProgress) -> None:
        job.bytes_read += progress.bytes
        job.points += progress.points
        for damage in progress.damages:
            job.add_problem(f"{source.path}: {damage}")
        if progress.is_written or progress.error:
            self._changed.add(progress.id)
        if progress.has_ended:
            job.runs_read += 1
            if progress.error:
                job.add_problem(progress.error)
            self._end_reading(progress.id, source, is_gone=bool(progress.error))

    def _end_reading(self, run_id: str, source: LogSource, is_gone: bool) -> None:
        self._registry.reading.discard(run_id)
        if source.idle and not is_gone:
            self._followed[run_id], self._idle[run_id] = time.monotonic(), source.idle
            self._pids[run_id] = self._readers.pid
            self._wake.set()
        else:
            self._registry.growing.discard(run_id)

    def _log_to_read(self, run_id: str, source: LogSource) -> LogToRead:
        out = str(store.folder_of(self._places, run_id).events)
        return LogToRead(run_id, source.kind, source.path, source.name, source.began_at, out, source.idle > 0)

    # --- following -----------------------------------------------------------------------------------------

    async def _resume_following(self) -> None:
        """Follow those runs again whose process of readers has ended."""
        lost = [run_id for run_id in self._followed if self._pids[run_id] != self._readers.pid]
        if lost:
            await self._follow(lost)

    async def _follow(self, run_ids: Iterable[str]) -> None:
        """Read on, and follow, those of the runs that are to be followed."""
        sources = await asyncio.to_thread(self._followed_sources, list(run_ids))
        with contextlib.suppress(DltuiError):
            await self._read(ImportJob(), sources)

    def _followed_sources(self, run_ids: Iterable[str]) -> dict[str, LogSource]:
        found = {}
        for run_id in run_ids:
            with contextlib.suppress(CorruptRun):
                source = store.read_log_source(store.folder_of(self._places, run_id))
                if source is not None and source.idle:
                    found[run_id] = source
        return found

    async def _poll(self) -> None:
        """Read what was added to the logs that are followed. Raises DltuiError where the readers ended."""
        if not self._followed:
            return
        now = time.monotonic()
        async for part in self._readers.parts(PollLogs()):
            if part.is_written or part.has_ended:
                self._changed.add(part.id)
            if part.id in self._followed:
                self._followed[part.id] = now
            if part.has_ended:
                logging.info("the log of run %s is no longer followed: %s", part.id, part.error)
                await self._end_following([part.id], part.error)
        idle = [run_id for run_id, since in self._followed.items() if now - since > self._idle[run_id]]
        if idle:
            await self._end_following(idle)

    async def _end_following(self, run_ids: Sequence[str], lost: str = "") -> None:
        for run_id in run_ids:
            self._followed.pop(run_id, None)
            self._tracked.pop(run_id, None)
            self._registry.growing.discard(run_id)
            await asyncio.to_thread(self._note_end, run_id, lost)
            self._changed.add(run_id)
        await self._stop_reading(run_ids)

    def _note_end(self, run_id: str, lost: str) -> None:
        folder = store.folder_of(self._places, run_id)
        with contextlib.suppress(CorruptRun, OSError):
            source = store.read_log_source(folder)
            if source is not None:
                store.write_log_source(folder, replace(source, idle=0.0, lost=lost))

    async def _stop_reading(self, run_ids: Sequence[str]) -> None:
        with contextlib.suppress(DltuiError):
            await self._readers.ask(ForgetLogs(run_ids))

    # --- rows ----------------------------------------------------------------------------------------------

    async def _update_rows(self) -> None:
        """Fold the new events of changed runs into their rows."""
        async with self._updating:
            changed, self._changed = list(self._changed), set()
            for at in range(0, len(changed), ROWS):
                await self._update(changed[at : at + ROWS])

    async def _update(self, run_ids: Sequence[str]) -> None:
        unknown = [run_id for run_id in run_ids if run_id not in self._tracked]
        tails = await self._registry.index_thread.call(_tails, unknown) if unknown else {}
        await self._publish(await asyncio.to_thread(self._read_rows, run_ids, tails))

    async def _publish(self, runs: Sequence[TrackedRun]) -> None:
        """Send the summaries to the index and to clients."""
        rows = [(run.summary(), run.tail()) for run in runs]
        await self._registry.index_thread.write_rows([row_of(summary, tail) for summary, tail in rows])
        for summary, _ in rows:
            self._unlisted.pop(summary.spec.token, None)
            self._registry.change_feed.publish(summary)

    def _read_rows(self, run_ids: Sequence[str], tails: Mapping[str, Json]) -> list[TrackedRun]:
        """The runs with all their events; without those that were removed."""
        found = []
        for run_id in run_ids:
            run = self._tracked.get(run_id)
            if run is None and run_id in tails and (self._places.runs / run_id).exists():
                read = read_run_folder.read_or_damaged(self._places, run_id, tails[run_id])
                run = read if isinstance(read, TrackedRun) else None
                if run is not None and run_id in self._followed:
                    self._tracked[run_id] = run
            elif run is not None:
                read_run_folder.read_all(run)
            if run is not None:
                run.measure_size()
                found.append(run)
        return found


def _ids_of_tokens(index: Index, tokens: Sequence[str]) -> list[str | None]:
    return [index.id_of_token(token) for token in tokens]


def _tails(index: Index, run_ids: Sequence[str]) -> dict[str, Json]:
    return {row.id: row.tail for row in map(index.get, run_ids) if row is not None}


# --- an import, and the spec of its runs ------------------------------------------------------------------


def _read_request(request: Json) -> tuple[list[str], bool, float]:
    """(paths, copied, idle seconds or 0). Raises InputError."""
    paths, idle = request.get("paths"), request.get("idle", 0)
    if not isinstance(paths, list) or not 0 < len(paths) <= PATHS_LIMIT:
        raise InputError(f"paths: expected a list of 1 to {PATHS_LIMIT} folders or files.")
    for path in paths:
        if not isinstance(path, str) or not path.startswith("/") or "\0" in path:
            raise InputError(f"paths: expected an absolute path, got {str(path)[:80]!r}.")
    if isinstance(idle, bool) or not isinstance(idle, int | float) or not 0 <= idle < 1e9:
        raise InputError(f"idle: expected seconds, got {str(idle)[:80]!r}.")
    return [str(Path(path).resolve()) for path in paths], request.get("copy") is True, float(idle)


def identity(log: LogDescription) -> str:
    """The token of a log: the same path with the same first record is the same run."""
    return hashlib.sha256(f"{log.kind}\0{log.source}\0{log.first}".encode()).hexdigest()


def spec_of(log: LogDescription, token: str, source: LogSource) -> Spec:
    """The spec, without its number. The experiment is the kind of the log."""
    now = time.time()
    seed = log.params.get("seed")
    return Spec(
        id=store.new_id(log.kind, now),
        experiment=log.kind,
        params=dict(log.params),
        seed=seed if type(seed) is int and seed >= 0 else 1,
        name=log.name[:NAME_LIMIT],
        framework="",
        threads=1,
        device="",
        created_at=round(now, 3),
        token=token,
        data="",
        log=source,
    )
