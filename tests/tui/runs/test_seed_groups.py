"""Runs that differ in the seed alone: one row, which opens and is marked, and one curve with a band."""

from __future__ import annotations

import pytest

from engine.places import Places
from engine.protocol import Best, RunSummary
from engine.run_groups import group_of
from tests.fakes.app_pilot import AppPilot, open_app
from tests.fakes.engine import FakeEngine, done, make_run, metrics
from tui.chart.group_curve import GroupCurve


def seeds(number: int, lr: float, losses: tuple[float, ...]) -> list[RunSummary]:
    return [
        make_run(
            number + seed, name=f"lr{lr}-{seed}", params={"lr": lr}, seed=seed, state=done(),
            metrics={"loss": loss}, best=Best("loss", loss, 2),
        )
        for seed, loss in enumerate(losses, 1)
    ]  # fmt: skip


LOW, HIGH = seeds(0, 0.1, (0.5, 0.7, 0.3)), seeds(10, 0.2, (0.2,))


def engine_of(*runs: RunSummary) -> FakeEngine:
    engine = FakeEngine(*runs)
    for run in runs:
        engine.append(run.id, metrics(1, [1, 2], loss=[1.0, run.metrics["loss"]]))
    return engine


def keys(opened: AppPilot) -> list[str]:
    return [one.key for one in opened.app.runs.chart.series]


def members(opened: AppPilot) -> int:
    """Curves of which the first one on the chart is the mean."""
    curve = opened.app.runs.chart.series[0].curve
    return len(curve.members) if isinstance(curve, GroupCurve) else 1


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
async def test_a_key_makes_seeds_one_row_with_mean_and_deviation_and_enter_lists_them(
    places: Places, size: tuple[int, int]
) -> None:
    async with open_app(places, engine_of(*LOW, *HIGH), size) as opened:
        await opened.shows("lr0.1-2", "lr0.2-1")
        await opened.press("ampersand")
        await opened.shows("▸", "3 runs", "lr0.2-1")
        assert "lr0.1-2" not in opened.text, "a group of one is its run"
        if size[0] >= 80:
            await opened.shows("0.5 ±0.2")
        await opened.press("enter")
        await opened.shows("▾", "lr0.1-2", "lr0.1-1")
        await opened.press("ampersand")
        await opened.until(lambda: "▾" not in opened.text and "3 runs" not in opened.text)


async def test_the_cursor_on_a_group_draws_the_mean_of_its_runs(places: Places) -> None:
    group = group_of(LOW[0])
    async with open_app(places, engine_of(*LOW, *HIGH)) as opened:
        await opened.press("ampersand")
        await opened.until(lambda: keys(opened) == [group] and members(opened) == 3)
        await opened.shows("0.5", "±0.2 n 3", "mean, min to max", "enter lists them")
        await opened.press("dollar_sign")
        await opened.shows("mean, standard error")


async def test_a_marked_group_stays_and_without_groups_each_of_its_runs_has_its_curve(places: Places) -> None:
    async with open_app(places, engine_of(*LOW, *HIGH)) as opened:
        await opened.press("ampersand")
        await opened.shows("▸", "mark 3")
        await opened.press("space")
        await opened.until(lambda: len(opened.app.runs.shown.marks) == 3)
        await opened.until(lambda: keys(opened) == [group_of(LOW[0]), HIGH[0].id])
        await opened.press("ampersand")
        await opened.until(lambda: len(keys(opened)) == 4)
