"""The XOR tab as a whole: its views, its keys, its sizes."""

from __future__ import annotations

import pytest

from engine.places import Places
from tests.fakes.app_pilot import AppPilot
from tests.fakes.engine import FakeEngine
from tests.fakes.fake_session import FakeSession
from tests.tui.xor.bench import made_up_run, xor_tab
from tui import view_state
from tui.dialogs.form_dialog import FormScreen
from tui.xor.recipes import ARCHITECTURES, NOTEBOOK
from tui.xor.tab import XorTab
from tui.xor.view import XorView

ORDER = ["hand", "trained", "ladder", "map", "nine"]


@pytest.fixture
def engine() -> FakeEngine:
    made = FakeEngine()
    for number, recipe in enumerate((*NOTEBOOK, *ARCHITECTURES), 1):
        run, history = made_up_run(recipe, number)
        made.events_of[run.id] = history
        made.change(run)
    return made


def front(opened: AppPilot) -> XorView:
    return opened.app.query_one(XorTab).view


@pytest.mark.parametrize("size", [(60, 15), (61, 16), (80, 24), (116, 30), (200, 60)])
async def test_every_view_opens_by_its_key_at_every_size(
    places: Places, session: FakeSession, engine: FakeEngine, size: tuple[int, int]
) -> None:
    async with xor_tab(places, engine, "b", size) as opened:
        for key, name in zip("btdfe", ORDER, strict=True):
            await opened.press(key)
            await opened.until(lambda name=name: name == opened.app.query_one(XorTab).front)
            await opened.until(lambda: opened.app.focused is front(opened))
            await opened.pilot.pause()
            assert all(len(line) <= size[0] for line in opened.text.splitlines())
        await opened.pilot.resize_terminal(90, 20)
        for name in reversed(ORDER[:-1]):
            await opened.press("left_square_bracket")
            await opened.until(lambda name=name: name == opened.app.query_one(XorTab).front)
        await opened.press("left_square_bracket")
        await opened.until(lambda: opened.app.query_one(XorTab).front == "nine")
        await opened.press("right_square_bracket")
        await opened.until(lambda: opened.app.query_one(XorTab).front == "hand")
        assert not opened.notices
    assert list(XorTab.VIEWS) == ORDER


async def test_only_the_view_in_front_sends_requests(
    places: Places, session: FakeSession, engine: FakeEngine
) -> None:
    async with xor_tab(places, engine, "d") as opened:
        await opened.shows("of 4 right")
        await opened.press("b")
        await opened.shows("XOR solved")
        asked = await opened.stable_count(lambda: len(session.requests))
        for run in list(engine.runs_by_id.values()):
            engine.change(run)
        await opened.press("1")
        await opened.shows("no hidden uni")
        assert len(session.requests) == asked


async def test_the_form_starts_a_run_and_its_training_is_shown(places: Places, session: FakeSession) -> None:
    engine = FakeEngine()
    async with xor_tab(places, engine, "b") as opened:
        await opened.press("n")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.press("backspace")
        await opened.type("3")
        await opened.press("enter")
        await opened.until(lambda: bool(engine.requests))
        assert engine.requests[0][1] == "xor" and engine.requests[0][2]["hidden"] == 3
        await opened.until(lambda: opened.app.query_one(XorTab).front == "trained")
        await opened.shows("3 units", "It is queued")


async def test_the_form_of_the_map_is_that_of_a_batch(places: Places, session: FakeSession) -> None:
    engine = FakeEngine()
    async with xor_tab(places, engine, "f") as opened:
        await opened.press("n")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.press("enter")
        await opened.until(lambda: bool(engine.requests))
        assert engine.requests[0][1] == "xor_batch"
        assert opened.app.query_one(XorTab).front == "map"


async def test_the_palette_lists_the_keys_of_the_view_in_front(places: Places, session: FakeSession) -> None:
    async with xor_tab(places, FakeEngine(), "b") as opened:
        await opened.shows("XOR solved")
        await opened.press("ctrl+p")
        await opened.type("flip sign")
        await opened.shows("Weights: flip sign")
        await opened.press("enter")
        await opened.until(lambda: "XOR solved" not in opened.text)


async def test_damaged_saved_views_are_ignored(places: Places, session: FakeSession) -> None:
    state = view_state.ViewState(tab="xor")
    state.views["xor"] = {
        "view": 7, "hand": {"net": {"hidden_weight": "no"}, "name": 3, "note": None},
        "map": [], "ladder": {"cursor": -9},
    }  # fmt: skip
    places.view_state.parent.mkdir(parents=True, exist_ok=True)
    view_state.write(places.view_state, state)
    async with xor_tab(places, FakeEngine(), "b") as opened:
        await opened.shows("XOR solved", "1 hidden unit + bypass")
        await opened.press("d")
        await opened.shows("› no hidden unit")
