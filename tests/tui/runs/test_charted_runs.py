"""Which runs are on the chart, each with its colour."""

from __future__ import annotations

from tui.runs.charted_runs import ShownRuns
from tui.ui.curve_colours import DARK, dash_of


def test_marked_runs_the_baseline_and_the_selected_one_are_shown_once_each() -> None:
    shown = ShownRuns("c", ["a", "b", "a"], "b")
    assert shown.ids == ["a", "b", "c"]


def test_no_two_shown_runs_have_one_colour() -> None:
    shown = ShownRuns("", [f"run-{number}" for number in range(8)])
    assert len(set(shown.hues().values())) == 8


def test_a_run_alone_has_the_same_colour_every_time() -> None:
    assert ShownRuns("run-7").hues() == ShownRuns("run-7").hues()


def test_marks_and_baseline_go_on_and_off() -> None:
    shown = ShownRuns("a")
    assert shown.toggle_mark("a") and shown.styles({})["a"].marked and not shown.toggle_mark("a")
    assert shown.toggle_baseline("a") and shown.styles({})["a"].baseline and not shown.toggle_baseline("a")


def test_a_deleted_run_leaves_nothing_behind() -> None:
    shown = ShownRuns("a", ["a", "b"], "a")
    shown.forget("a")
    assert shown.ids == ["b"] and not shown.selected and not shown.baseline


def test_more_than_eight_curves_have_another_dash_where_the_colour_comes_again() -> None:
    hues = ShownRuns("", [f"run-{number}" for number in range(30)]).hues()
    looks = {(hue % len(DARK), dash_of(hue)) for hue in hues.values()}
    assert len(looks) == 30
