"""Sheets of rows."""

from __future__ import annotations

from engine.places import Places
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine


async def test_no_letter_is_below_the_scrollbar(places: Places) -> None:
    async with open_app(places, FakeEngine(), (80, 24)) as opened:
        await opened.press("n")
        await opened.shows("start an experiment", "xor_batch")
        await opened.until(lambda: "a map shows" in opened.text and "whic" not in opened.text)
