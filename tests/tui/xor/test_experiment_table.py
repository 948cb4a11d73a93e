"""The nine experiments: at every width all numbers of the chosen one can be read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.session_protocol.xor import GridReport, NotebookResult, ReportRow
from tui.xor.experiment_table import rows_of


def a_row(number: int, **facts: Any) -> ReportRow:
    printed = NotebookResult(mean=338.0, std=40.0, fails=1, train_loss=0.0451, val_loss=0.0453)
    row = ReportRow(
        experiment=number, lr=0.25, hidden=number, bypass=True, runs=14, fails=4, running=0, mean=345.4,
        std=41.2, train_loss=0.0449, val_loss=0.0457, median=320.0, low=300.0, high=None, mean_all=512.3,
        lanes=(), chance=0.634, notebook=printed,
    )  # fmt: skip
    return replace(row, **facts)


def a_report(*rows: ReportRow) -> GridReport:
    return GridReport(rows, gates={}, counts={}, epoch=500, epochs=500)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_all_numbers_of_the_chosen_experiment_are_there(width: int) -> None:
    report = a_report(*map(a_row, range(1, 10)))
    rows = rows_of(report, 3, width)
    said = " ".join("".join(span.text for span in row).strip() for row in rows[10:])
    for words in ("4 hidden", "mean 345 epochs (338)", "std 41 (40)", "4 of 14 fail (1)", "median 320",
                  "300 to > 500", "mean of all 512", "train loss 0.0449 (0.0451)",
                  "validation loss 0.0457 (0.0453)", "p 0.63"):  # fmt: skip
        assert words in said, (words, said)


def test_what_is_not_known_yet_is_a_dash() -> None:
    nothing = dict.fromkeys(("mean", "std", "train_loss", "val_loss", "median", "low", "high", "chance"))
    rows = rows_of(a_report(a_row(1, **nothing)), 0, 200)
    assert "train loss - (0.0451)" in "".join(span.text for row in rows for span in row)
