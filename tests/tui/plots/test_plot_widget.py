"""Pictures of a sweep, at every size and in every kind of terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.axes import Axis
from engine.params import Value
from engine.service.sweeps import plot_data
from engine.sweep_protocol import TrialRow
from tests.fakes.sweeps import make_sweep, make_trial
from tui.plots import metric_plots as plots
from tui.plots import parallel_axes as parallel
from tui.plots.plot_state import BUCKETS, PlotState, merits, subject_of
from tui.terminal import glyphs
from tui.ui.span import Row, row_text, row_width

AXES = ("lr=0.001..0.1 log", "hidden=1..8", "activation=relu,tanh,sigmoid", "bypass=no,yes")
SWEEP = make_sweep(axes=AXES, seeds=(1, 2))
SUBJECT = subject_of(SWEEP.spec)
DRAWS = {
    "parallel": parallel.rows, "importance": plots.importance, "slice": plots.slices,
    "best": plots.best_so_far, "heat": plots.heat_map,
}  # fmt: skip


def trials(count: int) -> tuple[TrialRow, ...]:
    kinds = ("relu", "tanh", "sigmoid")
    found = []
    for number in range(1, count + 1):
        params: dict[str, Value] = {
            "lr": 0.001 * 1.1 ** (number % 40), "hidden": 1 + number % 8, "activation": kinds[number % 3],
            "bypass": number % 2 == 0,
        }  # fmt: skip
        found.append(make_trial(number, params=params, value=1 / number, seed=1 + number % 2))
    return tuple(found)


def answer(kind: str, rows: Sequence[TrialRow]) -> Any:
    return plot_data.analyse(SWEEP.spec, rows, kind, "", {})


def drawn(kind: str, rows: Sequence[TrialRow], view: PlotState, width: int, height: int) -> Sequence[Row]:
    return DRAWS[kind](answer(kind, rows), view, width, height)


@pytest.fixture
def ascii_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DLTUI_SYMBOLS", "ascii")
    glyphs.glyphs.cache_clear()
    yield
    glyphs.glyphs.cache_clear()


@pytest.mark.parametrize("kind", DRAWS)
@settings(deadline=None, max_examples=25)
@given(width=st.integers(40, 220), height=st.integers(6, 60), count=st.sampled_from([0, 1, 2, 9, 60]))
def test_nothing_is_drawn_past_the_right_edge(kind: str, width: int, height: int, count: int) -> None:
    for row in drawn(kind, trials(count), PlotState(SUBJECT, axis=1, trial=2), width, height):
        assert row_width(row) <= width, row_text(row)


@pytest.mark.parametrize("kind", DRAWS)
def test_a_plain_terminal_is_given_plain_characters(kind: str, ascii_only: None) -> None:
    view = PlotState(SUBJECT, symbols="ascii", few_colours=True, brushes={"hidden": (0.5, 1.0)})
    text = "\n".join(map(row_text, drawn(kind, trials(60), view, 100, 24)))
    assert text.isascii()


def test_every_axis_has_its_name_and_its_ends() -> None:
    rows = drawn("parallel", trials(60), PlotState(SUBJECT), 120, 24)
    text = "\n".join(map(row_text, rows))
    for word in ("lr", "hidden", "activation", "bypass", "seed", "loss", "relu", "yes", "60 lines"):
        assert word in text


@pytest.mark.parametrize(("width", "tick"), [(120, "tensorboard"), (40, "tenso… │")])
def test_a_tick_has_the_room_to_the_next_axis_and_is_cut_with_a_sign(width: int, tick: str) -> None:
    rows = [
        make_trial(at, params={"lr": 0.1 * at, "hidden": at, "logger": name}, value=1 / at)
        for at, name in enumerate(("tensorboard", "csv", "tensorboard", "csv"), 1)
    ]
    axes = (Axis("lr", None, 0.1, 0.4), Axis("hidden", None, 1, 4), Axis("logger", ("tensorboard", "csv")))
    found = plot_data.analyse(replace(SWEEP.spec, axes=axes), rows, "parallel", "", {})
    text = "\n".join(map(row_text, parallel.rows(found, PlotState(SUBJECT), width, 24)))
    assert tick in text


def test_brushed_out_lines_are_dim_and_the_selected_one_is_bright() -> None:
    view = PlotState(SUBJECT, brushes={"hidden": (0.9, 1.0)}, trial=7)
    styles = [
        span.style_name
        for row in drawn("parallel", trials(60), view, 120, 24)
        for span in row
        if span.text.strip()
    ]
    bright = [
        span.style_name
        for row in drawn("parallel", trials(60), replace(view, brushes={}), 120, 24)
        for span in row
    ]
    assert styles.count("line") > bright.count("line") and "strong" in styles


def test_the_best_trial_has_the_best_colour_whatever_the_goal() -> None:
    assert merits([3.0, 1.0, 2.0], largest=False)[1] == BUCKETS - 1
    assert merits([3.0, 1.0, 2.0], largest=True)[0] == BUCKETS - 1
    assert merits([5.0], largest=False) == [BUCKETS - 1] and merits([], largest=True) == []


@pytest.mark.parametrize("kind", ["slice", "best"])
@pytest.mark.parametrize(("width", "height"), [(78, 17), (200, 50)])
def test_a_plot_of_points_says_what_its_signs_and_colours_are(kind: str, width: int, height: int) -> None:
    rows = [row_text(row) for row in drawn(kind, trials(9), PlotState(SUBJECT, trial=2), width, height)]
    assert len(rows) == height
    for words in ("worst ━", "━ best", "◆ best trial", "@ selected trial"):
        assert words in rows[-1]


def test_the_best_so_far_says_since_when() -> None:
    rows = tuple(
        replace(row, value=value) for row, value in zip(trials(4), (3.0, 1.0, 2.0, 1.5), strict=True)
    )
    assert "best so far 1 since trial 2" in row_text(drawn("best", rows, PlotState(SUBJECT), 80, 20)[0])


def test_a_heat_map_says_the_mean_of_each_cell() -> None:
    rows = tuple(
        make_trial(n, params={"lr": 0.01, "hidden": 2, "activation": "relu", "bypass": False}, value=value)
        for n, value in ((1, 1.0), (2, 3.0))
    )
    text = "\n".join(map(row_text, drawn("heat", rows, PlotState(SUBJECT), 80, 20)))
    assert "hidden down, lr across; mean loss" in text and " 2 " in text


@pytest.mark.parametrize("width", [55, 60, 66])
def test_a_heat_map_cuts_no_number(width: int) -> None:
    rates = (0.000523, 0.001336, 0.00172, 0.001737, 0.003213, 0.0184)
    rows = tuple(
        make_trial(n, params={"lr": rate, "hidden": 2, "activation": "double_conv_dropout", "bypass": False},
                   value=rate / 10)
        for n, rate in enumerate(rates, 1)
    )  # fmt: skip
    lines = [row_text(row) for row in drawn("heat", rows, PlotState(SUBJECT), width, 20)]
    shown = re.findall(r"[\d.e-]+", lines[1].split("+")[0])
    assert shown == [f"{rate:.4g}" for rate in rates][: len(shown)] and len(shown) >= 4
    means = re.findall(r"\d\S+", next(line for line in lines if line.strip().startswith("2 ")))
    assert [float(mean) for mean in means] == pytest.approx(
        [rate / 10 for rate in rates[: len(shown)]], rel=0.005
    )


def test_too_few_trials_say_why_there_is_no_importance() -> None:
    text = "\n".join(map(row_text, drawn("importance", trials(3), PlotState(SUBJECT), 80, 20)))
    assert "none: it takes 8 trials or more that have a value; there are 3" in text


def test_importance_bars_are_shares_of_the_whole_width() -> None:
    found = {"why": "", "importance": [("lr", 0.6), ("hidden", 0.3)]}
    rows = plots.importance(found, PlotState(SUBJECT), 100, 4)
    room = 100 - plots.BAR_NAME - plots.BAR_NUMBER - 4
    assert [row_text(row).count("█") for row in rows[1:]] == [round(0.6 * room), round(0.3 * room)]


@pytest.mark.parametrize(("height", "tall"), [(6, 1), (9, 3), (50, plots.TALLEST_BAR)])
def test_importance_bars_grow_with_the_room(height: int, tall: int) -> None:
    found = {"why": "", "importance": [("lr", 0.6), ("hidden", 0.3)]}
    lines = [row_text(row) for row in plots.importance(found, PlotState(SUBJECT), 100, height)]
    assert sum("█" in line for line in lines) == 2 * tall and len(lines) <= height
    assert sum("60.0%" in line for line in lines) == 1


def test_an_axis_of_few_values_has_those_as_its_ticks() -> None:
    scale = parallel.BrushScale("batch", "batch", 50, 400, log=True)
    ticks = parallel._labels(scale, 20, [50, 200, 400, 200, 50])
    assert [text for _, text in ticks] == ["50", "200", "400"]
    assert ticks[1][0] == scale.share(200)
    many = parallel._labels(scale, 20, [50 + 7 * place for place in range(50)])
    assert len(many) == 5
