"""The table of networks: each line has the newest of its row of mnist.table and the summary of its run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.protocol import Best, Running, RunSummary
from engine.session_protocol.mnist import BestNetwork, TableRow
from tests.fakes.engine import done, make_run
from tests.tui.mnist.test_images import text
from tui.drawings.half_block_canvas import ImageCanvas
from tui.mnist.network_table import NetworkRow, NetworkTable, paint_layers
from tui.mnist.recipes import RECIPES, recipes
from tui.mnist.tab import run_description

FAST = RECIPES[0]


def a_run(**facts: Any) -> RunSummary:
    usual: dict[str, Any] = {"step": 400, "total_steps": 4500, "metrics": {"val_accuracy": 0.9918}}
    return make_run(1, experiment="mnist_recipe", params={"recipe": "fast"}, **{**usual, **facts})


def a_row(run: RunSummary, **facts: Any) -> TableRow:
    row = TableRow("fast", 0, run.id, 387, 8.0, 0.9918, 0.9917, 0.992, "", True, False, "", None)
    return replace(row, **facts)


def painted(entry: NetworkRow, width: int, best: BestNetwork | None = None) -> list[str]:
    table = NetworkTable([entry], 0, best, "")
    canvas = ImageCanvas(width, table.height, "colour")
    table.paint(canvas)
    return text(canvas).split("\n")


def test_steps_of_a_run_that_reached_its_goal_are_without_parentheses() -> None:
    run = a_run(state=done())
    line = painted(NetworkRow(FAST, run, a_row(run)), 100)[2]
    assert " 387 " in line and "(387)" not in line and "0.9917" in line


def test_numbers_end_below_the_end_of_their_headings() -> None:
    run = a_run(state=done())
    lines = painted(NetworkRow(FAST, run, a_row(run)), 80)
    for heading, number in (
        ("to 99 %", " 387 "),
        ("valid.", "0.9918"),
        ("balanced", "0.9917"),
        ("test", "0.9920"),
    ):
        end = lines[1].index(heading) + len(heading)
        assert lines[2][:end].rstrip().endswith(number.strip()), heading


def test_until_the_table_is_computed_the_steps_to_the_goal_are_empty() -> None:
    line = painted(NetworkRow(FAST, a_run(state=done()), None), 100)[2]
    assert "400" not in line and "·" in line and "0.9918" in line


@pytest.mark.parametrize("width", [80, 96, 120, 200])
def test_the_best_is_marked_in_front_of_its_name_at_every_width(width: int) -> None:
    run = a_run(state=done())
    best = BestNetwork(run.id, "fast", 0, 0.99, 0.992)
    lines = painted(NetworkRow(FAST, run, a_row(run)), width, best)
    assert lines[2][2:].startswith("★fast")
    assert "★ best by balanced validation accuracy: fast; test accuracy 0.9920" in lines[3]
    assert "★" not in painted(NetworkRow(FAST, run, a_row(run)), width)[2]


def test_a_run_in_training_has_the_numbers_of_its_summary() -> None:
    run = a_run(state=Running(1.0), step=4100, metrics={"val_accuracy": 0.98})
    row = a_row(run, is_reached=False, iterations=3000, val_accuracy=0.84, test_accuracy=None)
    line = painted(NetworkRow(FAST, run, row), 100)[2]
    assert "(4,100)" in line and "0.9800" in line and "0.8400" not in line


def test_the_table_explains_the_parentheses() -> None:
    lines = painted(NetworkRow(FAST, a_run(state=done()), None), 80)
    assert any("steps in parentheses: trained so far, 99 % not reached" in line for line in lines)


def test_the_description_of_a_run_begins_with_its_recipe() -> None:
    for recipe in recipes():
        run = make_run(1, experiment=recipe.experiment, params=dict(recipe.params), state=done())
        assert run_description(run).startswith(f"{recipe.title}, done")


def test_the_last_accuracy_and_the_best_one_are_both_shown() -> None:
    run = replace(a_run(state=done()), metrics={"val_accuracy": 0.9175}, best=Best("val_accuracy", 0.9195, 9))
    assert run_description(run) == "fast, done, 91.75% of validation (best 91.95%)"
    assert "0.9175" in painted(NetworkRow(FAST, run, None), 100)[2]


def test_the_notice_of_a_run_that_compiles_is_shown_before_its_first_step() -> None:
    notice = "Compiling the loops of small networks for this processor: once, about 10 s."
    run = a_run(state=Running(1.0), step=0, total_steps=0, metrics={}, notice=notice)
    assert notice[:40] in painted(NetworkRow(FAST, run, None), 120)[2]
    assert "starting" in painted(NetworkRow(FAST, replace(run, notice=""), None), 80)[2]


def test_an_untrained_network_has_a_sentence_and_no_headings_of_layers() -> None:
    canvas = ImageCanvas(60, 10, "colour")
    paint_layers(None, "s trains it.", canvas)
    assert text(canvas).split() == ["s", "trains", "it."]
