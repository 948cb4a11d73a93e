"""The counter of submissions: what the order of runs and sweeps rests on, whatever the clock does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine import store
from engine.errors import CorruptRun
from engine.places import Places
from engine.service.index.index import Index
from engine.service.index.index_thread import IndexThread

LARGEST = 2**53
"""numbers from here on are damage: JSON elsewhere and SQLite could not hold them"""


class SubmissionCounter:
    def __init__(self, places: Places, index_thread: IndexThread) -> None:
        self._places, self._ledger = places, index_thread
        self._last: int | None = None
        self._turn = asyncio.Lock()

    async def next(self) -> int:
        """One more than the largest in runs, in sweeps, in what was removed, and in the file of its own."""
        async with self._turn:
            indexed = await self._ledger.ask(Index.last_number)
            if self._last is None:
                strangers = set(await asyncio.to_thread(store.list_ids, self._places))
                await self._ledger.ask(Index.compare, strangers)
                self._last = await asyncio.to_thread(largest_on_disk, self._places, strangers)
            self._last = max(self._last, indexed) + 1
            await asyncio.to_thread(self._keep, self._last)
            return self._last

    def _keep(self, number: int) -> None:
        try:
            store.write_json(self._places.submissions, {"number": number})
        except OSError as error:  # the spec that gets the number carries it too
            logging.warning("%s cannot be written: %s", self._places.submissions, error)


def largest_on_disk(places: Places, run_ids: Iterable[str]) -> int:
    """Of the counter's file, of these runs, of all sweeps, and of removed runs and sweeps; 0 for none."""
    specs = [store.folder_of(places, run_id).spec for run_id in run_ids]
    paths = [places.submissions, *specs, *places.sweeps.glob("*/sweep.json"), *_removed(places)]
    return max(map(_number_in, paths))


def _removed(places: Places) -> Iterator[Path]:
    yield from places.removed.glob("*/runs/*/spec.json")
    yield from places.removed.glob("*/sweeps/*/sweep.json")


def _number_in(path: Path) -> int:
    """0 where there is none, and in a file that cannot be read: it is reported by who reads all of it."""
    try:
        number = (store.read_json(path) or {}).get("number", 0)
    except CorruptRun:
        return 0
    return number if type(number) is int and 0 < number < LARGEST else 0
