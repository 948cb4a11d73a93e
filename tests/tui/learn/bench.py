"""The Learn tab on a fake engine and a session in the process of the test."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from engine.places import Places
from tests.fakes.app_pilot import AppPilot, open_app
from tests.fakes.engine import FakeEngine
from tui.learn.tab import LearnTab


@contextlib.asynccontextmanager
async def learn_tab(places: Places, size: tuple[int, int] = (120, 40), *keys: str) -> AsyncIterator[AppPilot]:
    async with open_app(places, FakeEngine(), size) as opened:
        await opened.press("7")
        await opened.shows("t today")
        await opened.press(*keys)
        yield opened


async def read(opened: AppPilot, lecture: int) -> None:
    """Open a lecture from the list of lectures."""
    await opened.press("b")
    await opened.shows("Attention, transformers")
    await opened.press("g", *["down"] * (lecture - 1), "enter")
    await opened.until(lambda: tab(opened).front == "reader")
    await opened.shows("overview")


def tab(opened: AppPilot) -> LearnTab:
    return opened.app.query_one(LearnTab)
