"""Columns that the user chose: in the table, in the dialog, kept for the next start."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.places import Places
from engine.protocol import Best
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, make_run
from tui import view_state
from tui.data.run_fields import cell_text
from tui.runs.chosen_columns import ColumnChoice, chosen_columns, parse_choice, sort_field
from tui.runs.columns_dialog import ColumnList
from tui.runs.run_columns import cells_of, laid_out
from tui.ui.span import row_text, row_width

RUN = replace(
    make_run(1, name="one", metrics={"val_loss": 0.25}, params={"lr": 0.01, "act": "relu", "patience": None}),
    tags=("best",),
    note="why\nnot",
)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("lr", ColumnChoice("lr")),
        ("lr:14", ColumnChoice("lr", 14)),
        ("lr:900", ColumnChoice("lr", 60)),
        ("a:b", ColumnChoice("a:b")),
        (":3", ColumnChoice(":3")),
    ],
)
def test_a_choice_is_read_as_it_was_kept(text: str, choice: ColumnChoice) -> None:
    assert parse_choice(text) == choice and parse_choice(choice.text) == choice


def test_any_parameter_metric_or_fact_is_a_cell() -> None:
    names = (
        "val_loss",
        "lr",
        "params.lr",
        "metrics.lr",
        "act",
        "tags",
        "note",
        "seed",
        "nothing",
        "patience",
    )
    assert [cell_text(RUN, name) for name in names] == [
        "0.25", "0.01", "0.01", "", "relu", "#best", "why …", "1", "", "never"
    ]  # fmt: skip


def test_columns_have_the_chosen_order_and_width_and_those_without_room_are_left_out() -> None:
    choices = [parse_choice(text) for text in ("val_loss", "name:6", "act:12", "lr")]
    found = chosen_columns(42, choices, "loss", 3, {}, [RUN])
    assert [(column.title, column.width) for column in found] == [
        ("val_loss", 10), ("name", 6), ("act", 12), ("lr", 10)
    ]  # fmt: skip
    row = laid_out(found, cells_of(RUN, found))
    assert row_text(row).split() == ["0.25", "one", "relu", "0.01"] and row_width(row) == 42
    assert [column.title for column in chosen_columns(35, choices, "loss", 3, {}, [RUN])] == [
        "val_loss", "name", "act"
    ]  # fmt: skip


def test_a_column_that_no_run_has_is_empty_and_marked() -> None:
    [column] = chosen_columns(40, [ColumnChoice("val_los")], "loss", 3, {}, [RUN])
    assert column.title == "val_los?" and column.cell(RUN, 10) == ()


def test_a_built_in_column_sorts_by_its_field_and_any_other_by_itself() -> None:
    assert [sort_field(name) for name in ("age", "progress", "val_loss", "parameters", "rate")] == [
        "created", "status", "val_loss", "", ""
    ]  # fmt: skip


async def test_columns_are_chosen_moved_resized_sorted_and_kept(places: Places) -> None:
    engine = FakeEngine(replace(RUN, best=Best("val_loss", 0.2, 3)))
    async with open_app(places, engine, (120, 40)) as opened:
        await opened.press("W")
        await opened.until(lambda: isinstance(opened.app.screen.focused, ColumnList))
        listed = opened.app.screen.query_one(ColumnList)
        names = [entry.choice.name for entry in listed.entries]
        await opened.press(*["j"] * names.index("act"), "space", "K", "plus")
        shown = [entry.choice.text for entry in listed.entries if entry.shown]
        assert shown[-2] == "act:12"
        await opened.press("o")
        await opened.until(lambda: opened.app.runs.pages.query.sort == "act")
        await opened.shows("relu", "act")
        assert [column.text for column in opened.app.runs.table.chosen] == shown
        await opened.until(lambda: view_state.read(places.view_state).columns == shown)
    async with open_app(places, engine, (120, 40)) as opened:
        await opened.shows("relu")
        await opened.press("W")
        await opened.until(lambda: isinstance(opened.app.screen.focused, ColumnList))
        await opened.press("d")
        await opened.until(lambda: not opened.app.runs.table.chosen)


async def test_looking_at_the_columns_leaves_automatic_ones_automatic(places: Places) -> None:
    async with open_app(places, FakeEngine(RUN), (120, 40)) as opened:
        await opened.press("W")
        await opened.until(lambda: isinstance(opened.app.screen.focused, ColumnList))
        await opened.press("j", "enter")
        await opened.until(lambda: not isinstance(opened.app.screen.focused, ColumnList))
        assert opened.app.runs.table.chosen == ()


async def test_the_automatic_columns_of_a_wide_terminal_are_offered_by_name(places: Places) -> None:
    run = replace(RUN, rate=12.0, metrics={"loss": 0.25})
    async with open_app(places, FakeEngine(run), (200, 60)) as opened:
        await opened.shows("steps/s")
        await opened.press("W")
        await opened.until(lambda: isinstance(opened.app.screen.focused, ColumnList))
        shown = [one.choice.name for one in opened.app.screen.query_one(ColumnList).entries if one.shown]
        assert shown == ["name", "parameters", "experiment", "progress", "rate", "loss", "best", "age"]


async def test_columns_that_hold_for_all_runs_are_offered_first_others_with_how_many_have_them(
    places: Places,
) -> None:
    runs = [
        make_run(1, metrics={"ppl": 9.0, "loss": 0.5}, params={"lr": 0.1, "layers": 2}),
        make_run(2, metrics={"loss": 0.25, "accuracy": 0.5}, params={"lr": 0.1}),
        make_run(3, metrics={"loss": 0.125, "accuracy": 0.75}, params={"lr": 0.2}),
    ]
    async with open_app(places, FakeEngine(*runs), (120, 40)) as opened:
        await opened.until(lambda: opened.app.runs.curves.is_filled)
        await opened.press("W")
        await opened.shows("metric of 2 of 3 runs", "metric of 1 of 3 runs", "parameter of 1 of 3 runs")
        names = [entry.choice.name for entry in opened.app.screen.query_one(ColumnList).entries]
        found = [name for name in names if name in ("lr", "accuracy", "ppl", "layers")]
        assert found == ["lr", "accuracy", "ppl", "layers"]
