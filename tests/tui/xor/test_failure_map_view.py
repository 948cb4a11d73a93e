"""The failure map of a real batch: its cursor, an opened network, a network trained alone."""

from __future__ import annotations

import pytest

from engine.places import Places
from engine.session_protocol.xor import MapRequest
from engine.store import RunFolder
from tests.fakes.engine import FakeEngine, done, make_run
from tests.fakes.fake_session import FakeSession
from tests.tui.xor.bench import add_run, trained, xor_tab
from tui.messages import OpenView
from tui.xor.experiments_view import ExperimentsView
from tui.xor.failure_map_cells import networks_where
from tui.xor.failure_map_view import BATCH_PARAMS, MapView

AXES = "hidden=1..2; bypass=no,yes; seed=1..30"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Places:
    return Places(tmp_path_factory.mktemp("map"))


@pytest.fixture(scope="module")
def batch(home: Places) -> RunFolder:
    return trained(home, "xor_batch", axes=AXES, epochs=800, lr=0.1)


@pytest.fixture(scope="module")
def grid(home: Places) -> RunFolder:
    return trained(home, "xor_grid", epochs=9_000, runs=3, successes=2)


@pytest.fixture
def session(home: Places, monkeypatch: pytest.MonkeyPatch) -> FakeSession:
    made = FakeSession(home)
    monkeypatch.setattr("engine.client.client.open_session", lambda places: made)
    return made


def engine_of(*folders: RunFolder) -> FakeEngine:
    engine = FakeEngine()
    for age, folder in enumerate(folders):
        add_run(engine, folder, name=f"batch {age}", created=1_000.0 - age)
    return engine


async def test_one_key_trains_thousands(places: Places, session: FakeSession) -> None:
    engine = FakeEngine()
    async with xor_tab(places, engine, "f") as opened:
        await opened.shows("trains 4,000 networks as one batch")
        await opened.press("s")
        await opened.until(lambda: bool(engine.requests))
        word, experiment, params, *_ = engine.requests[0]
        assert (word, experiment) == ("submit", "xor_batch") and params == dict(BATCH_PARAMS)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_every_network_has_a_cell_and_the_failed_say_what_they_are_stuck_at(
    places: Places, session: FakeSession, batch: RunFolder, size: tuple[int, int]
) -> None:
    async with xor_tab(places, engine_of(batch), "f", size) as opened:
        await opened.shows("120 networks", "solved", "failed", "network 0", "hidden 1  bypass no  seed 1")
        await opened.until(lambda: "33333333" in opened.text.replace(" ", ""))
        found = opened.app.query_one(MapView).found
        assert found is not None
        assert sum(cell.network >= 0 for row in found.cells for cell in row) == 120
        first = found.cells[0][0]
        assert first.is_stuck and first.undecided == 3  # one unit without bypass cannot do better


async def test_the_cursor_walks_and_goes_from_failure_to_failure(
    places: Places, session: FakeSession, batch: RunFolder
) -> None:
    async with xor_tab(places, engine_of(batch), "f", (80, 24)) as opened:
        await opened.shows("network 0")
        await opened.press("right", "right")
        await opened.shows("network 2", "seed 3")
        await opened.press("down")
        columns = opened.app.query_one(MapView).found.columns  # type: ignore[union-attr]
        await opened.shows(f"network {2 + columns} ")
        await opened.press("G")
        await opened.shows("network 119")
        await opened.press("full_stop")
        await opened.shows("network 0 ")  # round the end: all of the first thirty failed
        await opened.press("comma")
        await opened.until(lambda: opened.app.query_one(MapView).cell.is_stuck)  # type: ignore[union-attr]
        assert opened.app.query_one(MapView).selected_network != 0


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_failed_network_is_opened_and_trained_alone(
    places: Places, session: FakeSession, batch: RunFolder, size: tuple[int, int]
) -> None:
    engine = engine_of(batch)
    async with xor_tab(places, engine, "f", size) as opened:
        await opened.shows("network 0")
        await opened.press("full_stop", "enter")
        await opened.shows("network 1 ·", "seed 2", "0.47", "wrong", "Stuck at loss 0.48")
        await opened.press("right")
        await opened.shows("network 2 ·", "seed 3")
        await opened.press("r")
        await opened.until(lambda: bool(engine.requests))
        word, experiment, params, seed, name, _ = engine.requests[0]
        assert (word, experiment, seed, name) == ("submit", "xor", 3, "network 2")
        assert (params["hidden"], params["bypass"], params["lr"], params["epochs"]) == (1, False, 0.1, 800)
        await opened.shows("network 2", "trained", "It is queued")


async def test_escape_closes_and_the_map_is_there_again(
    places: Places, session: FakeSession, batch: RunFolder
) -> None:
    async with xor_tab(places, engine_of(batch), "f", (80, 24)) as opened:
        await opened.shows("network 0")
        await opened.press("enter")
        await opened.shows("network 0 ·")
        await opened.press("escape")
        await opened.shows("120 networks", "3   3")


async def test_colours_and_axes_change_what_a_cell_means(
    places: Places, session: FakeSession, batch: RunFolder
) -> None:
    async with xor_tab(places, engine_of(batch), "f") as opened:
        await opened.shows("network 0")
        await opened.press("m")
        await opened.shows("colour: epoch solved")
        await opened.press("m")
        await opened.shows("colour: loss")
        await opened.press("m", "v")
        await opened.shows("30 networks, 0 % solved", "100%", "columns: ")


async def test_the_networks_of_the_course_are_marked_and_escape_goes_back_to_it(
    places: Places, session: FakeSession, batch: RunFolder
) -> None:
    async with xor_tab(places, engine_of(batch), "d") as opened:
        where = {"where": {"hidden": 2, "bypass": False}}
        opened.app.post_message(OpenView("xor", "map", where, "learn"))
        await opened.shows("2 units", "network 60")
        assert opened.app.query_one(MapView)._marked == frozenset(range(60, 90))
        await opened.press("escape")
        await opened.until(lambda: opened.app.switcher.active_tab.NAME == "learn")


def test_networks_are_found_by_their_parameters_in_the_order_of_the_axes() -> None:
    params = {"axes": AXES, "draws": None, "lr": 0.1}
    assert networks_where(params, {"hidden": 1, "bypass": True}) == frozenset(range(30, 60))
    assert networks_where(params, {"seed": 1, "lr": 0.1}) == {0, 30, 60, 90}
    assert not networks_where(params, {"hidden": 3}) and not networks_where(
        params | {"draws": 4}, {"seed": 1}
    )


async def test_a_batch_that_trains_is_looked_at_again_and_again_and_hidden_not_at_all(
    places: Places, session: FakeSession, batch: RunFolder
) -> None:
    engine = FakeEngine()
    engine.change(make_run(id=batch.id, experiment="xor_batch", name="live"))
    async with xor_tab(places, engine, "f") as opened:
        await opened.shows("120 networks")
        asked = len(session.sent(MapRequest))
        await opened.until(lambda: len(session.sent(MapRequest)) > asked + 1)
        view = opened.app.query_one(MapView)
        await opened.press("1")
        await opened.until(lambda: not view.in_front)
        await opened.until(lambda: not view._is_requesting)
        asked = await opened.stable_count(lambda: len(session.requests))
        view._poll()
        assert not view._is_requesting and len(session.requests) == asked


async def test_a_run_without_networks_is_one_line(places: Places, session: FakeSession, home: Places) -> None:
    engine = FakeEngine(make_run(1, experiment="xor_batch", name="empty", state=done()))
    async with xor_tab(places, engine, "f") as opened:
        await opened.shows("There is no run")


@pytest.mark.long
async def test_the_nine_experiments_stand_beside_the_notebook(
    places: Places, session: FakeSession, grid: RunFolder
) -> None:
    engine = engine_of(grid)
    async with xor_tab(places, engine, "e", (80, 24)) as opened:
        await opened.shows("0.25", "4,862", "7,417", "30,301", "notebook", "p-value (bootstrap)")
        await opened.press("v")
        await opened.shows("std of epochs by log lr", "ours", "k = 4")
        await opened.press("v")
        report = opened.app.query_one(ExperimentsView).report
        assert report is not None and len(report.rows) == 9
        assert f"{report.rows[0].mean:,.0f}" in opened.text
        await opened.press("down", "enter")
        await opened.until(lambda: bool(opened.app.query(MapView)))
        await opened.until(lambda: opened.app.query_one(MapView).selected_network == report.rows[1].lanes[0])


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_one_key_runs_the_nine(places: Places, session: FakeSession, size: tuple[int, int]) -> None:
    engine = FakeEngine()
    async with xor_tab(places, engine, "e", size) as opened:
        await opened.shows("runs all nine at once")
        await opened.press("s")
        await opened.until(lambda: bool(engine.requests))
        assert engine.requests[0][:3] == ("submit", "xor_grid", {})
        await opened.shows("queued")
