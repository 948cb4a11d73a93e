"""The table of networks: what each line says of its run, whoever knows it later: the table or the run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.protocol import Best, Running, RunSummary
from tests.fakes.engine import done, make_run
from tests.tui.mnist.test_images import text
from tui.drawings.image_canvas import ImageCanvas
from tui.mnist.network_table import NetworkRow, NetworkTable
from tui.mnist.recipes import RECIPES, recipes
from tui.mnist.tab import told_of

FAST = RECIPES[0]


def a_run(**facts: Any) -> RunSummary:
    usual: dict[str, Any] = {"step": 400, "total_steps": 4500, "metrics": {"val_accuracy": 0.9918}}
    return make_run(1, experiment="mnist_recipe", params={"recipe": "fast"}, **{**usual, **facts})


def a_row(run: RunSummary, **facts: Any) -> dict[str, Any]:
    return {"run": run.id, "is_reached": True, "iterations": 387, "seconds": 8.0, "val_accuracy": 0.9918,
            "balanced": 0.9917, "test_accuracy": 0.992, **facts}  # fmt: skip


def painted(entry: NetworkRow, width: int, best: dict[str, Any] | None = None) -> list[str]:
    table = NetworkTable([entry], 0, best, "")
    canvas = ImageCanvas(width, table.height, "colour")
    table.paint(canvas)
    return text(canvas).split("\n")


def test_a_recipe_that_reached_its_goal_is_not_said_to_have_missed_it() -> None:
    run = a_run(state=done())
    line = painted(NetworkRow(FAST, run, a_row(run)), 100)[2]
    assert " 387 " in line and "(387)" not in line and "0.9917" in line


def test_until_the_table_is_read_nothing_is_said_about_the_goal() -> None:
    line = painted(NetworkRow(FAST, a_run(state=done()), None), 100)[2]
    assert "400" not in line and "·" in line and "0.9918" in line


@pytest.mark.parametrize("width", [80, 96, 120, 200])
def test_the_best_is_marked_in_front_of_its_name_at_every_width(width: int) -> None:
    run = a_run(state=done())
    best = {"run": run.id, "model": "fast", "batch": 0, "balanced": 0.99, "test_accuracy": 0.992}
    lines = painted(NetworkRow(FAST, run, a_row(run)), width, best)
    assert lines[2][2:].startswith("★fast")
    assert "★ best by balanced validation accuracy: fast; test accuracy 0.9920" in lines[3]
    assert "★" not in painted(NetworkRow(FAST, run, a_row(run)), width)[2]


def test_a_run_that_trains_is_ahead_of_its_row_of_the_table() -> None:
    run = a_run(state=Running(1.0), step=4100, metrics={"val_accuracy": 0.98})
    row = a_row(run, is_reached=False, iterations=3000, val_accuracy=0.84, test_accuracy=None)
    line = painted(NetworkRow(FAST, run, row), 100)[2]
    assert "(4,100)" in line and "0.9800" in line and "0.8400" not in line


def test_the_table_says_what_parentheses_mean() -> None:
    lines = painted(NetworkRow(FAST, a_run(state=done()), None), 80)
    assert any("99 % not reached" in line for line in lines)


def test_every_recipe_has_a_name_where_one_is_chosen() -> None:
    for recipe in recipes():
        run = make_run(1, experiment=recipe.experiment, params=dict(recipe.params), state=done())
        assert told_of(run).startswith(f"{recipe.title}, done")


def test_the_accuracy_of_the_weights_and_the_best_one_are_told_apart() -> None:
    run = replace(a_run(state=done()), metrics={"val_accuracy": 0.9175}, best=Best("val_accuracy", 0.9195, 9))
    assert told_of(run) == "fast, done, 91.75% of validation (best 91.95%)"
    assert "0.9175" in painted(NetworkRow(FAST, run, None), 100)[2]


def test_a_run_that_compiles_before_its_first_step_says_so() -> None:
    said = "Compiling the loops of small networks for this processor: once, about 10 s."
    run = a_run(state=Running(1.0), step=0, total_steps=0, metrics={}, notice=said)
    assert said[:40] in painted(NetworkRow(FAST, run, None), 120)[2]
    assert "starting" in painted(NetworkRow(FAST, replace(run, notice=""), None), 80)[2]
