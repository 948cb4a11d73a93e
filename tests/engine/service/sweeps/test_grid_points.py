"""Grid points against itertools, and random draws as a function of seed and number."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import pytest

from engine.axes import parse_axis, sample_point
from engine.catalog import find
from engine.service.sweeps import grid_points, trial_spec
from engine.service.sweeps.sampler import distribution

XOR = find("xor")
KINDS = trial_spec.axis_params(find("xor"))


def axes(*texts: str) -> grid_points.Axes:
    return tuple(parse_axis(XOR, text) for text in texts)


def test_a_grid_is_the_product_with_the_last_axis_fastest() -> None:
    grid = axes("lr=0.1,0.01", "hidden=1..3", "bypass=yes,no")
    expected = [
        dict(zip(("lr", "hidden", "bypass"), point, strict=True))
        for point in itertools.product((0.1, 0.01), (1, 2, 3), (True, False))
    ]
    assert list(grid_points.grid_from([grid], 0)) == expected
    assert list(grid_points.grid_from([grid], 7)) == expected[7:]


def test_a_widened_grid_adds_the_new_points_after_the_old_ones_and_none_twice() -> None:
    first, second = axes("lr=0.1,0.01", "hidden=1,2"), axes("lr=0.1,0.01,1", "hidden=1,2,3")
    points = list(grid_points.grid_from([first, second], 0))
    assert points[:4] == list(grid_points.grid_from([first], 0))
    seen = [tuple(point.values()) for point in points]
    assert len(seen) == len(set(seen)) == 9
    assert [list(grid_points.grid_from([first, second], start)) for start in (0, 3, 4, 6, 9)] == [
        points[start:] for start in (0, 3, 4, 6, 9)
    ]


def test_a_grid_of_a_thousand_million_points_is_generated_lazily() -> None:
    huge = axes("lr=0.001..1 log 1000", "epochs=1..1000", "hidden=1..10", "patience=1..100")
    assert grid_points.point_count(huge) == 10**9
    assert next(grid_points.grid_from([huge], 10**9 - 1))["patience"] == 100


def test_a_draw_depends_only_on_the_seed_and_its_number() -> None:
    space = axes("lr=0.001..1 log", "hidden=1..9", "activation=btu,tanh")
    first = [sample_point(space, KINDS, 1, number) for number in range(200)]
    assert first == [sample_point(space, KINDS, 1, number) for number in range(200)]
    assert first != [sample_point(space, KINDS, 2, number) for number in range(200)]
    assert {type(point["hidden"]) for point in first} == {int}
    assert {point["hidden"] for point in first} == set(range(1, 10))
    assert all(0.001 <= float(point["lr"]) <= 1 for point in first)


def test_a_log_range_is_drawn_evenly_over_orders_of_magnitude() -> None:
    space = axes("lr=0.001..10 log")
    logs = [math.log10(float(sample_point(space, KINDS, 3, n)["lr"])) for n in range(4000)]
    shares = [sum(low <= value < low + 1 for value in logs) / len(logs) for low in (-3, -2, -1, 0)]
    assert all(abs(share - 0.25) < 0.04 for share in shares)


def whole_log_uniform(low: int, high: int) -> dict[int, float]:
    """The probability of each number: log-uniform from low - 1/2 to high + 1/2, rounded."""
    width = math.log((high + 0.5) / (low - 0.5))
    return {k: math.log((k + 0.5) / (k - 0.5)) / width for k in range(low, high + 1)}


def test_integers_of_a_log_range_are_drawn_evenly_over_orders_of_magnitude() -> None:
    space = axes("epochs=10..1000 log")
    found = sorted(int(sample_point(space, KINDS, 5, n)["epochs"]) for n in range(4000))
    assert 90 <= found[2000] <= 110, "sqrt(10 x 1000) is 100; drawn evenly the median is 505"
    assert found[0] >= 10 and found[-1] <= 1000


@pytest.mark.parametrize("text", ["hidden=1..64 log", "hidden=1..6 log", "epochs=10..12"])
def test_integer_log_draws_have_the_expected_distribution(text: str) -> None:
    """Chi-square over cells of at least 20 expected draws; its mean is the degrees of freedom."""
    (axis,) = axes(text)
    draws, chances = 6000, whole_log_uniform(int(axis.low or 0), int(axis.high or 0))
    counts = Counter(int(sample_point((axis,), KINDS, 2, n)[axis.name]) for n in range(draws))
    terms = [(counts[k] - draws * chance) ** 2 / (draws * chance) for k, chance in chances.items()
             if draws * chance >= 20]  # fmt: skip
    freedom = len(terms) - 1
    assert sum(terms) < freedom + 4 * math.sqrt(2 * freedom)


def test_random_draws_and_tpe_use_the_same_distribution_for_an_axis() -> None:
    """Quartiles of Optuna's random sampler over the distribution given to TPE, and of the draws here."""
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    for text in ("epochs=10..1000 log", "hidden=1..64 log", "hidden=1..64", "lr=0.001..10 log"):
        (axis,) = axes(text)
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=4))
        theirs = sorted(study.ask({axis.name: distribution(axis)}).params[axis.name] for _ in range(1500))
        ours = sorted(float(sample_point((axis,), KINDS, 6, n)[axis.name]) for n in range(1500))
        warp = math.log if axis.log else float
        span = warp(float(axis.high or 0)) - warp(float(axis.low or 0))
        for place in (375, 750, 1125):
            assert abs(warp(theirs[place]) - warp(ours[place])) < 0.06 * span, (text, place)


def test_listed_numbers_and_ranges_without_log_are_drawn_evenly() -> None:
    for text in ("hidden=1..4", "epochs=10,100,1000", "epochs=10..13 linear"):
        space = axes(text)
        counts = Counter(next(iter(sample_point(space, KINDS, 2, n).values())) for n in range(4000))
        assert all(abs(count / 4000 - 1 / len(counts)) < 0.04 for count in counts.values()), text


def test_a_grid_over_a_range_is_every_integer_with_and_without_log() -> None:
    assert [axis.values for axis in axes("hidden=1..4", "epochs=1..4 log")] == [(1, 2, 3, 4), (1, 2, 3, 4)]
