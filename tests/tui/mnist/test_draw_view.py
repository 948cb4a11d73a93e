"""Drawing of digits, by keys and by mouse."""

from __future__ import annotations

import numpy as np
import pytest

from engine.places import Places
from engine.session_protocol.mnist import PredictRequest
from engine.store import RunFolder
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine
from tests.fakes.fake_session import FakeSession
from tests.tui.mnist.bench import SIZES, folder, offline, summary
from tui.mnist.draw_view import DrawView

__all__ = ("folder", "offline")


@pytest.mark.parametrize("size", SIZES)
async def test_a_digit_is_classified_while_it_is_drawn(
    places: Places, session: FakeSession, folder: RunFolder, size: tuple[int, int]
) -> None:
    async with open_app(places, FakeEngine(summary(folder)), size) as opened:
        await opened.press("4", "b")
        await opened.shows("Draw a digit")
        await opened.press("space", *["down"] * 16)
        await opened.shows("prediction", "its input", "down: moving draws")
        asked = len(session.sent(PredictRequest))
        await opened.press("right")
        await opened.until(lambda: len(session.sent(PredictRequest)) > asked)
        await opened.press("u")
        await opened.shows("Draw a digit")


async def test_a_digit_is_drawn_with_the_mouse(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with open_app(places, FakeEngine(summary(folder)), (120, 40)) as opened:
        await opened.press("4", "b")
        await opened.shows("Draw a digit")
        await opened.drag((20, 6), (20, 12), (24, 20))
        await opened.shows("prediction", "its input")
        pixels = opened.app.query_one(DrawView).pad.pixels
        columns = np.flatnonzero(pixels.max(axis=0))
        rows = np.flatnonzero(pixels.max(axis=1))
        assert rows.max() - rows.min() > 2 * (columns.max() - columns.min()) > 0
        await opened.drag((119, 39), (118, 39))
        assert np.array_equal(opened.app.query_one(DrawView).pad.pixels, pixels)


async def test_a_drawn_digit_is_kept_tested_and_dropped(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with open_app(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "b", "space", *["down"] * 16, "space")
        await opened.shows("prediction")
        await opened.press("enter")
        await opened.shows("which digit is it")
        await opened.press("enter")
        await opened.until(lambda: any("Kept as" in notice for notice in opened.notices))
        await opened.press("t")
        await opened.shows("1 of 1 classified rightly")
        await opened.press("D")
        await opened.shows("None is kept yet")


async def test_a_picture_of_the_report_is_opened_in_the_pad(
    places: Places, session: FakeSession, folder: RunFolder
) -> None:
    async with open_app(places, FakeEngine(summary(folder)), (80, 24)) as opened:
        await opened.press("4", "r")
        await opened.shows("macro avg")
        await opened.press("w")
        await opened.shows("1 of ")
        await opened.press("e")
        await opened.shows("Your digit", "prediction")
        pad = opened.app.query_one(DrawView)
        assert not pad.pad.is_empty
        # Pictures of the data set are centred already: the pad classifies it as the report did.
        await opened.until(lambda: session.sent(PredictRequest)[-1].centred is False)
        pad.action_clear()
        assert pad.is_centred, "a new drawing is centred as before"
