"""The form of a new run, by keys alone."""

from __future__ import annotations

from engine.places import Places
from tests.fakes.engine import FakeEngine
from tests.fakes.lab import lab
from tui.screens.form import FormScreen


async def test_a_run_can_be_sent_to_a_cluster(places: Places) -> None:
    engine = FakeEngine()
    async with lab(places, engine, (80, 24)) as opened:
        await opened.press("n", "enter")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        assert "ray_address" not in opened.text
        await opened.press("up", "right")
        await opened.sees("ray_address")
        await opened.press("down")
        await opened.type("auto")
        await opened.press("enter")
        await opened.until(lambda: engine.executors)
        assert engine.executors == ["ray@auto"]
