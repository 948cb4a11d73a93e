"""The parameters of a run: nothing of a value is lost where the pane is narrow."""

from __future__ import annotations

import pytest

from tests.fakes.engine import make_run
from tui.widgets.params_sheet import ParamsSheet
from tui.widgets.span import row_text, row_width


@pytest.mark.parametrize("width", [28, 37, 60])
def test_every_value_is_shown_whole(width: int) -> None:
    run = make_run(1, experiment="language", params={"model": "double_conv_dropout", "text": "w" * 70})
    sheet = ParamsSheet()
    sheet.show(run)
    rows = sheet.rows(width)
    said = "".join(row[1].text for row in rows if row)
    assert all(row_width(row) <= width for row in rows)
    assert run.id in said and "double_conv_dropout" in said and "w" * 70 in said


def test_the_id_stays_on_one_line_of_the_usual_pane() -> None:
    run = make_run(1, experiment="language")
    sheet = ParamsSheet()
    sheet.show(run)
    assert any(run.id in row_text(row) for row in sheet.rows(37))
