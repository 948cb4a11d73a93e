"""Brushes and filters of the Sweep tab: they hold in every view, and one key shows all."""

from __future__ import annotations

from engine.places import Places
from tests.fakes.sweeps import make_trial
from tests.tui.sweeps.test_tab import engine_of, last_query, sweep_tab, tab, trials
from tui.plots.plot_widget import PlotWidget


async def test_a_brush_filters_the_table(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("A")
        await opened.until(lambda: opened.app.query_one(PlotWidget).answer is not None)
        await opened.press("l", "space")
        await opened.until(lambda: last_query(engine).where == "hidden>=4.5")
        await opened.press("minus", "down")
        await opened.until(lambda: last_query(engine).where == "hidden>=4.5 and hidden<=7.3")
        await opened.shows("brushed  hidden>=4.5 and hidden<=7.3", "shows all")
        await opened.press("slash")
        await opened.type("lr<")
        await opened.shows("position 4: expected a value after lr<, got the end")
        await opened.press("escape", "0")
        await opened.until(lambda: last_query(engine).where == "")


def least_hidden(picture: PlotWidget) -> int:
    """Of the trials that the curve of the best so far is made of."""
    points = picture.answer["points"] if picture.answer is not None else []
    return min((1 + trial % 8 for trial, _, _ in points), default=0)


async def test_a_brush_holds_in_every_view_until_one_key_shows_all(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine, (80, 24)) as opened:
        picture = opened.app.query_one(PlotWidget)
        await opened.press("A")
        await opened.until(lambda: picture.answer is not None)
        await opened.press("l", "space")
        await opened.shows("brushed  hidden>=4.5", "12 of 24")
        for key in "bdmi":
            await opened.press(key)
            await opened.until(lambda: picture.answer is not None)
            await opened.shows("brushed  hidden>=4.5", "12 of 24")
        await opened.press("b")
        await opened.until(lambda: least_hidden(picture) == 5)
        await opened.press("slash")
        await opened.type("lr<1")
        await opened.press("enter")
        await opened.shows("lr<1")
        await opened.press("0")
        await opened.until(lambda: least_hidden(picture) == 1)
        assert "brushed" not in opened.text and "lr<1" not in opened.text
        await opened.press("t")
        await opened.until(lambda: last_query(engine).where == "")


async def test_a_brush_is_another_filter_when_its_axis_becomes_longer(places: Places) -> None:
    engine = engine_of()
    async with sweep_tab(places, engine) as opened:
        await opened.press("A")
        await opened.until(lambda: opened.app.query_one(PlotWidget).answer is not None)
        await opened.press("h", "space")
        await opened.shows("brushed  loss>=0.321")
        sweep = engine.sweeps.by_id[next(iter(engine.sweeps.by_id))]
        rows = (*trials(), make_trial(25, params={"lr": 0.01, "hidden": 2}, value=2.0))
        engine.sweeps.put(sweep, rows)
        tab(opened).refresh_data()
        await opened.shows("brushed  loss>=1.06", "1 of 25")


async def test_pictures_say_when_no_trial_passes(places: Places) -> None:
    async with sweep_tab(places, engine_of(), (80, 24)) as opened:
        await opened.press("slash")
        await opened.type("lr>9")
        await opened.press("enter")
        for key in "Abdm":
            await opened.press(key)
            await opened.shows("no trial that passes the filter has a value   0 shows all")
