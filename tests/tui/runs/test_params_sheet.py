"""The parameters of a run: nothing of a value is lost where the pane is narrow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.protocol import RunSummary
from tests.fakes.engine import make_run
from tui.runs.params_sheet import ParamsSheet
from tui.ui.span import Row, row_text, row_width


def rows_of(run: RunSummary, width: int) -> list[Row]:
    sheet = ParamsSheet()
    sheet.update(run)
    return list(sheet.rows(width))


@pytest.mark.parametrize("width", [28, 37, 60])
def test_a_value_too_long_for_its_column_is_shown_whole(width: int) -> None:
    run = make_run(1, experiment="language", params={"model": "double_conv_dropout", "text": "w" * 30})
    rows = rows_of(run, width)
    said = "".join(row[1].text for row in rows if row)
    assert all(row_width(row) <= width for row in rows)
    assert run.id in said and "double_conv_dropout" in said and "w" * 30 in said


def test_where_a_run_trains_is_shown_when_that_is_not_here() -> None:
    run = make_run(params={"lr": 0.01})
    away = replace(run, spec=replace(run.spec, executor="ray@10.0.0.5:6379"))
    assert not any("executor" in row_text(row) for row in rows_of(run, 40))
    assert any("ray@10.0.0.5:6379" in row_text(row) for row in rows_of(away, 40))


def test_a_value_without_end_leaves_room_for_the_others() -> None:
    rows = rows_of(make_run(1, params={"text": "w" * 10_000}), 37)
    assert len(rows) == 8 and row_text(rows[1]).endswith("w…")


def test_the_id_stays_on_one_line_of_the_usual_pane() -> None:
    run = make_run(1, experiment="language")
    assert any(run.id in row_text(row) for row in rows_of(run, 37))
