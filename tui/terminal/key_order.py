"""Keys are heard one after the other: each finds what the one before it has opened."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App
from textual.dom import DOMNode
from textual.events import Event
from textual.message_pump import MessagePump

PATIENCE = 2.0
"""seconds after which the next key is heard in any case"""
ROUNDS = 2
"""of messages: what a key did may have asked for something more"""


class KeyOrder:
    """Over a slow line many keys arrive at once; the first may open a dialog that the second is meant for."""

    def __init__(self, app: App[Any], hear: Callable[[Event], Awaitable[None]]) -> None:
        self._app, self._hear = app, hear
        self._typed: deque[Event] = deque()
        self._hearing: asyncio.Task[None] | None = None

    @property
    def is_quiet(self) -> bool:
        """All that was typed is done."""
        return self._hearing is None or self._hearing.done()

    def take(self, event: Event) -> None:
        self._typed.append(event)
        if self.is_quiet:
            self._hearing = asyncio.create_task(self._hear_all())

    def then(self, call: Callable[[], object]) -> None:
        """Do that when all that was typed is done."""
        if self._hearing is None or self.is_quiet:
            call()
        else:
            self._hearing.add_done_callback(lambda _: call())

    async def _hear_all(self) -> None:
        while self._typed and self._app.is_running:
            screen = self._app.screen
            target: DOMNode = self._app.focused or screen
            hearing = asyncio.ensure_future(self._hear(self._typed.popleft()))
            try:
                async with asyncio.timeout(PATIENCE):
                    await asyncio.shield(hearing)  # the key itself is not lost, however late it is
                    for _ in range(ROUNDS):
                        for node in target.ancestors_with_self:
                            await _drained(node)
                    if self._typed and self._app.screen is not screen:
                        await self._ready()
            except TimeoutError:
                continue  # better out of order than not at all

    async def _ready(self) -> None:
        """Until the screen that was opened or uncovered has its focus."""
        while not self._app.screen.is_mounted or (self._app.screen.focus_chain and not self._app.focused):
            await asyncio.sleep(0.005)


async def _drained(node: MessagePump) -> None:
    """Until the node has dealt with all that was sent to it so far."""
    if node.is_running:
        done = asyncio.Event()
        if node.call_later(done.set):
            await done.wait()
