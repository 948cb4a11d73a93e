"""The index behind a desk of its own: one thread owns it, the event loop never waits for a disk."""

from __future__ import annotations

import asyncio
import logging
import math
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from engine.errors import EngineError
from engine.protocol import Json, RunSummary
from engine.service.index.index import (
    DamagedIndex,
    Index,
    IndexRow,
    delete_index,
    is_disk_error,
    open_in_memory,
    open_index,
    row_of,
)

T = TypeVar("T")
P = ParamSpec("P")
MOVE_SECONDS = 5.0
"""between two looks whether a full disk has room for the index again"""


class IndexThread:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="index")
        self._is_in_memory, self._move_at = False, 0.0
        self.damage = ""
        """why the index was thrown away and rebuilt"""
        self.damaged_at = -math.inf
        """on the monotonic clock"""
        self.refill: Callable[[], Awaitable[None]] | None = None
        """reads all run folders into an index that is empty"""
        self._healing: asyncio.Task[None] | None = None
        self._index = self._open()
        self._pending: dict[str, tuple[RunSummary, Json]] = {}
        self.total = self._index.total()

    @property
    def stamp(self) -> str:
        """What the index was closed with the last time; empty after a crash."""
        return self._index.stamp

    def _open(self) -> Index:
        """On disk, or, while the disk takes nothing, in memory: the run folders hold all of it anyway."""
        try:
            return open_index(self._path, self._note_damage)
        except EngineError as error:
            self._go_to_memory(error)
            return open_in_memory()

    def _note_damage(self, why: str) -> None:
        self.damage, self.damaged_at = why, time.monotonic()

    def _go_to_memory(self, why: Exception) -> None:
        logging.warning("%s The index is kept in memory until there is room.", why)
        self._is_in_memory, self._move_at = True, time.monotonic() + MOVE_SECONDS

    def _put(self, question: Callable[[Index], T]) -> T:
        if self._is_in_memory and time.monotonic() >= self._move_at:
            self._return_to_disk()
        try:
            return question(self._index)
        except sqlite3.OperationalError as error:
            if self._is_in_memory or not is_disk_error(error):
                raise
            refuge = open_in_memory()
            self._index.copy_to(refuge)
            self._index.discard()
            self._index = refuge
            self._go_to_memory(error)
            return question(self._index)

    def _return_to_disk(self) -> None:
        self._move_at = time.monotonic() + MOVE_SECONDS
        try:
            delete_index(self._path)
            disk = open_index(self._path)
            self._index.copy_to(disk)
        except (EngineError, sqlite3.Error, OSError):
            return
        self._index.discard()
        self._index, self._is_in_memory = disk, False
        logging.info("the index is on disk again")

    async def call(
        self, question: Callable[Concatenate[Index, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`question` of the index, in its thread; a damaged one is rebuilt first. Raises EngineError."""

        def put() -> T:
            return self._put(lambda index: question(index, *args, **kwargs))

        await self._healed()
        try:
            return await self._in_thread(put)
        except DamagedIndex as error:
            await self._heal(str(error))
        except sqlite3.Error as error:
            if is_disk_error(error) or not isinstance(error, sqlite3.DatabaseError):
                raise EngineError(f"The index {self._path} failed: {error}.", "dltui reindex") from error
            await self._heal(str(error))
        try:
            return await self._in_thread(put)
        except (sqlite3.Error, DamagedIndex) as error:
            raise EngineError(f"The index {self._path} failed: {error}.", "dltui reindex") from error

    async def _in_thread(self, do: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, do)

    async def _healed(self) -> None:
        """Nobody but who fills it is answered from an index that is being rebuilt."""
        if self._healing is not None and asyncio.current_task() is not self._healing:
            await asyncio.wait({self._healing})

    async def _heal(self, why: str) -> None:
        """Throw the index away and read all run folders anew. Raises EngineError where that fails too."""
        if asyncio.current_task() is self._healing:
            raise EngineError(f"The index {self._path} failed: {why}.", "dltui reindex")
        if self._healing is None:
            logging.warning("%s is damaged (%s): it is rebuilt from the run folders", self._path, why)
            self._note_damage(why)
            self._healing = asyncio.create_task(self._rebuild())
            self._healing.add_done_callback(self._end_healing)
        await asyncio.wait({self._healing})

    async def _rebuild(self) -> None:
        await self.recreate()
        if self.refill is not None:
            await self.refill()

    def _end_healing(self, healing: asyncio.Task[None]) -> None:
        self._healing = None
        if not healing.cancelled() and healing.exception() is not None:
            logging.error("the index could not be rebuilt: %s", healing.exception())

    def enqueue(self, summary: RunSummary, tail: Json) -> None:
        """To be written with the next flush."""
        self._pending[summary.id] = (summary, tail)

    async def flush(self) -> None:
        """What cannot be written now is kept: the run folders hold it anyway."""
        if self._healing is not None:
            return
        noted, self._pending = self._pending, {}
        if not noted:
            return
        try:
            await self.call(Index.put, [row_of(*row) for row in noted.values()])
        except EngineError as error:
            self._pending = {**noted, **self._pending}
            logging.warning("%s", error.message)

    async def write(self, summary: RunSummary, tail: Json) -> None:
        """Write one row now; a new run counts. Raises EngineError."""
        self._pending.pop(summary.id, None)
        await self.call(Index.put, [row_of(summary, tail)])
        await self.update_total()

    async def write_rows(self, rows: Iterable[IndexRow]) -> None:
        await self.call(Index.put, list(rows))
        await self.update_total()

    async def drop(self, run_ids: Iterable[str]) -> None:
        gone = list(run_ids)
        for run_id in gone:
            self._pending.pop(run_id, None)
        await self.call(Index.drop, gone)
        await self.update_total()

    async def recreate(self) -> None:
        """Throw the index away, whatever state it is in."""

        def replace() -> None:
            try:
                self._index.discard()
            except sqlite3.Error:
                logging.warning("the old index could not be closed")
            self._is_in_memory = False
            try:
                delete_index(self._path)
            except OSError as error:
                logging.warning("%s cannot be thrown away: %s", self._path, error)
            self._index = self._open()

        await asyncio.get_running_loop().run_in_executor(self._executor, replace)

    async def update_total(self) -> None:
        self.total = await self.call(Index.total)

    def close(self, stamp: str = "") -> None:
        """Last of all: it waits for the disk."""
        noted = list(self._pending.values())
        try:
            self._executor.submit(lambda: self._index.put(row_of(*row) for row in noted)).result()
            self._executor.submit(lambda: self._index.close(stamp)).result()
        except sqlite3.Error as error:
            logging.warning("the index could not be closed: %s", error)
        self._executor.shutdown()
