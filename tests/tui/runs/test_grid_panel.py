"""All metrics as small charts in the runs tab."""

from __future__ import annotations

import pytest

from engine.places import Places
from engine.protocol import RunSummary
from tests.fakes.app_pilot import AppPilot, open_app
from tests.fakes.engine import FakeEngine, done, make_run, metrics
from tui import view_state
from tui.data import saved_views
from tui.dialogs.choose import ChooseScreen
from tui.runs.grid_panel import GridPanel
from tui.ui.text_field import TextField
from tui.view_state import ViewState

LAST = {"loss": 0.5, "val_loss": 0.75, "lr": 0.1, "grad/a": 1.0, "grad/b": 2.0}


def engine_of(*runs: RunSummary) -> FakeEngine:
    engine = FakeEngine(*runs)
    for place, run in enumerate(runs):
        columns = {name: [value * (2 + place), value * (1 + place)] for name, value in LAST.items()}
        engine.append(run.id, metrics(1, [1, 2], **columns))  # type: ignore[arg-type]
    return engine


def panel_of(opened: AppPilot) -> GridPanel:
    panel = opened.app.runs.curves.grid
    assert panel is not None
    return panel


async def open_grid(opened: AppPilot) -> GridPanel:
    await opened.until(lambda: len(opened.app.runs.chart.series) > 0)
    await opened.press("A")
    panel = panel_of(opened)
    await opened.until(lambda: panel.grid.has_focus and len(panel.grid.names) > 0)
    return panel


async def test_the_grid_has_every_metric_and_enter_shows_one_large(places: Places) -> None:
    run = make_run(1, name="one", state=done(), metrics=LAST)
    async with open_app(places, engine_of(run), (120, 40)) as opened:
        panel = await open_grid(opened)
        assert panel.grid.names == ("loss", "lr", "grad/a", "grad/b")
        await opened.shows("loss + val", "grad/b", "name")
        await opened.press("l", "l", "enter")
        chart = opened.app.runs.chart
        await opened.until(lambda: chart.display and chart.metric == "grad/a" and not panel.display)
        await opened.press("escape")
        await opened.until(lambda: panel.display and panel.grid.has_focus and panel.grid.chosen == "grad/a")
        await opened.press("escape")
        await opened.until(lambda: chart.display and not opened.app.runs.has_class("-grid"))


async def test_the_crosshair_is_moved_by_keys_and_stays(places: Places) -> None:
    runs = [make_run(number, name=f"run-{number}", state=done(), metrics=LAST) for number in (1, 2)]
    async with open_app(places, engine_of(*runs), (120, 40)) as opened:
        await opened.press("space")
        panel = await open_grid(opened)
        await opened.press("less_than_sign")
        await opened.until(lambda: opened.app.runs.chart.view.crosshair == 2)
        await opened.press("less_than_sign")
        await opened.until(lambda: opened.app.runs.chart.view.crosshair == 1)
        await opened.shows("step 1", "run-2", "1.5")
        await opened.press("l")
        assert opened.app.runs.chart.view.crosshair == 1 and panel.grid.chosen == "lr"
        await opened.press("escape")
        await opened.until(lambda: opened.app.runs.chart.view.crosshair is None)


async def test_filter_hidden_and_moved_charts_are_kept_for_the_experiment(places: Places) -> None:
    run = make_run(1, name="one", state=done(), metrics=LAST)
    async with open_app(places, engine_of(run), (120, 40)) as opened:
        panel = await open_grid(opened)
        await opened.press("l", "H")
        await opened.until(lambda: panel.grid.names == ("loss", "grad/a", "grad/b"))
        await opened.press("slash")
        await opened.type("grad")
        await opened.press("enter")
        await opened.until(lambda: panel.grid.names == ("grad/a", "grad/b"))
        await opened.press("J")
        await opened.until(lambda: panel.grid.names == ("grad/b", "grad/a"))
    assert view_state.read(places.view_state).grids["xor"]["where"] == "grad"
    async with open_app(places, engine_of(run), (120, 40)) as opened:
        await opened.until(lambda: opened.app.runs.curves.grid is not None)
        panel = panel_of(opened)
        await opened.until(lambda: panel.grid.names == ("grad/b", "grad/a"))
        await opened.shows("2 of 4 charts", "1 hidden")
        assert panel.filter_bar.display
        await opened.press("escape", "U")
        await opened.until(lambda: len(panel.grid.names) == 4)


async def test_a_saved_view_keeps_which_charts_are_shown_and_in_which_order(places: Places) -> None:
    run = make_run(1, name="one", state=done(), metrics=LAST)
    async with open_app(places, engine_of(run), (120, 40)) as opened:
        panel = await open_grid(opened)
        await opened.press("l", "H", "J")
        await opened.until(lambda: panel.grid.names == ("loss", "grad/b", "grad/a"))
        await opened.press("V")
        await opened.until(lambda: isinstance(opened.app.screen, ChooseScreen))
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen.focused, TextField))
        await opened.type("mine")
        await opened.press("enter")
        await opened.until(lambda: saved_views.names(places) == ["mine"])
        await opened.press("U")
        await opened.until(lambda: len(panel.grid.names) == 4)
        await opened.press("V")
        await opened.until(lambda: isinstance(opened.app.screen, ChooseScreen))
        await opened.press("enter")
        await opened.until(lambda: panel.grid.names == ("loss", "grad/b", "grad/a"))


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_the_grid_takes_the_place_of_a_pane_of_details(places: Places, size: tuple[int, int]) -> None:
    run = make_run(1, name="one", state=done(), metrics=LAST)
    async with open_app(places, engine_of(run), size) as opened:
        await opened.until(lambda: len(opened.app.runs.chart.series) > 0)
        await opened.press("right_square_bracket")
        await opened.until(lambda: opened.app.runs.has_class("-details"))
        await opened.press("A")
        await opened.until(lambda: panel_of(opened).grid.has_focus and opened.app.runs.state.pane == "curves")
        await opened.shows("loss + val", "grad/a")


@pytest.mark.parametrize("size", [(60, 20), (80, 24)])
async def test_a_saved_filter_that_passes_nothing_is_not_restored(
    places: Places, size: tuple[int, int]
) -> None:
    saved = {"xor": {"where": "perplexity", "hidden": ["lr"]}, "mnist": {"where": 3}}
    view_state.write(places.view_state, ViewState(grid=True, grids=saved))
    run = make_run(1, name="one", state=done(), metrics=LAST)
    async with open_app(places, engine_of(run), size) as opened:
        await opened.until(lambda: opened.app.runs.curves.grid is not None)
        panel = panel_of(opened)
        await opened.until(lambda: panel.grid.names == ("loss", "grad/a", "grad/b"))
        assert not panel.filter_bar.display
        await opened.shows("loss + val", "one")


async def test_a_start_in_another_tab_leaves_the_keys_to_that_tab(places: Places) -> None:
    view_state.write(places.view_state, ViewState(tab="sweep", grid=True))
    run = make_run(1, name="one", state=done(), metrics=LAST)
    async with open_app(places, engine_of(run)) as opened:
        await opened.until(lambda: opened.app.runs.curves.grid is not None)
        await opened.pilot.pause()
        focused = opened.app.focused
        assert focused is not None and opened.app.runs not in focused.ancestors
        await opened.press("1")
        await opened.until(lambda: opened.app.runs.is_open and opened.app.focused is opened.app.runs.table)
