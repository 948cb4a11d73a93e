"""Configurations: the grid against itertools, drawn ones as a function of their number."""

from __future__ import annotations

import itertools
import math

from engine.axes import drawn, parse_axis
from engine.catalog import find
from engine.service import sampler, trial_spec

XOR = find("xor")
KINDS = trial_spec.kinds("xor")


def axes(*texts: str) -> sampler.Axes:
    return tuple(parse_axis(XOR, text) for text in texts)


def test_a_grid_is_the_product_with_the_last_axis_fastest() -> None:
    grid = axes("lr=0.1,0.01", "hidden=1..3", "bypass=yes,no")
    expected = [
        dict(zip(("lr", "hidden", "bypass"), point, strict=True))
        for point in itertools.product((0.1, 0.01), (1, 2, 3), (True, False))
    ]
    assert list(sampler.grid_from([grid], 0)) == expected
    assert list(sampler.grid_from([grid], 7)) == expected[7:]


def test_a_widened_grid_adds_the_new_points_behind_the_old_ones_and_none_twice() -> None:
    first, second = axes("lr=0.1,0.01", "hidden=1,2"), axes("lr=0.1,0.01,1", "hidden=1,2,3")
    points = list(sampler.grid_from([first, second], 0))
    assert points[:4] == list(sampler.grid_from([first], 0))
    seen = [tuple(point.values()) for point in points]
    assert len(seen) == len(set(seen)) == 9
    assert [list(sampler.grid_from([first, second], start)) for start in (0, 3, 4, 6, 9)] == [
        points[start:] for start in (0, 3, 4, 6, 9)
    ]


def test_a_grid_of_a_thousand_million_points_costs_nothing_until_it_is_walked() -> None:
    huge = axes("lr=0.001..1 log 1000", "epochs=1..1000", "hidden=1..10", "patience=0..99")
    assert sampler.point_count(huge) == 10**9
    assert next(sampler.grid_from([huge], 10**9 - 1))["patience"] == 99


def test_what_is_drawn_depends_on_the_seed_and_its_number_alone() -> None:
    space = axes("lr=0.001..1 log", "hidden=1..9", "activation=btu,tanh")
    first = [drawn(space, KINDS, 1, number) for number in range(200)]
    assert first == [drawn(space, KINDS, 1, number) for number in range(200)]
    assert first != [drawn(space, KINDS, 2, number) for number in range(200)]
    assert {type(point["hidden"]) for point in first} == {int}
    assert {point["hidden"] for point in first} == set(range(1, 10))
    assert all(0.001 <= float(point["lr"]) <= 1 for point in first)


def test_a_log_range_is_drawn_evenly_over_orders_of_magnitude() -> None:
    space = axes("lr=0.001..10 log")
    logs = [math.log10(float(drawn(space, KINDS, 3, n)["lr"])) for n in range(4000)]
    shares = [sum(low <= value < low + 1 for value in logs) / len(logs) for low in (-3, -2, -1, 0)]
    assert all(abs(share - 0.25) < 0.04 for share in shares)
