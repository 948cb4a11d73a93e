"""The view of a training: live, replayed, and continued by hand."""

from __future__ import annotations

import pytest

from engine.events import Event
from engine.places import Places
from engine.session_protocol.xor import LookRequest
from tests.fakes.engine import FakeEngine, make_run
from tests.fakes.fake_session import FakeSession
from tests.tui.xor.bench import made_up_run, parts, xor_tab
from tui.xor.by_hand_view import HandView
from tui.xor.recipes import NOTEBOOK
from tui.xor.trained_view import TrainedView


@pytest.fixture
def engine() -> FakeEngine:
    made = FakeEngine()
    for number, recipe in enumerate(NOTEBOOK, 1):
        run, history = made_up_run(recipe, number)
        made.events_of[run.id] = history
        made.change(run)
    return made


async def test_one_key_starts_the_notebooks_three(places: Places, session: FakeSession) -> None:
    engine = FakeEngine()
    async with xor_tab(places, engine, "t") as opened:
        await opened.shows("train the three networks of the course", "s start all 3")
        await opened.press("s")
        await opened.until(lambda: len(engine.requests) == 3)
        for asked, recipe in zip(engine.requests, NOTEBOOK, strict=True):
            word, experiment, params, *_ = asked
            assert (word, experiment) == ("submit", "xor") and params == recipe.params
        await opened.until(lambda: "start all 3" not in opened.text and "start missing" not in opened.text)


async def test_only_what_is_missing_is_started(
    places: Places, session: FakeSession, engine: FakeEngine
) -> None:
    gone = next(run for run in engine.runs_by_id.values() if run.spec.params["hidden"] == 4)
    engine.change(removed=(gone.id,))
    async with xor_tab(places, engine, "t") as opened:
        await opened.shows("s start missing")
        await opened.press("s")
        await opened.until(lambda: [asked[2]["hidden"] for asked in engine.requests] == [4])


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_plane_weights_table_gates_and_the_three_curves_are_there(
    places: Places, session: FakeSession, engine: FakeEngine, size: tuple[int, int]
) -> None:
    async with xor_tab(places, engine, "t", size) as opened:
        await opened.shows("epoch 3", "0.125", "output", "h1", "+3.00", "x1", "1 of 3")
        chart = opened.app.query_one(TrainedView).chart
        await opened.until(lambda: len(chart.series) == 3)
        assert {series.key for series in chart.series} == set(engine.runs_by_id)
        look = session.sent(LookRequest)[-1]
        assert (look.activation, look.temperature) == ("btu", 0.5)


async def test_arrows_go_through_the_training(
    places: Places, session: FakeSession, engine: FakeEngine
) -> None:
    async with xor_tab(places, engine, "t") as opened:
        await opened.shows("epoch 3", "at its end")
        await opened.press("left")
        await opened.shows("epoch 2", "+2.00")
        await opened.press("g")
        await opened.shows("epoch 1", "+1.00")
        await opened.press("right", "right")
        await opened.shows("epoch 3", "at its end")
        asked = await opened.stable_count(lambda: len(session.requests))
        await opened.press("space")
        await opened.until(lambda: len(session.requests) >= asked + 3)
        played = [request.hidden_weight[0][0] for request in session.requests[asked:]]
        assert played[:3] == [1.0, 2.0, 3.0]
        await opened.shows("epoch 3", "at its end")


async def test_a_live_run_is_followed_until_one_looks_back(places: Places, session: FakeSession) -> None:
    engine, recipe = FakeEngine(), NOTEBOOK[1]
    run = make_run(1, name="live", params=recipe.params)
    engine.change(run)
    engine.append(run.id, Event(1, 1.0, "sketch", {"step": 1, "parts": parts(recipe, 1)}))
    async with xor_tab(places, engine, "t") as opened:
        await opened.shows("epoch 1", "live")
        engine.append(run.id, Event(2, 2.0, "sketch", {"step": 2, "parts": parts(recipe, 2)}))
        await opened.shows("epoch 2", "+2.00")
        await opened.press("left")
        await opened.shows("epoch 1")
        engine.append(run.id, Event(3, 3.0, "sketch", {"step": 3, "parts": parts(recipe, 3)}))
        await opened.until(lambda: len(opened.app.query_one(TrainedView).sketches) == 3)
        assert "epoch 1" in opened.text
        await opened.press("G")
        await opened.shows("epoch 3", "live")


async def test_its_weights_can_be_gone_on_with_by_hand(
    places: Places, session: FakeSession, engine: FakeEngine
) -> None:
    async with xor_tab(places, engine, "t") as opened:
        await opened.shows("epoch 3", "1 of 3")
        shown = opened.app.query_one(TrainedView).net
        await opened.press("enter")
        await opened.until(lambda: bool(opened.app.query(HandView)))
        await opened.until(lambda: opened.app.query_one(HandView).net == shown)
        await opened.shows("T 0.5", "Trained for 3 epochs.")


async def test_a_sketch_that_is_no_network_is_no_picture(places: Places, session: FakeSession) -> None:
    engine = FakeEngine()
    run = make_run(1, params=NOTEBOOK[1].params)
    engine.change(run)
    engine.append(
        run.id, Event(1, 1.0, "sketch", {"step": 1, "parts": {"hidden_weight": "\x1b[2J", "x": None}})
    )
    async with xor_tab(places, engine, "t") as opened:
        await opened.shows("its weights are not finite")
        assert all(
            request.bypass for request in session.sent(LookRequest)
        )  # that of by hand, not of two units


async def test_the_run_is_remembered_and_out_of_sight_nothing_is_followed(
    places: Places, session: FakeSession, engine: FakeEngine
) -> None:
    async with xor_tab(places, engine, "t") as opened:
        await opened.shows("1 of 3")
        await opened.press("down")
        await opened.shows("2 of 3")
        chosen = opened.app.query_one(TrainedView).chosen
        await opened.press("1")
        await opened.until(lambda: not opened.app.connection._runs_of.get("xor"))
    async with xor_tab(places, engine, "t") as opened:
        await opened.shows("2 of 3")
        assert opened.app.query_one(TrainedView).chosen == chosen


async def test_a_lost_engine_leaves_the_picture_and_says_so(
    places: Places, session: FakeSession, engine: FakeEngine
) -> None:
    async with xor_tab(places, engine, "t") as opened:
        await opened.shows("epoch 3")
        engine.disconnect()
        await opened.shows("Engine gone")
        await opened.press("left")
        await opened.shows("epoch 2")
        engine.is_up = True
        await opened.until(lambda: "Engine gone" not in opened.text)
        await opened.shows("epoch 2")
