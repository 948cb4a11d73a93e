"""The engine as the screen knows it: one connection, the runs that are followed, what they told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from textual.message import Message

from engine.client.client import Client
from engine.errors import DltuiError, EngineError, HomeUnusable, OtherVersion, ProtocolError
from engine.places import Places
from engine.protocol import RunSummary
from tui.messages import (
    CurvesGrew,
    EngineConnected,
    EngineLost,
    EngineRefused,
    EngineStalled,
    HomeRefused,
    ResourcesChanged,
    RunsChanged,
    SweepsChanged,
)

if TYPE_CHECKING:
    from tui.data.run_history import RunHistory

Connect = Callable[[Places], Awaitable[Client]]

STORIES_KEPT = 24
FIRST_WAIT, LONGEST_WAIT = 0.3, 5.0
QUIET_SECONDS, ANSWER_SECONDS = 2.0, 3.0
"""without a frame until the engine is asked for a sign of life, and then until one is told that none comes"""


class Connection:
    """Carries what the engine says to `tell`, and starts over when the engine has gone."""

    def __init__(self, places: Places, connect: Connect, tell: Callable[[Message], Any]) -> None:
        self._places, self._connect, self._tell = places, connect, tell
        self._client: Client | None = None
        self._was_there = False
        self._unanswered_since: float | None = None
        self._hurried = asyncio.Event()
        self._stories: dict[str, RunHistory] = {}
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._wanted: dict[str, list[str]] = {}
        """who follows which runs"""

    @property
    def is_connected(self) -> bool:
        return self._client is not None

    @property
    def client(self) -> Client:
        """The connection. Raises EngineError while there is none."""
        if self._client is None:
            raise EngineError("Not done: the engine is not connected.")
        return self._client

    @property
    def waits_for(self) -> str:
        """What a page that knows nothing yet is waiting for."""
        return "loading the runs" if self.is_connected else "connecting to the engine"

    def history(self, run: str) -> RunHistory | None:
        return self._stories.get(run)

    async def flow(self) -> None:
        """For ever: connect, watch, and connect again. Ends by being cancelled."""
        wait = FIRST_WAIT
        try:
            while True:
                try:
                    async with await self._connected() as client:
                        self._client, wait, self._was_there = client, FIRST_WAIT, True
                        self._unanswered_since = None
                        async with _beside(self._notice_silence(client)):
                            await self._watch(client)
                except HomeUnusable as error:
                    self._lose("")
                    self._tell(HomeRefused(error.why, error.remedy, error.command))
                except OtherVersion as error:
                    self._lose("")
                    self._tell(EngineRefused(str(error)))
                except (DltuiError, OSError) as error:
                    self._lose(str(error))
                await self._rest(wait)
                wait = min(LONGEST_WAIT, 2 * wait)
        finally:
            self._lose("")

    def try_again(self) -> None:
        """Connect now, not when its time has come."""
        self._hurried.set()

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._hurried.wait()
        except TimeoutError:
            pass  # nobody was in a hurry
        self._hurried.clear()

    def follow(self, runs: Iterable[str], who: str = "runs") -> None:
        """Read the stories of these runs for `who`, and of none that nobody follows."""
        from tui.data.run_history import RunHistory  # the first screen does not wait for it

        self._wanted[who] = list(runs)
        wanted = self._followed
        for run in [run for run in self._readers if run not in wanted]:
            self._readers.pop(run).cancel()
        for run in wanted:
            history = self._stories.pop(run, None)
            self._stories[run] = RunHistory(run) if history is None else history
        self._drop_old_stories()
        self._read_all()

    def forget(self, run: str) -> None:
        """The run is no more."""
        self._stories.pop(run, None)
        reader = self._readers.pop(run, None)
        if reader is not None:
            reader.cancel()

    @property
    def _followed(self) -> list[str]:
        """Every run that somebody follows, once."""
        return list(dict.fromkeys(run for runs in self._wanted.values() for run in runs))

    async def _connected(self) -> Client:
        """Raises EngineError. Tells when that takes long: the engine may be stopped or overloaded."""
        async with _beside(self._tell_of_waiting()):
            return await self._connect(self._places)

    async def _tell_of_waiting(self) -> None:
        since = self._unanswered_since = self._unanswered_since or time.monotonic()
        while True:
            await asyncio.sleep(ANSWER_SECONDS)
            self._tell(EngineStalled(time.monotonic() - since, self._was_there))

    async def _notice_silence(self, client: Client) -> None:
        """For ever: ask for a sign of life where none came by itself."""
        while True:
            heard = client.frames_received
            await asyncio.sleep(QUIET_SECONDS)
            if client.frames_received == heard:
                await self._wait_for_life(client)

    async def _wait_for_life(self, client: Client) -> None:
        asking = asyncio.ensure_future(client.ping())
        silent = QUIET_SECONDS
        try:
            while not (await asyncio.wait({asking}, timeout=ANSWER_SECONDS))[0]:
                silent += ANSWER_SECONDS
                self._tell(EngineStalled(silent, True))
            if asking.exception() is None and silent > QUIET_SECONDS:
                self._tell(EngineStalled(0))
        finally:
            asking.cancel()

    async def _watch(self, client: Client) -> None:
        self._tell(EngineConnected(client.notice))
        self._read_all()
        async for change in client.watch():
            if change.changed or change.removed:
                self._reopen(change.changed)
                self._tell(RunsChanged(change.changed, change.removed, change.total))
            if change.sweeps or change.sweeps_removed:
                self._tell(SweepsChanged(change.sweeps, change.sweeps_removed))
            if change.resources is not None:
                self._tell(ResourcesChanged(change.resources))
        raise EngineError("The engine has gone.")

    def _reopen(self, runs: Iterable[RunSummary]) -> None:
        """A run whose story had ended may be told on: it was resumed."""
        for run in runs:
            history = self._stories.get(run.id)
            if history is not None and history.ended and run.status.is_active:
                history.ended = False
        self._read_all()

    def _read_all(self) -> None:
        if self._client is None:
            return
        for run in self._followed:
            history = self._stories.get(run)
            reader = self._readers.get(run)
            if history is not None and not history.ended and (reader is None or reader.done()):
                self._readers[run] = asyncio.create_task(self._read(self._client, history))

    async def _read(self, client: Client, history: RunHistory) -> None:
        try:
            async for batch in client.events(history.run, after=history.seq):
                history.fold(batch)
                self._tell(CurvesGrew(history.run))
                await asyncio.sleep(0)
        except (EngineError, ProtocolError):
            return  # the watch sees it too and starts over, or the next change has it read again
        except DltuiError:
            history.ended = True  # removed meanwhile

    def _lose(self, words: str) -> None:
        was_connected, self._client = self._client is not None, None
        for reader in self._readers.values():
            reader.cancel()
        self._readers.clear()
        if words:
            self._tell(EngineLost(words, self._was_there, is_refusal=not was_connected))

    def _drop_old_stories(self) -> None:
        for run in [run for run in self._stories if run not in self._followed]:
            if len(self._stories) <= STORIES_KEPT:
                return
            del self._stories[run]


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do that as long as the block lasts."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
