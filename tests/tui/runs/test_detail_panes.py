"""The panes of the details of a run: nothing is lost where they are narrow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.protocol import CheckpointFacts, LogPart, RunSummary
from tests.fakes.engine import make_run
from tui.runs.detail_panes import CheckpointsSheet, ParamsSheet
from tui.runs.log_pane import LogPane
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


LONG = "step 1000 loss 0.4056 val_loss 0.4012 val_accuracy 0.9073"


def part_of(text: str) -> LogPart:
    size = len(text.encode())
    return LogPart(text, 0, size, size)


def shown(tail: LogPane, width: int) -> list[str]:
    rows = tail.rows(width)
    assert all(row_width(row) <= width for row in rows)
    return [row_text(row) for row in rows]


def test_a_long_line_is_one_row_with_a_sign_where_it_is_cut() -> None:
    tail = LogPane()
    tail.append(part_of(f"{LONG}\nshort\n"))
    assert shown(tail, 30) == [LONG[:29] + "…", "short"]


def test_sideways_shows_the_rest_of_it() -> None:
    tail = LogPane()
    tail.append(part_of(f"{LONG}\nshort\n\n"))
    tail._left = len(LONG) - 30
    first, second, empty = shown(tail, 30)
    assert first == "…" + LONG[-29:] and second in ("", "…") and empty == ""


def test_wide_characters_are_cut_between_cells() -> None:
    tail = LogPane()
    tail.append(part_of("漢字" * 20))
    tail._left = 3
    assert all(row_width(row) <= 11 for row in tail.rows(11))


ANSWERS = "best epoch's weights (epoch 12, step 12,960)"


@pytest.mark.parametrize("width", [48, 62, 80])
def test_which_weights_answer_is_written_whole(width: int) -> None:
    sheet = CheckpointsSheet()
    sheet._found = (CheckpointFacts(12_960, "", "1fa95d1f9c4f" * 5, 111_200, answers=ANSWERS),)
    rows = sheet.rows(width)
    assert any(ANSWERS in row_text(row) for row in rows)
    assert all(row_width(row) <= width for row in rows)
