"""Names of runs and metrics are drawn from all of Unicode: every row has the width it was made for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from engine.client.client import EventBatch
from engine.places import Places
from engine.protocol import Best, RunSummary
from engine.table_protocol import Query
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, done, make_run, metrics
from tui.chart.chart_rows import CurveSeries, Scene, picture
from tui.chart.chart_view import ChartView
from tui.data.run_history import RunHistory
from tui.dialogs.choose import ChoiceList
from tui.runs.compare import CompareSheet
from tui.runs.detail_panes import ParamsSheet
from tui.runs.overview import Overview
from tui.runs.run_columns import TableStyle, columns, header, row_of
from tui.terminal.plain_text import plain
from tui.ui.changed_cells import changes
from tui.ui.span import Row, Span, cells, fitted, justified, row_text, row_width

SCRIPTS = (
    "กำลังเรียนรู้", "हिन्दी में", "e\u0301te\u0301", "1\ufe0f\u20e3 2\ufe0f\u20e3", "東京\u3099",
    "\u0645\u064e\u0631\u062d\u064e\u0628\u064b", "\u05e9\u05b8\u05c1\u05dc\u05d5\u05b9\u05dd",
    "\u0301\u0302 leading", "\u1112\u1161\u11ab", "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "❤\ufe0f", "\U0001f1e9\U0001f1ea", "\ufe0f", "\U000e0100", "\u115f\u1160", "\ud83d",
)  # fmt: skip
NAMES = st.text(st.characters(codec=None), min_size=1, max_size=24) | st.sampled_from(SCRIPTS)


def named(name: str, metric: str) -> RunSummary:
    best = Best(metric, 0.5, 3)
    return replace(make_run(name=name, params={metric: name}), metrics={metric: 0.25}, best=best)


def scene_of(name: str, metric: str, values: Sequence[float]) -> Scene:
    stories, names = [RunHistory("one"), RunHistory("two")], (name, name + metric)
    for history in stories:
        history.fold(EventBatch((metrics(1, [1, 2, 3], **{metric: list(values)}),)))
    series = tuple(
        CurveSeries(history.run, label, history.series[metric])
        for history, label in zip(stories, names, strict=True)
    )
    return Scene(ChartView(metric=metric), series=series, selected="one")


@settings(deadline=None)
@given(NAMES, NAMES)
def test_the_width_of_plain_text_is_the_sum_of_its_parts(left: str, right: str) -> None:
    one, other = plain(left), plain(right)
    assert cell_len(one + other) == cell_len(one) + cell_len(other)
    assert sum(map(cell_len, one)) == cell_len(one)


@settings(deadline=None)
@given(NAMES, st.integers(1, 30), st.booleans())
def test_a_text_is_justified_to_the_cell(name: str, width: int, right: bool) -> None:
    assert cell_len(justified(plain(name), width, right=right)) == width


@settings(deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=4), st.integers(1, 60))
def test_cells_of_a_row_are_as_many_as_its_width(names: list[str], width: int) -> None:
    row = fitted((Span("·"), *(Span(plain(name), f"ink-{place}") for place, name in enumerate(names))), width)
    assert row_width(row) == len(cells(row)) == width
    assert "".join(text for text, _ in cells(row)) == row_text(row)


@settings(deadline=None, max_examples=50)
@given(NAMES, NAMES, NAMES, st.sampled_from([(80, 14), (44, 9), (120, 20)]))
@example("กำลังเรียนรู้", "हिन्दी", "e\u0301", (80, 14))
def test_a_chart_is_drawn_and_drawn_again_whatever_its_runs_and_metrics_are_called(
    name: str, other: str, metric: str, size: tuple[int, int]
) -> None:
    old = picture(scene_of(name, metric, [3.0, 2.0, 1.0]), *size)
    new = picture(scene_of(other, metric, [3.0, 1.0, 0.5]), *size)
    for before, after in zip(old, new, strict=True):
        assert len(cells(before)) == len(cells(after)) == size[0]
        for first, count in changes(cells(before), cells(after)):
            assert 0 <= first < first + count <= size[0]


@settings(deadline=None, max_examples=50)
@given(NAMES, NAMES, st.sampled_from([60, 80, 120, 160]))
def test_rows_of_the_table_keep_their_columns(name: str, metric: str, width: int) -> None:
    found = columns(width, metric)
    plain_run, run = named("plain", "loss"), named(name, metric)
    assert row_width(row_of(run, TableStyle(), found)) == row_width(row_of(plain_run, TableStyle(), found))
    assert row_width(header(found, Query(sort=metric))) == row_width(header(found, Query(sort="none")))


@settings(deadline=None, max_examples=50)
@given(NAMES, NAMES, st.sampled_from([40, 76]))
def test_dialogs_and_sheets_fit_their_width(name: str, metric: str, width: int) -> None:
    run = named(name, metric)
    sheets = (ChoiceList([(name, metric), (metric, name)]), CompareSheet([run, named(metric, name)], {}))
    params, overview = ParamsSheet(), Overview()
    params._run = overview._run = run
    rows: list[Row] = [row for sheet in (*sheets, params, overview) for row in sheet.rows(width)]
    assert max(map(row_width, rows)) <= width + max(cell_len(plain(name)), cell_len(plain(metric)))
    assert all(len(cells(fitted(row, width))) == width for row in rows)


@pytest.mark.parametrize(
    "name", ["กำลังเรียนรู้", "हिन्दी में", "1\ufe0f\u20e3", "\u0301\u0302", "\U0001f1e9\U0001f1ea"]
)
async def test_the_app_goes_on_with_names_of_any_script(places: Places, name: str) -> None:
    run = replace(make_run(1, name=name), metrics={name: 1.5})
    engine = FakeEngine(run)
    engine.append(run.id, metrics(1, [1, 2], **{name: [2.0, 1.75]}))
    async with open_app(places, engine) as opened:
        await opened.shows("1.75")
        engine.append(run.id, metrics(2, [3], **{name: [0.375]}))
        await opened.shows("0.375")


@pytest.mark.parametrize(
    "name", ["กำลังเรียนรู้", "1\ufe0f\u20e3 \u0301", "\u05e9\u05b8\u05c1 [b]", "\U0001f468\u200d\U0001f469"]
)
async def test_dialogs_open_over_runs_of_any_script(places: Places, name: str) -> None:
    runs = [
        replace(make_run(number, name=name, params={"note": name}, state=done()), metrics={name: 1.5})
        for number in (1, 2)
    ]
    async with open_app(places, FakeEngine(*runs)) as opened:
        await opened.shows(plain(name)[:1])
        await opened.press("space", "j", "space", "d")
        await opened.shows("compare 2 runs")
        for key, words in (("escape", "quit"), ("D", "Remove"), ("escape", "quit"), ("m", "quit")):
            await opened.press(key)
            await opened.shows(words)
        assert opened.app.is_running
