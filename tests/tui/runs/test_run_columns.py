"""How the columns share the width."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine import filter_fields
from engine.filter_fields import RunField
from engine.protocol import Best
from engine.table_protocol import Query
from tests.fakes.engine import done, make_run
from tui.runs.run_columns import TableStyle, cells_of, columns, header, row_of, with_room_for_params
from tui.ui.span import row_text, row_width

RUN = make_run(
    1, name="a name that is longer than any column", params={"hidden": 4, "lr": 0.3}, metrics={"loss": 1 / 3},
    best=Best("loss", 0.1, 3), step=10, rate=123_456.0,
)  # fmt: skip


@pytest.mark.parametrize("width", range(60, 220, 10))
def test_a_row_and_its_header_are_as_wide_as_the_table(width: int) -> None:
    found = columns(width - 7, "loss")
    assert row_width(row_of(RUN, TableStyle(3, True), found)) <= width
    assert row_width(header(found, Query())) <= width
    titles = [column.title for column in found]
    assert titles[0] == "name" and {"progress", "loss", "best", "age"} <= {*titles, "best"}


def test_more_room_brings_more_columns() -> None:
    assert (
        len(columns(53, "loss"))
        < len(columns(73, "loss"))
        < len(columns(110, "loss"))
        < len(columns(190, "loss"))
    )


def best_cell(metric: str, width: int) -> str:
    found = columns(width, metric)
    cell = next(column for column in found if column.title == "best").cell
    return row_text(cell(RUN, 30))


def test_a_best_value_of_another_metric_is_named_or_left_out() -> None:
    assert best_cell("loss", 73) == "0.1" and best_cell("accuracy", 73) == ""
    assert best_cell("accuracy", 128) == "loss 0.1" and best_cell("loss", 128) == "0.1"


def test_a_name_takes_what_it_needs_and_parameters_the_rest() -> None:
    wide, short = columns(73, "loss"), columns(73, "loss", 11)
    assert short[0].width == 11
    assert short[1].width == wide[0].width + wide[1].width - 11


def test_parameters_take_what_cells_beside_them_leave_empty() -> None:
    run = replace(RUN, state=done(), rate=0.0, best=None)
    texts = {run.id: "axes=lr=0.1,0.2,0.4; seed=1..4 epochs=300"}
    found = columns(131, "loss", 14, texts)
    cut = next(column for column in found if column.title == "parameters").width
    fitted = with_room_for_params(found, [cells_of(run, found, short=True)])
    assert cut < len(texts[run.id])
    assert texts[run.id] in row_text(row_of(run, TableStyle(), fitted))
    assert row_width(row_of(run, TableStyle(), fitted)) == row_width(row_of(run, TableStyle(), found))


def test_columns_keep_their_room_where_no_parameter_is_cut() -> None:
    found = columns(131, "loss", 14, {RUN.id: "lr=0.1"})
    assert with_room_for_params(found, [cells_of(RUN, found, short=True)]) == found


def test_the_sorted_column_shows_the_direction() -> None:
    found = columns(120, "loss")
    assert "age▼" in row_text(header(found, Query()))
    assert "loss▲" in row_text(header(found, Query(sort="loss", descending=False)))


def test_the_sign_of_a_row_is_that_of_its_curve_and_a_shape_besides_its_colour() -> None:
    found = columns(73, "loss")
    looks = [
        TableStyle(),
        TableStyle(1),
        TableStyle(1, True),
        TableStyle(1, False, True),
        TableStyle(1, True, False, "B"),
        TableStyle(1, letter="B"),
        TableStyle(9),
        TableStyle(9, selected=True),
    ]
    assert [row_text(row_of(RUN, look, found))[3:5] for look in looks] == [
        "  ",
        "━━",
        "◆━",
        "◇╍",
        "◆B",
        " B",
        "━╍",
        "━━",
    ]


@pytest.mark.parametrize(
    ("metric", "width", "title"),
    [("val_accuracy", 80, "val_acc"), ("val_accuracy", 120, "val_accuracy"), ("loss", 80, "loss"),
     ("val_perplexity", 80, "val_ppl"), ("words_per_second", 80, "words_p…")],
)  # fmt: skip
def test_a_metric_heads_its_column_uncut_or_with_a_sign(metric: str, width: int, title: str) -> None:
    assert title in [column.title for column in columns(width, metric)]


def test_a_titled_field_is_a_column_in_its_unit_that_sorts(monkeypatch: pytest.MonkeyPatch) -> None:
    field = RunField("rss", "memory of the worker", title="memory", unit="bytes", width=9)
    monkeypatch.setattr(filter_fields, "COLUMNS", (*filter_fields.COLUMNS, field))
    found = {column.title: column for column in columns(160, "loss")}
    assert found["memory"].sort == "rss" and found["steps/s"].sort == ""
    assert row_text(found["memory"].cell(replace(RUN, rss=3 << 30), 9)) == "3.0 GB"
    assert row_text(found["memory"].cell(replace(RUN, rss=0), 9)) == ""
    assert row_text(found["steps/s"].cell(RUN, 8)) == "120k"
