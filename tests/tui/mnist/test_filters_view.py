"""The filters view."""

from __future__ import annotations

import numpy as np
import pytest

from engine.events import EventWriter
from engine.places import Places
from engine.protocol import Running
from engine.store import RunFolder
from tests.engine.session.digit_runs import convolutions, plant
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine
from tests.fakes.fake_session import FakeSession
from tests.tui.mnist.bench import SIZES, folder, offline, summary
from tui.dialogs.image_screen import ImageScreen
from tui.messages import OpenView
from tui.mnist.filters_view import FiltersView

__all__ = ("folder", "offline")


@pytest.mark.parametrize("size", SIZES)
async def test_filters_are_stepped_through(
    places: Places, session: FakeSession, size: tuple[int, int]
) -> None:
    folder = plant(places.root, {20: convolutions(seed=1), 40: convolutions(seed=2)}, model="double_conv")
    async with open_app(places, FakeEngine(summary(folder)), size) as opened:
        await opened.press("4", "f")
        await opened.shows("conv1", "step 40", "5 filters of 5x5")
        await opened.press("left")
        await opened.shows("step 20")
        await opened.press("down")
        await opened.shows("conv2", "a column is one filter")
        shown = opened.app.query_one(FiltersView)
        await opened.until(lambda: len(shown.snapshot.pictures) == 4)
        assert shown.snapshot.pictures[0].before is not None
        await opened.press("G")
        await opened.shows("step 40")


async def test_the_course_opens_the_run_and_the_step_that_its_aid_shows(
    places: Places, session: FakeSession
) -> None:
    folder = plant(places.root, {20: convolutions(seed=1), 40: convolutions(seed=2)}, model="double_conv")
    other = plant(places.root, {60: convolutions(seed=3)}, model="double_conv")
    async with open_app(places, FakeEngine(summary(folder), summary(other))) as opened:
        await opened.press("4", "f")
        await opened.shows("step 60")
        opened.app.post_message(OpenView("mnist", "filters", {"run": folder.id, "step": 20}, "learn"))
        await opened.shows("step 20")
        await opened.press("right")
        await opened.shows("step 40")
        await opened.press("escape")
        await opened.until(lambda: opened.app.switcher.active_tab.NAME == "learn")


async def test_a_dense_network_shows_each_units_weights_as_an_image(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with open_app(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "f")
        await opened.shows("each unit's ", "space play")
        keys = opened.text.splitlines()[-1]
        assert not any(words in keys for words in ("v maps", "i next image", "enter weights", "more filters"))


async def test_filters_are_shown_as_one_picture(
    places: Places, session: FakeSession, folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("textual_image")
    monkeypatch.setattr("tui.terminal.image_protocol.is_prepared", lambda: True)
    async with open_app(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "f")
        await opened.shows("weights as an image")
        await opened.press("S")
        await opened.until(lambda: isinstance(opened.app.screen, ImageScreen))
        await opened.shows("back")
        await opened.press("escape")
        await opened.shows("weights as an image")


async def test_filters_of_a_run_in_training_are_updated(places: Places, session: FakeSession) -> None:
    folder = plant(places.root, {20: convolutions(seed=1), 40: convolutions(seed=2)}, model="double_conv")
    writer = EventWriter(folder.events)
    writer.append("sketch", step=20, parts=sketched(seed=1))
    live = summary(folder, state=Running(since=1.0), step=40)
    async with open_app(places, FakeEngine(live), (120, 40)) as opened:
        await opened.press("4", "f")
        await opened.shows("conv1", "step 20", "live", "5 filters of 5x5")
        writer.append("sketch", step=33, parts=sketched(seed=3))
        await opened.shows("step 33", "after the ReLU")
        await opened.press("left")
        await opened.shows("step 20")
        await opened.press("v", "v", "v")
        await opened.shows("↑ before")
    writer.close()


def sketched(seed: int) -> dict[str, object]:
    """Parts of a `sketch` event: filters, and the maps of four pictures."""
    maps = np.random.default_rng(seed).integers(0, 256, (4, 5, 8, 8)).tolist()
    return {"filters/conv1": convolutions(seed=seed)["conv1.weight"].tolist(), "maps/conv1": maps}
