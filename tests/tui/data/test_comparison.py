"""Comparisons of runs, as the app and `dltui compare` show them."""

from __future__ import annotations

import dataclasses
import math

import pytest

from engine.places import Places
from engine.protocol import Best, RunSummary
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, done, make_run
from tui.data.comparison import best_of, compare_rows, differing_rows
from tui.data.run_text import reason_of
from tui.data.value_text import different_data_warning
from tui.runs.compare import CompareScreen, CompareSheet

ONE = make_run(
    1, params={"lr": 0.1, "hidden": 2}, seed=1, metrics={"loss": 0.5}, best=Best("loss", 0.25, 1_200)
)
TWO = make_run(2, experiment="mnist", params={"lr": 0.2, "batch": 50}, seed=1, metrics={"accuracy": 0.9})


def values(runs: list[RunSummary], heading: str) -> dict[str, tuple[str, ...]]:
    return {one.name: one.values for one in differing_rows(runs) if one.heading == heading}


def test_only_what_differs_is_listed() -> None:
    assert values([ONE, TWO], "parameters") == {
        "experiment": ("xor", "mnist"),
        "lr": ("0.1", "0.2"),
        "hidden": ("2", "-"),
        "batch": ("-", "50"),
    }
    assert differing_rows([ONE, ONE]) == []


def test_runs_on_different_data_show_it_with_a_warning() -> None:
    mnist = make_run(1, experiment="mnist", params={}, data_title="MNIST", data_fingerprint="ab" * 32)
    moved = dataclasses.replace(mnist, data_title="the images of /moved")
    other = make_run(
        2, experiment="mnist", params={}, data_title="the images of /d", data_fingerprint="cd" * 32
    )
    assert "cannot be compared" in different_data_warning((mnist, other))
    assert different_data_warning((mnist, moved)) == different_data_warning((mnist, make_run(3))) == ""
    found = values([mnist, other], "parameters")
    assert found["data"] == ("MNIST (abababababab)", "the images of /d (cdcdcdcdcdcd)")
    shown = "".join(span.text for row in CompareSheet((mnist, other), {}).rows(100) for span in row)
    assert "cannot be compared" in shown


def test_the_step_of_the_best_value_has_its_own_row() -> None:
    found = values([ONE, TWO], "metrics")
    assert found == {
        "loss": ("0.5", "-"), "accuracy": ("-", "0.9"),
        "best loss": ("0.25", "-"), "step of best": ("1,200", "-"),
    }  # fmt: skip


def test_a_run_shorter_than_a_second_was_trained_for_a_second_as_in_the_table() -> None:
    short, longer = make_run(1, state=done(), train_seconds=0.4), make_run(2, state=done(), train_seconds=1.7)
    assert values([short, longer], "progress")["trained for"] == ("1s", "2s")
    assert [reason_of(run) for run in (short, longer)] == ["in 1s", "in 2s"]


def test_the_best_is_the_best_of_its_experiment() -> None:
    runs = [
        make_run(1, metrics={"loss": 0.01}), make_run(2, metrics={"loss": 0.02}),
        make_run(3, experiment="mnist", metrics={"loss": 0.3}),
        make_run(4, experiment="mnist", metrics={"loss": 0.2}),
        make_run(5, experiment="lm", metrics={"loss": 3.0}),
    ]  # fmt: skip
    assert next(one.best for one in compare_rows(runs) if one.name == "loss") == {0, 3}


def test_the_step_of_the_best_values_is_the_last_row_for_any_metrics() -> None:
    other = make_run(2, experiment="mnist", best=Best("val_accuracy", 0.9, 40), metrics={"accuracy": 0.9})
    names = [one.name for one in compare_rows([other, ONE]) if one.heading == "metrics"]
    assert names[-1] == "step of best" and names.count("step of best") == 1


@pytest.mark.parametrize(
    ("found", "goal", "best"),
    [
        ([0.3, 0.1, 0.2], "min", {1}),
        ([0.3, 0.1, 0.3], "max", {0, 2}),
        ([None, 0.1, math.nan, 0.2, math.inf], "max", {3}),
        ([0.1, None], "min", set()),
        ([0.1, 0.1], "min", set()),
        ([0.1, 0.2], "", set()),
    ],
)
def test_the_best_of_a_row_is_finite_and_better_than_another(
    found: list[float | None], goal: str, best: set[int]
) -> None:
    assert best_of(found, goal) == best


def test_metrics_show_their_difference_to_the_baseline() -> None:
    other = dataclasses.replace(make_run(3), metrics={"loss": 0.625, "val_loss": 1.0})
    found = {one.name: one.values for one in compare_rows([ONE, other], baseline=ONE.id)}
    assert found["loss"] == ("0.5", "0.625 (+0.125)")
    assert found["val_loss"] == ("-", "1")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_thirteen_runs_are_all_reached_and_no_number_is_cut(
    places: Places, size: tuple[int, int]
) -> None:
    runs = [make_run(n, metrics={"val_accuracy": 0.8783 + n / 10_000}, name=f"r{n}") for n in range(13)]
    async with open_app(places, FakeEngine(*runs), size) as opened:
        opened.app.push_screen(CompareScreen(runs, {}))
        await opened.shows("compare 13 runs", "of 13")
        seen: set[str] = set()
        for _ in runs:
            seen |= set(opened.text.split())
            await opened.press("right")
        assert {f"{0.8783 + n / 10_000:.4f}".rstrip("0") for n in range(13)} <= seen
        assert "★" in seen and not any(word.endswith("…") for word in seen if word[0].isdigit())
