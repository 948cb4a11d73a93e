"""The connection of the app to the engine, and the histories of the runs that tabs follow."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from textual.message import Message

from engine.client.client import Client
from engine.errors import DltuiError, EngineError, HomeUnusable, OtherVersion
from engine.places import Places
from engine.protocol import RunSummary, Status
from tui.messages import (
    EngineConnected,
    EngineLost,
    EngineRefused,
    EngineStalled,
    HomeRefused,
    NotificationsSent,
    ResourcesChanged,
    RunsChanged,
    SweepsChanged,
)

if TYPE_CHECKING:
    from tui.data.run_history import RunHistory

Connect = Callable[[Places], Awaitable[Client]]

HISTORIES_KEPT = 24
STREAMS = 28
"""histories that are read at once: the service refuses more, and the app has a few other streams"""
FIRST_WAIT, LONGEST_WAIT = 0.3, 5.0
"""seconds between two attempts to connect: doubled each time"""
QUIET_SECONDS, ANSWER_SECONDS = 2.0, 3.0
"""without a frame until the engine is pinged, and then until EngineStalled is posted, again and again"""


class Connection:
    """Passes what the engine sends, as messages, to `post`; reconnects when the connection ends."""

    def __init__(self, places: Places, connect: Connect, post: Callable[[Message], Any]) -> None:
        self._places, self._connect, self._post = places, connect, post
        self._client: Client | None = None
        self._was_connected = False
        self._unanswered_since: float | None = None
        self._retry_requested = asyncio.Event()
        self._histories: dict[str, RunHistory] = {}
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._runs_of: dict[str, list[str]] = {}
        """subscriber -> runs that it follows"""

    @property
    def is_connected(self) -> bool:
        return self._client is not None

    @property
    def client(self) -> Client:
        """The client. Raises EngineError while not connected."""
        if self._client is None:
            raise EngineError("Not done: the engine is not connected.")
        return self._client

    @property
    def loading_text(self) -> str:
        """Text of a page that has no data yet."""
        return "loading the runs" if self.is_connected else "connecting to the engine"

    def history(self, run: str) -> RunHistory | None:
        return self._histories.get(run)

    async def run(self) -> None:
        """Connect, watch, reconnect, until cancelled."""
        wait = FIRST_WAIT
        try:
            while True:
                try:
                    async with await self._connected() as client:
                        self._client, wait, self._was_connected = client, FIRST_WAIT, True
                        self._unanswered_since = None
                        async with _in_background(self._detect_silence(client)):
                            await self._watch(client)
                except HomeUnusable as error:
                    self._disconnect("")
                    self._post(HomeRefused(error.why, error.remedy, error.command))
                except OtherVersion as error:
                    self._disconnect("")
                    self._post(EngineRefused(str(error)))
                except (DltuiError, OSError) as error:
                    self._disconnect(str(error))
                await self._wait(wait)
                wait = min(LONGEST_WAIT, 2 * wait)
        finally:
            self._disconnect("")

    def retry_now(self) -> None:
        """Connect now, without waiting for the next attempt."""
        self._retry_requested.set()

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._retry_requested.wait()
        except TimeoutError:
            pass  # no retry was requested meanwhile
        self._retry_requested.clear()

    def follow(self, runs: Iterable[str], subscriber: str = "runs") -> None:
        """Read the events of these runs, and of no others, for `subscriber`.

        Runs without a subscriber are no longer read.
        """
        from tui.data.run_history import RunHistory  # the first screen does not wait for it

        self._runs_of[subscriber] = list(runs)
        followed = self._followed
        for run in [run for run in self._readers if run not in followed]:
            self._readers.pop(run).cancel()
        for run in followed:
            history = self._histories.pop(run, None)
            self._histories[run] = RunHistory(run) if history is None else history
        self._drop_old_histories()
        self._read_followed()

    def discard(self, run: str) -> None:
        """Drop the history of a run that was removed."""
        self._histories.pop(run, None)
        reader = self._readers.pop(run, None)
        if reader is not None:
            reader.cancel()

    @property
    def _followed(self) -> list[str]:
        """Every run that is followed, once."""
        return list(dict.fromkeys(run for runs in self._runs_of.values() for run in runs))

    async def _connected(self) -> Client:
        """A connected client. Posts EngineStalled while that takes long. Raises EngineError."""
        async with _in_background(self._report_waiting()):
            return await self._connect(self._places)

    async def _report_waiting(self) -> None:
        since = self._unanswered_since = self._unanswered_since or time.monotonic()
        while True:
            await asyncio.sleep(ANSWER_SECONDS)
            self._post(EngineStalled(time.monotonic() - since, self._was_connected))

    async def _detect_silence(self, client: Client) -> None:
        """Ping the engine whenever no frame came for QUIET_SECONDS, until cancelled."""
        while True:
            received = client.frames_received
            await asyncio.sleep(QUIET_SECONDS)
            if client.frames_received == received:
                await self._ping(client)

    async def _ping(self, client: Client) -> None:
        ping = asyncio.ensure_future(client.ping())
        silent = QUIET_SECONDS
        try:
            while not (await asyncio.wait({ping}, timeout=ANSWER_SECONDS))[0]:
                silent += ANSWER_SECONDS
                self._post(EngineStalled(silent, True))
            if ping.exception() is None and silent > QUIET_SECONDS:
                self._post(EngineStalled(0))
        finally:
            ping.cancel()

    async def _watch(self, client: Client) -> None:
        self._post(EngineConnected(client.notice))
        self._read_followed()
        async for change in client.watch():
            if change.changed or change.removed:
                self._reopen(change.changed)
                self._post(RunsChanged(change.changed, change.removed, change.total))
            if change.sweeps or change.sweeps_removed:
                self._post(SweepsChanged(change.sweeps, change.sweeps_removed))
            if change.notifications:
                self._post(NotificationsSent(change.notifications))
            if change.resources is not None:
                self._post(ResourcesChanged(change.resources))
        raise EngineError("The engine has gone.")

    def _reopen(self, runs: Iterable[RunSummary]) -> None:
        """Read the events of runs whose history had ended: they were resumed, or their log has grown."""
        for run in runs:
            history = self._histories.get(run.id)
            if history is not None and history.ended and is_growing(run):
                history.ended = False
        self._read_followed()

    def _read_followed(self) -> None:
        """As many at once as the service sends; those that come to their end make room for others."""
        if self._client is None:
            return
        room = STREAMS - sum(not reader.done() for reader in self._readers.values())
        for run in self._followed:
            history = self._histories.get(run)
            reader = self._readers.get(run)
            if room > 0 and history is not None and not history.ended and (reader is None or reader.done()):
                self._readers[run] = reader = asyncio.create_task(history.read(self._client, self._post))
                reader.add_done_callback(functools.partial(self._read_next, history))
                room -= 1

    def _read_next(self, history: RunHistory, reader: asyncio.Task[None]) -> None:
        if history.ended and not reader.cancelled():
            self._read_followed()

    def _disconnect(self, reason: str) -> None:
        was_connected, self._client = self._client is not None, None
        for reader in self._readers.values():
            reader.cancel()
        self._readers.clear()
        if reason:
            self._post(EngineLost(reason, self._was_connected, is_refusal=not was_connected))

    def _drop_old_histories(self) -> None:
        for run in [run for run in self._histories if run not in self._followed]:
            if len(self._histories) <= HISTORIES_KEPT:
                return
            del self._histories[run]


def is_growing(run: RunSummary) -> bool:
    """Whether events may follow its last one: it trains, or another program does."""
    return run.status.is_active or run.status is Status.IMPORTED


@asynccontextmanager
async def _in_background(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run `work` as a task until the block ends."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
