"""The app under a pilot, on an engine that is made up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual._xterm_parser import XTermParser
from textual.pilot import Pilot

from engine.places import Places
from tests.fakes.engine import FakeEngine
from tests.patience import quiet_seconds
from tui.app import LabApp

PATIENCE = 120.0
QUIET = 6


class Lab:
    """What a person at the keyboard can do and see."""

    def __init__(self, app: LabApp, pilot: Pilot[int], engine: FakeEngine) -> None:
        self.app, self.pilot, self.engine = app, pilot, engine

    @property
    def text(self) -> str:
        """Every line of the screen on top."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    @property
    def notices(self) -> list[str]:
        return [notice.message for notice in self.app._notifications]

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self._heard()

    async def type(self, text: str) -> None:
        names = {" ": "space", ".": "full_stop", "=": "equals_sign", "<": "less_than_sign", "-": "minus"}
        await self.pilot.press(*(names.get(character, character) for character in text))
        await self._heard()

    async def _heard(self) -> None:
        """Until what was typed is dealt with: the pilot takes a process that has no turn for an idle one."""
        behind = asyncio.Event()
        self.app.call_later(behind.set)
        await self.until(lambda: behind.is_set() or not self.app.is_running)
        await self.until(lambda: self.app._typing.is_quiet or not self.app.is_running)

    async def drag(self, *places: tuple[int, int]) -> None:
        """The left button down at the first cell, up at the last one; as a terminal tells of it."""
        self._mouse("0", places[0], "M")
        for place in places[1:]:
            self._mouse("32", place, "M")
        self._mouse("0", places[-1], "m")
        await self.pilot.pause()

    def _mouse(self, what: str, place: tuple[int, int], end: str) -> None:
        for message in XTermParser().feed(f"\x1b[<{what};{place[0] + 1};{place[1] + 1}{end}"):
            self.app.post_message(message)

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait until it holds; says what the screen showed when it never does."""
        end = quiet_seconds() + PATIENCE
        while not holds():
            assert quiet_seconds() < end, f"never came to pass; the screen:\n{self.text}"
            await asyncio.sleep(0.01)
            await self.pilot.pause(0)

    async def rests(self, count: Callable[[], int]) -> int:
        """Wait until the count has stood still for a while in which the app was heard; that count."""
        looks = [count()]
        while len(looks) < QUIET or len(set(looks[-QUIET:])) > 1:
            await asyncio.sleep(0.04)
            await self.pilot.pause()
            looks.append(count())
        return looks[-1]

    async def sees(self, *words: str) -> None:
        for word in words:
            await self.until(lambda word=word: word in self.text)


@asynccontextmanager
async def lab(places: Places, engine: FakeEngine, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Lab]:
    app = LabApp(places, engine.connect)  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        opened = Lab(app, pilot, engine)
        await opened.until(
            lambda: (app.connection.is_connected and app.runs.pages.loaded) or not engine.is_up
        )
        await pilot.pause()
        yield opened
