"""The counter of submissions, which orders runs and sweeps independently of the clock."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine import files, store
from engine.errors import CorruptRun
from engine.places import Places
from engine.service.index.index import Index
from engine.service.index.index_thread import IndexThread

LARGEST = 2**53
"""numbers from here on count as damaged: other JSON readers and SQLite cannot hold them"""


class SubmissionCounter:
    def __init__(self, places: Places, index_thread: IndexThread) -> None:
        self._places, self._index_thread = places, index_thread
        self._last: int | None = None
        self._lock = asyncio.Lock()

    async def next(self, count: int = 1) -> int:
        """The first of `count` numbers above the largest in runs, sweeps, removals and the counter's file."""
        async with self._lock:
            indexed = await self._index_thread.call(Index.last_number)
            if self._last is None:
                unindexed = set(await asyncio.to_thread(store.list_ids, self._places))
                await self._index_thread.call(Index.remove_known, unindexed)
                self._last = await asyncio.to_thread(largest_on_disk, self._places, unindexed)
            self._last = max(self._last, indexed) + count
            await asyncio.to_thread(self._save, self._last)
            return self._last - count + 1

    def _save(self, number: int) -> None:
        try:
            files.write_json(self._places.submissions, {"number": number})
        except OSError as error:  # the number is in the spec too
            logging.warning("%s cannot be written: %s", self._places.submissions, error)


def largest_on_disk(places: Places, run_ids: Iterable[str]) -> int:
    """The largest number in the counter's file, these runs, all sweeps and all removals; 0 for none."""
    specs = [store.folder_of(places, run_id).spec for run_id in run_ids]
    paths = [places.submissions, *specs, *places.sweeps.glob("*/sweep.json"), *_removed(places)]
    return max(map(_number_in, paths))


def _removed(places: Places) -> Iterator[Path]:
    yield from places.removed.glob("*/runs/*/spec.json")
    yield from places.removed.glob("*/sweeps/*/sweep.json")


def _number_in(path: Path) -> int:
    """0 where there is none or the file is damaged, which is reported where the file is read as a whole."""
    try:
        number = (files.read_json(path) or {}).get("number", 0)
    except CorruptRun:
        return 0
    return number if type(number) is int and 0 < number < LARGEST else 0
