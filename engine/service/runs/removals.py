"""Remove runs and sweeps, restore them, and delete them for good after a day or when the disk is full."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine import store
from engine.errors import FULL, CorruptRun, DltuiError, EngineError, RunNotFound, RunRefused
from engine.places import Places
from engine.protocol import Removal, RemovedItem, RunSummary, SkippedRun
from engine.service.runs import removed_folder
from engine.service.runs.removed_folder import RemovalFolder
from engine.service.runs.runs import Runs
from engine.service.sweeps.sweeps import Sweeps
from engine.sweep_protocol import SweepSummary

KEEP_SECONDS = 24 * 3600.0
"""of the service's running time: jumps of the wall clock and times without a service do not count"""
POLL_SECONDS = 1.0
CLOCK_SECONDS = 60.0
"""between two checks whether a removal is due, and between two writes of the running time"""
AMPLE_BYTES = 4 << 30
"""with so many bytes free the size of the next checkpoints is not estimated"""
MATCHERS: tuple[Callable[[RemovedItem, str], bool], ...] = (
    lambda item, name: item.id == name,
    lambda item, name: item.name == name,
    lambda item, name: item.id.startswith(name),
    lambda item, name: item.id[-4:] == name,
)
"""how a name selects a removed item; the first of these with a match is used"""


async def _drop_nothing() -> None: ...


def free_bytes(path: Path) -> int:
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


MovedItem = tuple[RemovedItem, Path]
"""what was removed, and its path now"""


@dataclass(slots=True)
class Removals:
    """`prepare` has to be called before the first run is made; `run` and the other methods after it."""

    places: Places
    runs: Runs
    sweeps: Sweeps
    keep_seconds: float = KEEP_SECONDS
    free: Callable[[Path], int] = free_bytes
    _base: float = 0.0
    drop_cache: Callable[[], Awaitable[object]] = _drop_nothing
    """called where the disk is full and nothing removed is left: deletes the cache of a log"""
    _began: float = field(default_factory=time.monotonic)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """for each change of `removed/`"""
    _leftovers: list[Path] = field(default_factory=list)

    @property
    def clock(self) -> float:
        """Seconds of running time, over all services of this home."""
        return self._base + time.monotonic() - self._began

    def prepare(self) -> None:
        """Read the running time, and list what a crash left behind. Before any folder is made."""
        try:
            self._base = removed_folder.read_clock(self.places)
            self._leftovers = removed_folder.leftovers(self.places)
        except OSError as error:  # the service starts anyway
            logging.warning("%s cannot be read: %s", self.places.removed, error)

    async def run(self) -> None:
        """Delete what a crash left behind, then each removal that is due, until cancelled."""
        try:
            await asyncio.to_thread(self._clear_leftovers)
        except (CorruptRun, OSError) as error:
            logging.warning("what a crash left over is not cleared: %s", error)
        due_at = 0.0
        while True:
            try:
                if self.clock >= due_at or self.free(self.places.root) < await self._needed_bytes():
                    due_at = self.clock + CLOCK_SECONDS
                    if await self._clear_one():
                        await asyncio.to_thread(removed_folder.write_clock, self.places, self.clock)
            except OSError as error:
                logging.warning("%s: %s", self.places.removed, error)
            await asyncio.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Write the running time, if there are removals."""
        try:
            if removed_folder.read_all(self.places):
                removed_folder.write_clock(self.places, self.clock)
        except OSError as error:
            logging.warning("%s: %s", self.places.removed, error)

    # --- requests ------------------------------------------------------------------------------------------

    async def remove(self, run_ids: Sequence[str], *, now: bool = False) -> tuple[Removal, list[SkippedRun]]:
        """The runs as one removal, and those that cannot be removed. Raises RunRefused when none can.

        With `now`, and where the disk is full, they are deleted at once.
        """
        async with self._lock:
            made = await self._make_folder()
            moved, refused = await self._move_runs(made, run_ids)
            if not moved:
                await self._discard(made, [])
                raise next(iter(refused.values()), RunRefused("No run or sweep was named."))
            left_out = [SkippedRun(run_id, run_id, str(error)) for run_id, error in refused.items()]
            return await self._finish(made, moved, now), left_out

    async def remove_sweep(self, name: object, *, runs: bool, now: bool = False) -> Removal:
        """Remove a sweep that is not active, with `runs` also the runs of its trials that are not active."""
        async with self._lock:
            sweep_id = await self.sweeps.find(name)
            made = await self._make_folder()
            target = self._target(made, "sweeps", sweep_id)
            try:
                summary, trials = await self.sweeps.detach(sweep_id, target)
            except (DltuiError, OSError) as error:
                await self._discard(made, [])
                raise _not_moved(error) from error
            item = await asyncio.to_thread(_removed_item, "sweep", summary, target)
            moved, _ = await self._move_runs(made, trials if runs else ())
            return await self._finish(made, [(item, target), *moved], now)

    async def undo(self, name: object = "") -> Removal:
        """Restore the last removal, or the run or sweep of that id, start of an id or name."""
        async with self._lock:
            removal, items = _select(await self._all(), name)
            restored: list[RemovedItem] = []
            for item in sorted(items, key=lambda item: item.kind, reverse=True):  # a sweep before its runs
                try:
                    await self._restore(removal, item)
                    restored.append(item)
                except (DltuiError, OSError) as error:
                    if len(items) == 1 or not restored:
                        raise _not_moved(error) from error
                    logging.warning("%s %s cannot be brought back: %s", item.kind, item.id, error)
            if len(restored) == len(removal.items):
                await asyncio.to_thread(removed_folder.discard, removal.path)
            return self._to_removal(replace(removal, items=tuple(restored)))

    async def delete(self, name: object = "") -> list[Removal]:
        """Delete all removals for good, or the run or sweep of that id, start of an id or name."""
        async with self._lock:
            found = await self._all()
            selected = [_select(found, name)] if name else [(removal, removal.items) for removal in found]
            for removal, items in selected:
                paths = [removal.folder_of(item) for item in items]
                for path in [removal.path] if len(items) == len(removal.items) else paths:
                    await asyncio.to_thread(removed_folder.discard, path)
            return [Removal(removal.number, removal.at, 0.0, items) for removal, items in selected]

    async def all(self) -> list[Removal]:
        """All removals, the last one first."""
        return [self._to_removal(removal) for removal in reversed(await self._all())]

    # --- implementation ------------------------------------------------------------------------------------

    async def _all(self) -> list[RemovalFolder]:
        return await asyncio.to_thread(removed_folder.read_all, self.places)

    async def _make_folder(self) -> RemovalFolder | None:
        """A new folder for what is removed; None where the disk is full."""
        try:
            return await asyncio.to_thread(
                removed_folder.make, self.places, round(time.time(), 3), round(self.clock, 3)
            )
        except OSError as error:
            if error.errno not in FULL:
                raise _not_moved(error) from error
            logging.warning("nothing can be kept (%s): what is removed is deleted", error)
            return None

    def _target(self, made: RemovalFolder | None, kind: str, name: str) -> Path:
        if made is None:
            return removed_folder.trash_path(self.places.root / kind / name)
        return made.path / kind / name

    async def _move_runs(
        self, made: RemovalFolder | None, run_ids: Sequence[str]
    ) -> tuple[list[MovedItem], dict[str, DltuiError]]:
        moved: list[MovedItem] = []
        refused: dict[str, DltuiError] = {}
        for run_id in dict.fromkeys(run_ids):
            target = self._target(made, "runs", run_id)
            try:
                summary = await self.runs.move_out(run_id, target)
            except (RunRefused, RunNotFound, OSError) as error:
                refused[run_id] = _not_moved(error)
                continue
            moved.append((await asyncio.to_thread(_removed_item, "run", summary, target), target))
        return moved, refused

    async def _finish(self, made: RemovalFolder | None, moved: list[MovedItem], now: bool) -> Removal:
        items = tuple(item for item, _ in moved)
        if now or made is None:
            await self._discard(made, moved)
            return Removal(made.number if made else 0, round(time.time(), 3), 0.0, items)
        removal = replace(made, items=items)
        try:
            await asyncio.to_thread(removed_folder.write, removal)
        except OSError as error:  # without removal.json they can still be restored by their ids
            logging.warning("%s: %s", made.path, error)
        return self._to_removal(removal)

    async def _discard(self, made: RemovalFolder | None, moved: list[MovedItem]) -> None:
        for path in [made.path] if made else [target for _, target in moved]:
            await asyncio.to_thread(removed_folder.discard, path)

    async def _restore(self, removal: RemovalFolder, item: RemovedItem) -> None:
        if item.kind == "sweep":
            await self.sweeps.attach(item.id, removal.folder_of(item))
        else:
            spec = await self.runs.move_in(item.id, removal.folder_of(item))
            if spec is not None and spec.sweep:
                await self.sweeps.reopen_trial(spec.sweep, spec.trial)

    def _to_removal(self, removal: RemovalFolder) -> Removal:
        left = max(1.0, self.keep_seconds - (self.clock - removal.clock))
        return Removal(removal.number, removal.at, round(left), removal.items)

    async def _clear_one(self) -> bool:
        """Delete the oldest removal when it is due or the disk is full; whether there was any."""
        async with self._lock:
            found = await self._all()
            if not found:
                if self.free(self.places.root) < await self._needed_bytes():
                    await self.drop_cache()
                return False
            oldest, free = found[0], self.free(self.places.root)
            is_due = self.clock - oldest.clock >= self.keep_seconds
            if is_due or free < await self._needed_bytes():
                why = "its time is over" if is_due else f"only {free:,} bytes are free"
                ids = ", ".join(item.id for item in oldest.items)
                logging.info("removed for good, %s: %s", why, ids)
                await asyncio.to_thread(removed_folder.discard, oldest.path)
            return True

    async def _needed_bytes(self) -> int:
        """Bytes that have to be free: the reserve of the checkpoints, and the size of the next ones."""
        from checkpoints.folder import RESERVE  # 10 ms less for the start of the service

        if self.free(self.places.root) >= AMPLE_BYTES:
            return RESERVE
        folders = [run.folder.checkpoints for run in self.runs.unsettled()]
        return RESERVE + sum(await asyncio.to_thread(lambda: [*map(removed_folder.newest_size, folders)]))

    def _clear_leftovers(self) -> None:
        for path in self._leftovers:
            removed_folder.discard(path)
        for draft in removed_folder.drafts(self._settled_folders()):
            with contextlib.suppress(OSError):
                draft.unlink()

    def _settled_folders(self) -> Iterator[Path]:
        """The home, and the folders of settled runs."""
        yield self.places.root
        unsettled = {run.id for run in self.runs.unsettled()}
        for run_id in store.list_ids(self.places):
            if run_id not in unsettled:
                yield self.places.runs / run_id


def _removed_item(kind: str, gone: RunSummary | SweepSummary, path: Path) -> RemovedItem:
    return RemovedItem(kind, gone.id, gone.spec.name, str(gone.status), removed_folder.size_of(path),
                       gone.spec.experiment)  # fmt: skip


def _select(found: list[RemovalFolder], name: object) -> tuple[RemovalFolder, tuple[RemovedItem, ...]]:
    """Raises RunNotFound."""
    if not isinstance(name, str):
        raise RunNotFound(f"Expected the id or the name of a removed run, got {str(name)[:80]!r}.")
    if not found:
        raise RunNotFound("Nothing was removed that could be brought back.", "dltui ls --removed lists it.")
    if not name or name == "@last":
        return found[-1], found[-1].items
    every = [(removal, item) for removal in reversed(found) for item in removal.items]
    for matches in MATCHERS:
        found_items = [(removal, item) for removal, item in every if matches(item, name)]
        if len(found_items) > 1:
            ids = ", ".join(item.id for _, item in found_items[:5])
            raise RunNotFound(f"Several that were removed answer to {name[:80]!r}: {ids}.")
        if found_items:
            return found_items[0][0], (found_items[0][1],)
    raise RunNotFound(f"Nothing that was removed answers to {name[:80]!r}.", "dltui ls --removed lists it.")


def _not_moved(error: Exception) -> DltuiError:
    """The error to raise for `error`, which came from moving a folder."""
    if isinstance(error, DltuiError):
        return error
    if isinstance(error, OSError) and error.errno == errno.EXDEV:
        return EngineError(
            "Runs lie on another file system than DLTUI_HOME: a removed run cannot be kept.",
            "Put DLTUI_HOME and its runs on one file system.",
        )
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return EngineError(f"The folder cannot be moved: {text}.", "dltui doctor looks at the disk.")
