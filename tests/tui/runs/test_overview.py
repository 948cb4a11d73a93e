"""The overview of a run: every row fits its width."""

from __future__ import annotations

import pytest

from engine.protocol import Best, RunSummary
from tests.fakes.engine import make_run
from tui.runs.overview import Overview
from tui.ui.span import Row, row_text, row_width

NARROW = 37


def rows_of(run: RunSummary, width: int = NARROW) -> list[Row]:
    overview = Overview()
    overview.update(run, 0)
    return list(overview.rows(width))


@pytest.mark.parametrize("metric", ["loss", "val_accuracy", "validation_accuracy_of_the_second_head"])
def test_the_best_value_keeps_its_name_and_its_step(metric: str) -> None:
    rows = rows_of(make_run(1, best=Best(metric, 0.98214, 123_456), metrics={metric: 0.9}))
    said = "".join(row_text(row).strip().ljust(1) for row in rows)
    assert all(row_width(row) <= NARROW for row in rows)
    assert metric in said.replace(" ", "") and "123,456" in said and "0.9821" in said


def test_of_ten_thousand_metrics_the_first_are_listed_and_the_others_counted() -> None:
    rows = [
        row_text(row) for row in rows_of(make_run(1, metrics={f"m{one}": 1.0 for one in range(10_000)}), 60)
    ]
    assert len(rows) < 300
    assert "and 9,800 more metrics, on charts alone" in rows


def test_a_long_name_is_cut_with_a_sign_and_a_long_device_is_wrapped() -> None:
    run = make_run(1, name="n" * 80, device="NVIDIA H200 141 GB, number 3 of 8", rss=1 << 30, cpu=1.5)
    rows = rows_of(run)
    assert all(row_width(row) <= NARROW for row in rows)
    assert row_text(rows[0]).endswith("n…  xor")
    text = "\n".join(row_text(row) for row in rows)
    words = " ".join(text.split())
    assert "number 3 of 8 · RSS 1024 MB · 150 % CPU" in words


def test_damage_the_notice_of_its_data_and_the_latest_of_the_run_are_each_shown() -> None:
    run = make_run(1, damage="d" * 30, data_notice="8x8 digits", notice="no step for 40 s")
    lines = [row_text(row) for row in rows_of(run)]
    assert lines.index("d" * 30) < lines.index("8x8 digits") < lines.index("no step for 40 s")
