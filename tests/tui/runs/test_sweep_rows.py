"""A sweep is one row of the run table: it opens, is marked, and takes a verb for all of its trials."""

from __future__ import annotations

import dataclasses

import pytest

from engine.places import Places
from engine.protocol import Paused, Running, RunSummary
from tests.fakes.app_pilot import AppPilot, open_app
from tests.fakes.engine import FakeEngine, done, make_run, metrics
from tests.fakes.sweeps import make_sweep, make_trial
from tests.tui.runs.test_tab import PAUSED

SWEEP = make_sweep(1, name="tpe1", planned=9)


def trials(count: int = 3, **facts: object) -> list[RunSummary]:
    state = facts.pop("state", None) or done()
    return [
        make_run(number, name=f"tpe1-{number}", sweep=SWEEP.id, trial=number, state=state, **facts)  # type: ignore[arg-type]
        for number in range(1, count + 1)
    ]


def engine_of(*runs: RunSummary) -> FakeEngine:
    """The first run is the best trial of the sweep."""
    engine = FakeEngine(*runs)
    best = make_trial(1, run=runs[0].id, value=0.25)
    engine.sweeps.put(dataclasses.replace(SWEEP, best=best), (best,))
    for run in runs:
        engine.append(run.id, metrics(1, [1, 2], loss=[1.0, 0.5]))
    return engine


def lines_of_trials(opened: AppPilot) -> list[str]:
    return [line for line in opened.text.splitlines() if "tpe1-" in line and ("✓" in line or "●" in line)]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_sweep_is_one_row_and_enter_shows_its_trials(places: Places, size: tuple[int, int]) -> None:
    runs = trials()
    async with open_app(places, engine_of(*runs, make_run(9, name="alone", state=done())), size) as opened:
        await opened.shows("▸", "tpe1  3 trials", "✓3", "of 9", "0.25", "alone", "Runs 4")
        assert not lines_of_trials(opened)
        await opened.press("enter")
        await opened.shows("▾", "  tpe1-1", "  tpe1-3")
        await opened.press("enter")
        await opened.until(lambda: "▸" in opened.text and not lines_of_trials(opened))
        await opened.press("right")
        await opened.shows("▾", "  tpe1-2")
        await opened.press("left")
        await opened.until(lambda: not lines_of_trials(opened))


async def test_the_cursor_on_a_sweep_shows_the_curve_of_its_best_trial(places: Places) -> None:
    runs = trials()
    async with open_app(places, engine_of(*runs)) as opened:
        await opened.until(lambda: [one.key for one in opened.app.runs.chart.series] == [runs[0].id])
        await opened.shows("sweep tpe1  3 trials")


async def test_what_is_open_is_open_again_the_next_time(places: Places) -> None:
    engine = engine_of(*trials())
    async with open_app(places, engine) as opened:
        await opened.shows("▸")
        await opened.press("enter")
        await opened.shows("▾", "tpe1-2")
    async with open_app(places, engine) as opened:
        await opened.shows("▾", "tpe1-2")


async def test_space_marks_all_trials_and_again_none(places: Places) -> None:
    runs = trials(5)
    async with open_app(places, engine_of(*runs)) as opened:
        await opened.shows("▸")
        await opened.press("space")
        await opened.until(lambda: set(opened.app.runs.shown.marks) == {run.id for run in runs})
        await opened.until(lambda: len(opened.app.runs.chart.series) == 5)
        await opened.press("space")
        await opened.until(lambda: not opened.app.runs.shown.marks)


@pytest.mark.parametrize(
    ("key", "state", "question", "word"),
    [
        ("p", Running(1.0), "Pause 2 trials of tpe1?", "pause"),
        ("p", PAUSED, "Resume 2 trials of tpe1?", "resume"),
        ("s", Running(1.0), "Stop 2 trials of tpe1?", "stop"),
    ],
)
async def test_a_verb_on_a_sweep_acts_on_its_trials_after_one_question(
    places: Places, key: str, state: Running | Paused, question: str, word: str
) -> None:
    runs = trials(2, state=state)
    engine = engine_of(*runs, make_run(9, name="alone"))
    async with open_app(places, engine) as opened:
        await opened.shows("▸", f"{key} {word} 2")
        await opened.press(key)
        await opened.shows(question, "tpe1-1", "tpe1-2")
        assert not engine.requests
        await opened.press("enter")
        await opened.until(lambda: sorted(engine.requests) == sorted((word, run.id) for run in runs))


async def test_the_trials_of_a_sweep_are_removed_together(places: Places) -> None:
    runs = trials(3)
    engine = engine_of(*runs, make_run(9, name="alone", state=done()))
    async with open_app(places, engine) as opened:
        await opened.shows("▸")
        await opened.press("D")
        await opened.shows("Remove 3 trials of tpe1?")
        await opened.press("enter")
        await opened.until(
            lambda: engine.requests and set(engine.requests[0][1:]) == {run.id for run in runs}
        )
        await opened.until(lambda: "▸" not in opened.text)


async def test_a_row_counts_its_trials_as_they_end_and_names_the_new_best(places: Places) -> None:
    runs = trials(3, state=Running(1.0))
    engine = engine_of(*runs)
    async with open_app(places, engine) as opened:
        await opened.shows("●3")
        engine.change(dataclasses.replace(runs[1], state=done()))
        await opened.shows("●2", "✓1")
        engine.change(make_run(4, name="tpe1-4", sweep=SWEEP.id, trial=4))
        await opened.shows("4 trials", "●3")
        better = make_trial(2, run=runs[1].id, value=0.125)
        engine.change_sweep(dataclasses.replace(SWEEP, best=better), (better,))
        await opened.shows("0.125")


async def test_progress_of_trials_out_of_sight_asks_for_no_page(places: Places) -> None:
    runs = trials(3, state=Running(1.0))
    engine = engine_of(*runs)
    async with open_app(places, engine) as opened:
        await opened.shows("●3")
        engine.change(*(dataclasses.replace(run, step=1) for run in runs))
        await opened.until(lambda: len(engine.queries) == 2)
        for step in range(2, 12):
            engine.change(*(dataclasses.replace(run, step=step) for run in runs))
        engine.change(dataclasses.replace(runs[0], state=done()))
        await opened.shows("✓1")
        assert len(engine.queries) == 3, "the first word of them, and the end of one"


async def test_a_filter_that_picks_trials_shows_them(places: Places) -> None:
    runs = trials(3)
    async with open_app(places, engine_of(*runs, make_run(9, name="alone", state=done()))) as opened:
        await opened.shows("▸")
        await opened.press("slash")
        await opened.type("tpe1-2")
        await opened.shows("1 of 4")
        await opened.until(lambda: len(lines_of_trials(opened)) == 1)


async def test_a_key_that_needs_one_run_says_so_on_a_sweep(places: Places) -> None:
    async with open_app(places, engine_of(*trials())) as opened:
        await opened.shows("▸")
        await opened.press("R")
        await opened.until(lambda: any("tpe1 is a sweep" in notice for notice in opened.notices))


@pytest.mark.parametrize(
    ("size", "said"),
    [((80, 24), "val_acc 0.911"), ((120, 40), "val_acc 0.911"), ((200, 60), "val_accuracy 0.911")],
)
async def test_the_best_value_of_another_metric_than_that_of_the_chart_is_named(
    places: Places, size: tuple[int, int], said: str
) -> None:
    engine = engine_of(*trials())
    best = make_trial(1, value=0.911)
    spec = dataclasses.replace(SWEEP.spec, metric="val_accuracy", goal="max")
    engine.sweeps.put(dataclasses.replace(SWEEP, spec=spec, best=best), (best,))
    async with open_app(places, engine, size) as opened:
        await opened.shows("▸", said)
        assert opened.text.count("0.911") == 1
