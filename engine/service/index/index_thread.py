"""The index in a thread of its own, so that the event loop does not wait for the disk."""

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
from engine.service.index.index import Index, open_in_memory, open_index
from engine.service.index.index_file import delete_index, is_disk_error
from engine.service.index.index_rows import DamagedIndex, IndexRow, row_of

T = TypeVar("T")
P = ParamSpec("P")
RETRY_SECONDS = 5.0
"""between two attempts to move an index from memory back to a full disk"""


class IndexThread:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="index")
        self._is_in_memory, self._retry_at = False, 0.0
        self.damage = ""
        """why the index was deleted and rebuilt"""
        self.damaged_at = -math.inf
        """time of that on the monotonic clock"""
        self.refill: Callable[[], Awaitable[None]] | None = None
        """reads all run folders into an empty index"""
        self._rebuilding: asyncio.Task[None] | None = None
        self._index = self._open()
        self._pending: dict[str, tuple[RunSummary, Json]] = {}
        self.total = self._index.total()

    @property
    def stamp(self) -> str:
        """The stamp with which the index was closed; empty after a crash."""
        return self._index.stamp

    def _open(self) -> Index:
        """The index on disk, or one in memory while the disk is full or read-only."""
        try:
            return open_index(self._path, self._record_damage)
        except EngineError as error:
            self._move_to_memory(error)
            return open_in_memory()

    def _record_damage(self, why: str) -> None:
        self.damage, self.damaged_at = why, time.monotonic()

    def _move_to_memory(self, why: Exception) -> None:
        logging.warning("%s The index is kept in memory until there is room.", why)
        self._is_in_memory, self._retry_at = True, time.monotonic() + RETRY_SECONDS

    def _run(self, function: Callable[[Index], T]) -> T:
        if self._is_in_memory and time.monotonic() >= self._retry_at:
            self._return_to_disk()
        try:
            return function(self._index)
        except sqlite3.OperationalError as error:
            if self._is_in_memory or not is_disk_error(error):
                raise
            in_memory = open_in_memory()
            self._index.copy_to(in_memory)
            self._index.discard()
            self._index = in_memory
            self._move_to_memory(error)
            return function(self._index)

    def _return_to_disk(self) -> None:
        self._retry_at = time.monotonic() + RETRY_SECONDS
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
        self, function: Callable[Concatenate[Index, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call `function(index, *args, **kwargs)` in the thread; a damaged index is rebuilt first.

        Raises EngineError.
        """

        def run() -> T:
            return self._run(lambda index: function(index, *args, **kwargs))

        await self._wait_for_rebuild()
        try:
            return await self._in_thread(run)
        except DamagedIndex as error:
            await self._rebuild_damaged(str(error))
        except sqlite3.Error as error:
            if is_disk_error(error) or not isinstance(error, sqlite3.DatabaseError):
                raise EngineError(f"The index {self._path} failed: {error}.", "dltui reindex") from error
            await self._rebuild_damaged(str(error))
        try:
            return await self._in_thread(run)
        except (sqlite3.Error, DamagedIndex) as error:
            raise EngineError(f"The index {self._path} failed: {error}.", "dltui reindex") from error

    async def _in_thread(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function)

    async def _wait_for_rebuild(self) -> None:
        """Wait for a rebuild, except in the task that runs it."""
        if self._rebuilding is not None and asyncio.current_task() is not self._rebuilding:
            await asyncio.wait({self._rebuilding})

    async def _rebuild_damaged(self, why: str) -> None:
        """Delete the index and read all run folders again. Raises EngineError within a rebuild."""
        if asyncio.current_task() is self._rebuilding:
            raise EngineError(f"The index {self._path} failed: {why}.", "dltui reindex")
        if self._rebuilding is None:
            logging.warning("%s is damaged (%s): it is rebuilt from the run folders", self._path, why)
            self._record_damage(why)
            self._rebuilding = asyncio.create_task(self._rebuild())
            self._rebuilding.add_done_callback(self._end_rebuild)
        await asyncio.wait({self._rebuilding})

    async def _rebuild(self) -> None:
        await self.recreate()
        if self.refill is not None:
            await self.refill()

    def _end_rebuild(self, rebuilding: asyncio.Task[None]) -> None:
        self._rebuilding = None
        if not rebuilding.cancelled() and rebuilding.exception() is not None:
            logging.error("the index could not be rebuilt: %s", rebuilding.exception())

    def enqueue(self, summary: RunSummary, tail: Json) -> None:
        """Write the row with the next flush."""
        self._pending[summary.id] = (summary, tail)

    async def flush(self) -> None:
        """Write pending rows; rows that cannot be written stay pending."""
        if self._rebuilding is not None:
            return
        pending, self._pending = self._pending, {}
        if not pending:
            return
        try:
            await self.call(Index.put, [row_of(*row) for row in pending.values()])
        except EngineError as error:
            self._pending = {**pending, **self._pending}
            logging.warning("%s", error.message)

    async def write(self, summary: RunSummary, tail: Json) -> None:
        """Write one row now and update `total`. Raises EngineError."""
        self._pending.pop(summary.id, None)
        await self.write_rows([row_of(summary, tail)])

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
        """Delete the index in any state and open an empty one."""

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

        await self._in_thread(replace)

    async def update_total(self) -> None:
        self.total = await self.call(Index.total)

    def close(self, stamp: str = "") -> None:
        """Write pending rows and close; blocks until the disk has them."""
        pending = list(self._pending.values())
        try:
            self._executor.submit(lambda: self._index.put(row_of(*row) for row in pending)).result()
            self._executor.submit(lambda: self._index.close(stamp)).result()
        except sqlite3.Error as error:
            logging.warning("the index could not be closed: %s", error)
        self._executor.shutdown()
