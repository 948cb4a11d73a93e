"""Strips of what a run used of its machine, and the line above them."""

from __future__ import annotations

import numpy as np
import pytest

from engine.client.client import EventBatch
from engine.events import Event
from tests.fakes.engine import done, make_run, metrics
from tui.data.run_history import RunHistory
from tui.runs import system_strip
from tui.runs.charted_runs import metrics_of
from tui.runs.overview import Overview
from tui.runs.system_strip import means, strip, strip_rows
from tui.terminal.glyphs import ASCII
from tui.ui.span import row_text, row_width

WIDTH = 38


def history_of(*measured: tuple[float, dict[str, object]]) -> RunHistory:
    """Of a run whose training begins at 0; each with its time and its facts."""
    history = RunHistory("r")
    events = [Event(1, 1000.0, "started", {}, 0.0)]
    for seq, (at, facts) in enumerate(measured, 2):
        events.append(Event(seq, 1000.0 + at, "system", {"step": 0, **facts}, at))
    history.fold(EventBatch(tuple(events), True, False))
    return history


def lines_of(history: RunHistory, *, is_active: bool = True, most: int = 8) -> list[str]:
    rows = strip_rows(history.series, WIDTH, most=most, is_active=is_active)
    assert all(row_width(row) < WIDTH for row in rows), "a value does not touch the right edge"
    return [row_text(row) for row in rows]


def test_a_value_stands_for_the_time_since_the_one_before_and_gaps_stay_gaps() -> None:
    times, values = np.array([5.0, 10.0, 15.0, 20.0]), np.array([10.0, np.nan, 30.0, 50.0])
    assert means(times, values, 4, 20.0)[[0, 2, 3]].tolist() == [10, 30, 50]
    assert np.isnan(means(times, values, 4, 20.0)[1])
    assert means(times[2:], values[2:], 8, 20.0)[:6].tolist() == [30] * 6
    assert np.isnan(means(times[:1], values[:1], 4, 20.0)[1:]).all(), "it is not known any more"


def test_each_quantity_has_a_line_with_a_sign_as_high_as_its_share() -> None:
    history = history_of(*((5.0 * n, {"cpu": 100 if n > 4 else 1, "rss": 100 * n}) for n in range(1, 9)))
    cpu, memory = lines_of(history)
    assert cpu == "CPU         ▁▁▁▁▁▁▁▄▇▇▇▇▇▇▇     100 %"
    assert memory == "memory      ▁▂▂▃▃▄▄▄▅▅▆▆▇▇▇  800.0 MB"


def test_the_gpu_comes_first_and_a_driver_that_fails_leaves_dots() -> None:
    history = history_of(
        (5, {"cpu": 50, "gpu": [[0, 31, 1000, 6.0, 200, 50]]}), (10, {"cpu": 50}), (15, {"cpu": 50}),
        (20, {"cpu": 50, "gpu": [[0, 97, 1000, 6.0, 200, 50]]}),
    )  # fmt: skip
    lines = lines_of(history)
    assert [line[:12].strip() for line in lines] == ["GPU 0", "GPU 0 mem", "CPU", "GPU 0 power", "GPU 0 heat"]
    assert lines[0] == "GPU 0       ▃▃▃▃·······▇▇▇▇      97 %"
    assert lines_of(history, most=2)[2] == "3 more on the charts"
    history.fold(EventBatch((Event(9, 1025.0, "system", {"step": 0, "cpu": 50}, 25.0),), True, False))
    assert lines_of(history)[0].endswith("···" + 10 * " "), "nothing is told at present"
    assert lines_of(history, is_active=False)[0].endswith("··" + "max 97 %".rjust(13))


def test_waiting_for_disks_and_a_crowded_machine_are_shown_where_they_matter() -> None:
    facts: dict[str, object] = {"cpu": 50, "mem": 37.0, "io": 1.0, "all": 40.0}
    assert [line[:12].strip() for line in lines_of(history_of((5, facts)))] == ["CPU"]
    facts |= {"mem": 93.0, "io": 30.0, "all": 99.0}
    assert [line[:12].strip() for line in lines_of(history_of((5, facts)))] == [
        "CPU", "machine mem", "machine CPU", "disk wait"]  # fmt: skip


def test_without_unicode_the_signs_are_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_strip, "glyphs", lambda: ASCII)
    assert row_text(strip(np.array([0.0, 0.3, 0.5, 0.7, 1.0, np.nan]))) == " .:*#-"


def test_the_overview_has_the_verdict_above_the_strips_and_no_metric_of_the_machine() -> None:
    overview = Overview()
    run = make_run(
        1, state=done(), verdict="GPU 31 %, waits for data", metrics={"loss": 0.1, "system/cpu": 7.0}
    )
    overview.update(run, 0, history_of((5, {"cpu": 50, "rss": 100})))
    lines = [row_text(row) for row in overview.rows(WIDTH)]
    at = lines.index("GPU 31 %, waits for data")
    assert lines[at + 1].startswith("CPU") and lines[at + 2].startswith("memory")
    assert any("loss" in line for line in lines) and not any("system/" in line for line in lines)
    assert "GPU 31 %, waits for data" not in [row_text(row) for row in _rows_of(make_run(2))]


def _rows_of(run: object) -> list[tuple[object, ...]]:
    overview = Overview()
    overview.update(run, 0)  # type: ignore[arg-type]
    return list(overview.rows(WIDTH))  # type: ignore[arg-type]


def test_metrics_of_the_machine_are_behind_all_others() -> None:
    history = history_of((5, {"cpu": 50, "rss": 100, "gpu": [[0, 31]]}))
    history.fold(EventBatch((metrics(8, [1], 1010.0, zeta=[1.0], loss=[1.0]),), True, False))
    found = metrics_of([history], None)
    assert found == ["loss", "zeta", "system/gpu.0.gpu", "system/cpu", "system/proc.memory.rssMB"]
