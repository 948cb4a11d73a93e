"""The app under Textual's pilot, on a fake engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

from textual._xterm_parser import XTermParser
from textual.notifications import Notification, Notifications
from textual.pilot import Pilot

from engine.places import Places
from tests.fakes.engine import FakeEngine
from tests.timeouts import quiet_seconds
from tui.app import LabApp

TIMEOUT = 120.0
STABLE_READINGS = 6
TOAST_END = 0.5
"""seconds before the end of a notice at which its toast may remove it"""


class _AllNotices(Notifications):
    def __init__(self) -> None:
        super().__init__()
        self._added: list[Notification] = []

    @property
    def messages(self) -> list[str]:
        return [notice.message for notice in self._added]

    def add(self, notification: Notification) -> Self:
        self._added.append(notification)
        return super().add(notification)

    def __delitem__(self, notification: Notification) -> None:
        """A toast removes its own when its time is over."""
        if notification.time_left > TOAST_END and notification in self._added:
            self._added.remove(notification)
        super().__delitem__(notification)

    def clear(self) -> Self:
        self._added.clear()
        return super().clear()


class AppPilot:
    """Presses keys, types and drags as a person does, and reads the screen."""

    def __init__(self, app: LabApp, pilot: Pilot[int], engine: FakeEngine) -> None:
        self.app, self.pilot, self.engine = app, pilot, engine
        self._notices = _AllNotices()
        for notice in app._notifications:
            self._notices.add(notice)
        app._notifications = self._notices

    @property
    def text(self) -> str:
        """All lines of the topmost screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    @property
    def notices(self) -> list[str]:
        """Also those whose time is over, which comes soon on a busy machine; not those that were removed."""
        return self._notices.messages

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self._wait_until_handled()

    async def type(self, text: str) -> None:
        names = {" ": "space", ".": "full_stop", "=": "equals_sign", "<": "less_than_sign", "-": "minus"}
        await self.pilot.press(*(names.get(character, character) for character in text))
        await self._wait_until_handled()

    async def _wait_until_handled(self) -> None:
        """Wait until the keys are handled: a process without processor time looks idle to the pilot."""
        handled = asyncio.Event()
        self.app.call_later(handled.set)
        await self.until(lambda: handled.is_set() or not self.app.is_running)
        await self.until(lambda: self.app._key_order.is_idle or not self.app.is_running)

    async def drag(self, *places: tuple[int, int]) -> None:
        """The left button down at the first cell and up at the last one, as mouse reports of a terminal."""
        self._mouse("0", places[0], "M")
        for place in places[1:]:
            self._mouse("32", place, "M")
        self._mouse("0", places[-1], "m")
        await self.pilot.pause()

    def _mouse(self, what: str, place: tuple[int, int], end: str) -> None:
        for message in XTermParser().feed(f"\x1b[<{what};{place[0] + 1};{place[1] + 1}{end}"):
            self.app.post_message(message)

    def _laid_out(self) -> str:
        """The displayed widgets with their regions, for a failure whose screen does not tell its cause."""
        shown = [widget for widget in self.app.screen.query("*") if widget.display]
        return "\n".join(f"{widget} {widget.region} mounted={widget.is_mounted}" for widget in shown)

    async def until(self, holds: Callable[[], Any]) -> None:
        """Wait until `holds()` is true; the failure shows the screen and what is laid out on it."""
        end = quiet_seconds() + TIMEOUT
        while not holds():
            assert quiet_seconds() < end, f"timed out; the screen:\n{self.text}\n{self._laid_out()}"
            await asyncio.sleep(0.01)
            await self.pilot.pause(0)

    async def stable_count(self, count: Callable[[], int]) -> int:
        """Wait until the count stays equal over several turns of the app; that count."""
        readings = [count()]
        while len(readings) < STABLE_READINGS or len(set(readings[-STABLE_READINGS:])) > 1:
            await asyncio.sleep(0.04)
            await self.pilot.pause()
            readings.append(count())
        return readings[-1]

    async def shows(self, *words: str) -> None:
        """Wait until each text is on the screen."""
        for word in words:
            await self.until(lambda word=word: word in self.text)


@asynccontextmanager
async def open_app(
    places: Places, engine: FakeEngine, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[AppPilot]:
    app = LabApp(places, engine.connect)  # type: ignore[arg-type]
    async with app.run_test(size=size) as pilot:
        opened = AppPilot(app, pilot, engine)
        await opened.until(
            lambda: (app.connection.is_connected and app.runs.pages.loaded) or not engine.is_up
        )
        await pilot.pause()
        yield opened
