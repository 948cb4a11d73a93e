"""Parallel axes and importance of the marked runs, or of those that pass the filter."""

from __future__ import annotations

import pytest

from engine.places import Places
from engine.protocol import Best, RunSummary
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, done, make_run, metrics
from tui.runs.params_screen import facts_text, filter_of


def a_run(number: int, loss: float, **params: float) -> RunSummary:
    return make_run(
        number, params=params, state=done(), metrics={"loss": loss}, best=Best("loss", loss, 2), seed=1
    )


def engine_of(*runs: RunSummary) -> FakeEngine:
    engine = FakeEngine(*runs)
    for run in runs:
        engine.append(run.id, metrics(1, [1, 2], loss=[1.0, run.metrics["loss"]]))
    return engine


RUNS = [a_run(at, at / 10, lr=0.1 * at, hidden=at % 3) for at in range(1, 10)]


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (200, 60)])
async def test_a_key_draws_the_parameters_of_all_runs_and_others_turn_to_other_plots(
    places: Places, size: tuple[int, int]
) -> None:
    async with open_app(places, engine_of(*RUNS), size) as opened:
        await opened.until(lambda: opened.app.runs.curves.is_filled)
        await opened.press("at")
        await opened.shows("parameters of all runs", "9 runs, loss", "hidden", "lr", "9 lines")
        await opened.press("right_square_bracket")
        await opened.shows("importance for reaching")
        await opened.press("left_square_bracket", "left_square_bracket")
        await opened.shows("down,")
        await opened.press("escape")
        await opened.until(lambda: "parameters of all runs" not in opened.text)


async def test_a_brush_becomes_the_filter_of_the_table(places: Places) -> None:
    async with open_app(places, engine_of(*RUNS)) as opened:
        await opened.until(lambda: opened.app.runs.curves.is_filled)
        await opened.press("at")
        await opened.shows("9 lines")
        await opened.press("space", "enter")
        await opened.until(lambda: opened.app.runs.pages.query.where != "")
        assert opened.app.runs.pages.query.where == "lr>=0.5"


async def test_marked_runs_alone_are_drawn_where_there_are_some(places: Places) -> None:
    other = a_run(20, 0.5, lr=0.5, batch=4)
    async with open_app(places, engine_of(*RUNS[:2], other)) as opened:
        await opened.until(lambda: opened.app.runs.curves.is_filled)
        await opened.press("G", "space", "g", "space")
        await opened.until(lambda: len(opened.app.runs.shown.marks) == 2)
        await opened.press("at")
        await opened.shows("parameters of 2 marked runs", "some runs do not have it: batch, hidden")


async def test_runs_that_lack_a_parameter_are_drawn_with_a_gap_on_its_axis(places: Places) -> None:
    without = [a_run(at, at / 10, lr=0.1 * at) for at in range(20, 23)]
    async with open_app(places, engine_of(*RUNS, *without)) as opened:
        await opened.until(lambda: opened.app.runs.curves.is_filled)
        await opened.press("at")
        await opened.shows("12 runs, loss; a gap where a run does not have it: hidden", "12 lines")
        await opened.press("right_square_bracket")
        await opened.shows("not drawn, as some runs do not have it: hidden")


def test_the_metric_has_its_name_in_the_filter() -> None:
    assert filter_of("value>=0.5 and lr>=2", "val/loss") == "val/loss>=0.5 and lr>=2"


def test_what_is_not_drawn_is_said() -> None:
    found = {"runs": ["a"], "metric": "loss", "axes": ["seed"], "beyond": 0, "not_shared": []}
    assert facts_text(found) == "1 run, loss; they do not differ in a parameter that all of them have"
    assert facts_text({**found, "axes": ["a"], "partial": ["a"]}).endswith("does not have it: a")
    more = {**found, "axes": ["a", "b"], "beyond": 3, "not_shared": [f"p{at}" for at in range(10)]}
    assert "the 2 parameters with the most values of 5" in facts_text(more)
    assert facts_text(more).endswith("p6, p7 and 2 more")
