"""Axes: text is parsed to values or a range, or raises one line with what was expected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import catalog
from engine.axes import Axis, count, grid, parse_axes, parse_axis
from engine.errors import ParamError

XOR = catalog.find("xor")


@pytest.mark.parametrize(
    ("text", "axis"),
    [
        ("lr=0.1,0.01", Axis("lr", (0.1, 0.01), log=True)),
        ("hidden=1..4", Axis("hidden", (1, 2, 3, 4), 1, 4)),
        (" hidden = 2 ", Axis("hidden", (2,))),
        ("seed=1..5", Axis("seed", (1, 2, 3, 4, 5), 1, 5)),
        ("lr=0.001..0.1 log", Axis("lr", None, 0.001, 0.1, True)),
        ("lr=1e-3..1e-1", Axis("lr", None, 0.001, 0.1, True)),
        ("lr=1..3 linear 3", Axis("lr", (1.0, 2.0, 3.0), 1.0, 3.0)),
        ("lr=0.001..0.1 log 3", Axis("lr", (0.001, 0.01, 0.1), 0.001, 0.1, True)),
        ("lr=.5..2", Axis("lr", None, 0.5, 2.0, True)),
        ("hidden=1..64 log 4", Axis("hidden", (1, 4, 16, 64), 1, 64, True)),
        ("bypass=yes,no", Axis("bypass", (True, False))),
        ("activation=btu,tanh", Axis("activation", ("btu", "tanh"))),
    ],
)
def test_all_forms_are_parsed(text: str, axis: Axis) -> None:
    assert parse_axis(XOR, text) == axis


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("colour=1,2", ("Unknown axis 'colour' of xor", "hidden")),
        ("hidden", ("'hidden'", "expected name=")),
        ("hidden=", ("expected name=",)),
        ("hidden=4..1", ("hidden", "empty", "smaller end first")),
        ("hidden=1..", ("hidden", "got '1..'")),
        ("hidden=..4", ("hidden", "got ''")),
        ("hidden=1..4..6", ("hidden", "got")),
        ("hidden=1...4", ("hidden", "got")),
        ("hidden=1,1", ("hidden", "different values")),
        ("hidden=1,,2", ("hidden", "got ''")),
        ("hidden=1..99", ("hidden", "at most 64", "'99'")),
        ("hidden=1..4 log 1", ("hidden", "2 or more", "'1'")),
        ("lr=-1,0.1", ("lr", "0 or more", "'-1'")),
        ("lr=-1..1", ("lr", "0 or more", "'-1'")),
        ("lr=0..1", ("lr", "above 0", "'0'", "lr=0..1 linear")),
        ("lr=0,01", ("lr", "'01'", "0.01 with a decimal point")),
        ("lr=007..1", ("lr", "'007'", "Write 7")),
        ("lr=nan..1", ("lr", "'nan'")),
        ("lr=0.1..1 log 100001", ("lr", "at most 100,000", "100,001")),
        ("seed=1..1000000000", ("seed", "at most 100,000", "1,000,000,000")),
        ("seed=0..9 log", ("seed", "above 0")),
        ("bypass=no..yes", ("bypass", "yes or no")),
        ("activation=btu..relu", ("activation", "btu")),
        ("activation=step", ("activation", "'step'")),
    ],
)
def test_a_mistake_is_reported_in_one_line(text: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(ParamError) as error:
        parse_axis(XOR, text)
    assert all(part in str(error.value) for part in parts), str(error.value)
    assert "\n" not in str(error.value)


def test_axes_are_separated_by_semicolons_and_each_name_occurs_once() -> None:
    axes = parse_axes(XOR, "lr=0.1,0.01; hidden=1..3;")
    assert [axis.name for axis in axes] == ["lr", "hidden"]
    assert count(axes) == 6
    assert list(grid(axes))[:2] == [{"lr": 0.1, "hidden": 1}, {"lr": 0.1, "hidden": 2}]
    with pytest.raises(ParamError, match="lr: expected one axis"):
        parse_axes(XOR, "lr=1; lr=2")
    assert parse_axes(XOR, " ; ") == ()
    assert list(grid(())) == [{}]


def test_a_billion_points_are_refused_before_any_is_made() -> None:
    axes = parse_axes(XOR, "lr=0.001..1 log 1000; temperature=0.1..1 log 1000; seed=1..1000")
    with pytest.raises(ParamError, match=r"at most 100,000 points, got 1,000,000,000 \(lr 1,000 x"):
        next(grid(axes))


def test_a_grid_over_a_range_is_refused_with_the_syntax_for_a_number_of_points() -> None:
    with pytest.raises(ParamError, match=r"lr=0.001..0.1 log 5"):
        count(parse_axes(XOR, "lr=0.001..0.1"))


@given(st.text(alphabet="lrhidenseActvo=.,; 0123456789e-", max_size=40))
def test_any_text_parses_or_raises_a_param_error(text: str) -> None:
    try:
        axes = parse_axes(XOR, text)
    except ParamError:
        return
    for axis in axes:
        assert axis.values is None or 0 < len(axis.values) <= 100_000
