"""Delivers keys one after the other: each is delivered when the one before it has been handled."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from textual.app import App
from textual.dom import DOMNode
from textual.events import Event
from textual.message_pump import MessagePump

TIMEOUT = 2.0
"""seconds after which the next key is delivered in any case"""
ROUNDS = 2
"""of messages that are waited for: handling a key may post further ones"""


class KeyOrder:
    """Over a slow connection many keys arrive at once; the first may open a dialog that the second is for."""

    def __init__(self, app: App[Any], deliver: Callable[[Event], Awaitable[None]]) -> None:
        self._app, self._deliver = app, deliver
        self._queue: deque[Event] = deque()
        self._delivery: asyncio.Task[None] | None = None

    @property
    def is_idle(self) -> bool:
        """Whether every key typed so far has been handled."""
        return self._delivery is None or self._delivery.done()

    def add(self, event: Event) -> None:
        self._queue.append(event)
        if self.is_idle:
            self._delivery = asyncio.create_task(self._deliver_all())

    def call_after(self, call: Callable[[], object]) -> None:
        """Call back when every key typed so far has been handled."""
        if self._delivery is None or self.is_idle:
            call()
        else:
            self._delivery.add_done_callback(lambda _: call())

    async def _deliver_all(self) -> None:
        while self._queue and self._app.is_running:
            screen = self._app.screen
            target: DOMNode = self._app.focused or screen
            delivery = asyncio.ensure_future(self._deliver(self._queue.popleft()))
            try:
                async with asyncio.timeout(TIMEOUT):
                    await asyncio.shield(delivery)  # the key itself is not lost, however late it is
                    for _ in range(ROUNDS):
                        for node in target.ancestors_with_self:
                            await _drained(node)
                    if self._queue and self._app.screen is not screen:
                        await self._ready()
            except TimeoutError:
                continue  # the next key is delivered although this one is not handled yet

    async def _ready(self) -> None:
        """Wait until the screen that was pushed or uncovered has its focus."""
        while not self._app.screen.is_mounted or (self._app.screen.focus_chain and not self._app.focused):
            await asyncio.sleep(0.005)


async def _drained(node: MessagePump) -> None:
    """Wait until the node has handled all messages posted to it so far."""
    if node.is_running:
        done = asyncio.Event()
        if node.call_later(done.set):
            await done.wait()
