"""The view of architectures: four networks, their smallest losses, and the key that starts them."""

from __future__ import annotations

import pytest

from engine.places import Places
from tests.fakes.engine import FakeEngine
from tests.fakes.fake_session import FakeSession
from tests.tui.xor.bench import made_up_run, xor_tab
from tui.messages import OpenView
from tui.xor.architectures_view import SmallestLossView
from tui.xor.recipes import ARCHITECTURES
from tui.xor.trained_view import TrainedView


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_smallest_losses_are_shown_before_anything_is_trained(
    places: Places, session: FakeSession, size: tuple[int, int]
) -> None:
    async with xor_tab(places, FakeEngine(), "d", size) as opened:
        await opened.shows("0.6931", "0.4774", "0.0000", "no hidden unit", "1 unit", "2 units", "not trained")
        await opened.shows("trains these 4 networks", "s start all")


async def test_one_key_starts_what_is_missing(places: Places, session: FakeSession) -> None:
    engine = FakeEngine()
    run, history = made_up_run(ARCHITECTURES[2], 1)
    engine.events_of[run.id] = history
    engine.change(run)
    async with xor_tab(places, engine, "d") as opened:
        await opened.shows("s start missing", "0.1250")
        await opened.press("s")
        await opened.until(lambda: len(engine.requests) == 3)
        missing = [recipe for recipe in ARCHITECTURES if recipe is not ARCHITECTURES[2]]
        assert [asked[2] for asked in engine.requests] == [recipe.params for recipe in missing]


async def test_a_session_that_died_is_asked_again(places: Places, session: FakeSession) -> None:
    engine = FakeEngine()
    run, history = made_up_run(ARCHITECTURES[3], 1)
    engine.events_of[run.id] = history
    engine.change(run)
    session.is_up = False
    async with xor_tab(places, engine, "d") as opened:
        await opened.shows("The session ended before it answered.")
        session.is_up = True
        await opened.press("b", "d")
        await opened.shows("of 4 right", "0.6931")
        await opened.until(lambda: "The session ended" not in opened.text)


async def test_each_architecture_shows_whether_it_reached_its_smallest_loss_and_opens(
    places: Places, session: FakeSession
) -> None:
    engine = FakeEngine()
    for number, recipe in enumerate(ARCHITECTURES, 1):
        run, history = made_up_run(recipe, number, steps=12)
        engine.events_of[run.id] = history
        engine.change(run)
    async with xor_tab(places, engine, "d") as opened:
        await opened.shows("of 4 right", "0.0002 ✓", "One line cannot separate the classes")
        await opened.press("right", "right")
        await opened.shows("› 1 unit + bypass", "One line, and the inputs beside it")
        await opened.press("enter")
        await opened.until(lambda: bool(opened.app.query(TrainedView)))
        await opened.shows("1 unit with bypass lr 0.1", "epoch 12")


async def test_the_course_opens_the_architecture_that_it_is_about(
    places: Places, session: FakeSession
) -> None:
    async with xor_tab(places, FakeEngine(), "b") as opened:
        opened.app.post_message(OpenView("xor", "ladder", {"hidden": 1, "bypass": True}, "learn"))
        await opened.until(lambda: bool(opened.app.query(SmallestLossView)))
        await opened.until(lambda: opened.app.query_one(SmallestLossView).cursor == 2)
