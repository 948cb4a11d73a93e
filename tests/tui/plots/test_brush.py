"""Brushes as filters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.service.sweeps import query_trials
from tests.fakes.sweeps import make_trial
from tui.plots.brush import (
    BrushScale,
    clause_of,
    combined,
    holds,
    readable,
    shifted,
    toggled,
    where_of,
    widened,
)

shares = st.floats(0.0, 1.0)


def test_an_interval_of_numbers_is_two_comparisons() -> None:
    assert clause_of(BrushScale("hidden", "hidden", 0, 10), (0.2, 0.6)) == "hidden>=2 and hidden<=6"
    assert clause_of(BrushScale("hidden", "hidden", 0, 10), (0.2, 1.0)) == "hidden>=2"
    assert clause_of(BrushScale("lr", "lr", 0.001, 0.1, log=True), (0.5, 1.0)) == "lr>=0.01"
    assert clause_of(BrushScale("lr", "lr", 0.001, 0.1), (0.0, 1.0)) == ""


def test_choices_are_listed() -> None:
    scale = BrushScale("activation", "activation", choices=("relu", "two words", "tanh"))
    assert clause_of(scale, (0.5, 1.0)) == '(activation="two words" or activation=tanh)'
    assert clause_of(BrushScale("bypass", "bypass", choices=(False, True)), (0.5, 1.0)) == "(bypass=yes)"


def test_a_brush_between_two_choices_holds_nothing() -> None:
    where = clause_of(BrushScale("bypass", "bypass", choices=(False, True)), (0.4, 0.6))
    assert query_trials.filtered([make_trial(1)], where) == []


def test_all_of_them_have_to_hold() -> None:
    scales = (BrushScale("a", "a", 0, 1), BrushScale("b", "b", 0, 1))
    brushed = where_of(scales, {"b": (0.0, 0.5), "a": (0.5, 1.0)})
    assert brushed == "a>=0.5 and b<=0.5"
    assert combined("loss<1 or lr>2", brushed) == "(loss<1 or lr>2) and a>=0.5 and b<=0.5"
    assert combined("", brushed) == brushed and combined("x", "") == "x"


@given(st.lists(st.sampled_from(["up", "down", "wider", "narrower"]), max_size=40))
def test_keys_never_lead_off_the_axis(keys: list[str]) -> None:
    brush = toggled(None)
    moves = {"up": (shifted, 1), "down": (shifted, -1), "wider": (widened, 1), "narrower": (widened, -1)}
    for key in keys:
        move, way = moves[key]
        brush = move(brush, way)
        assert brush is not None and 0 <= brush[0] < brush[1] <= 1


@given(low=shares, high=shares, value=st.integers(1, 64))
def test_the_filter_lets_through_what_the_brush_holds(low: float, high: float, value: int) -> None:
    scale, brush = BrushScale("hidden", "hidden", 1, 64), (min(low, high), max(low, high))
    share = scale.share(value)
    if min(abs(share - end) for end in brush) < 1e-4:
        return  # the filter is written in six digits
    passed = query_trials.filtered([make_trial(1, params={"hidden": value})], clause_of(scale, brush))
    assert bool(passed) == holds(brush, share)


def test_what_is_not_on_an_axis_has_no_place_on_it() -> None:
    scale = BrushScale("activation", "activation", choices=("relu", "tanh"))
    assert scale.share("sigmoid") != scale.share("sigmoid")
    assert BrushScale("lr", "lr", 0, 1).share(None) != BrushScale("lr", "lr", 0, 1).share(None)
    assert BrushScale("lr", "lr", 2, 2).share(2.0) == pytest.approx(0.5)


def test_a_filter_of_brushes_reads_well() -> None:
    words = readable("value>=0.00686051 and lr<=1.23456e-05 and (f=tanh or f=btu)", "val_loss")
    assert words == "val_loss>=0.00686 and lr<=1.23e-05 and (f=tanh or f=btu)"
