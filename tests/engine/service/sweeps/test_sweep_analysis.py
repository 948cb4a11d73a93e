"""What pictures of a sweep are drawn from."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from engine.errors import DltuiError
from engine.service.sweeps import sweep_analysis
from engine.sweep_protocol import TrialRow, TrialStatus
from tests.engine.service.sweeps.swept import a_spec
from tests.fakes.sweeps import make_trial

SPEC = a_spec("lr=0.0001..1 log", "hidden=1..4", "activation=btu,tanh", experiment="xor", sampler="random")


def tried(count: int = 200) -> list[TrialRow]:
    """The learning rate decides, the activation a little, hidden nothing."""
    chance = random.Random(4)
    rows = []
    for number in range(1, count + 1):
        lr, hidden = 10 ** chance.uniform(-4, 0), chance.randint(1, 4)
        activation = chance.choice(["btu", "tanh"])
        value = abs(math.log10(lr) + 2) + (0.05 if activation == "btu" else 0.0)
        params: dict[str, Any] = {"lr": lr, "hidden": hidden, "activation": activation}
        rows.append(make_trial(number, params=params, value=value))
    return rows


ROWS = tried()


def analyse(kind: str, rows: list[TrialRow] = ROWS, where: str = "", **facts: object) -> dict[str, Any]:
    return sweep_analysis.analyse(SPEC, rows, kind, where, facts)


def test_importance_names_first_what_decides() -> None:
    found = analyse("importance")
    shares = dict(found["importance"])
    assert found["importance"][0][0] == "lr" and shares["lr"] > 0.6
    assert set(shares) == {"lr", "hidden", "activation"} and sum(shares.values()) == pytest.approx(
        1, abs=1e-3
    )


def test_importance_of_too_few_trials_says_what_is_missing() -> None:
    assert analyse("importance", ROWS[:3]) == {
        "importance": [], "why": "expected 8 trials with a value at least, got 3",
    }  # fmt: skip


def test_best_so_far_never_gets_worse_and_leaves_failures_out() -> None:
    failed = make_trial(500, status=TrialStatus.FAILED, value=None, params=dict(ROWS[0].params))
    points = analyse("best", [*ROWS, failed])["points"]
    assert [trial for trial, _, _ in points] == list(range(1, 201))
    best = [so_far for _, _, so_far in points]
    assert best == sorted(best, reverse=True) and best[-1] == min(row.value or 9 for row in ROWS)


def test_parallel_coordinates_hold_every_cell_and_the_best_line_last() -> None:
    found = analyse("parallel", where="hidden<=3")
    assert [column["name"] for column in found["columns"]] == ["lr", "hidden", "activation"]
    assert found["columns"][2]["choices"] == ["btu", "tanh"] and found["columns"][0]["log"]
    assert (found["columns"][1]["low"], found["columns"][1]["high"]) == (1, 3)
    values = [row["value"] for row in found["rows"]]
    assert values == sorted(values, reverse=True)
    by_trial = {row.trial: row for row in ROWS}
    assert all(row["cells"] == list(by_trial[row["trial"]].params.values()) for row in found["rows"])


def test_a_slice_has_one_point_per_trial_and_axis() -> None:
    found = analyse("slice")["params"]
    assert [part["name"] for part in found] == ["lr", "hidden", "activation"]
    assert found[0]["points"][7] == [ROWS[7].params["lr"], ROWS[7].value, 8]


def test_a_heat_map_of_two_listed_axes_has_their_means() -> None:
    found = analyse("heat", x="hidden", y="activation")
    assert (found["xs"], found["ys"]) == ([1, 2, 3, 4], ["btu", "tanh"])
    for j, activation in enumerate(found["ys"]):
        for i, hidden in enumerate(found["xs"]):
            cell = [
                row.value or 0.0 for row in ROWS
                if (row.params["hidden"], row.params["activation"]) == (hidden, activation)
            ]  # fmt: skip
            assert found["counts"][j][i] == len(cell)
            assert found["cells"][j][i] == pytest.approx(sum(cell) / len(cell))


def test_many_numbers_on_one_axis_are_put_into_bins() -> None:
    found = analyse("heat", x="lr", y="hidden")
    assert len(found["xs"]) == 12 and sum(map(sum, found["counts"])) == len(ROWS)
    assert found["xs"] == sorted(found["xs"]) and 1e-4 < found["xs"][0] < found["xs"][-1] < 1


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        ("pie", {}, "kind: expected one of importance"),
        ("heat", {"x": "width"}, "x: expected an axis (lr, hidden, activation), got 'width'"),
        ("best", {"where": "lr<"}, "expected a value"),
    ],
)
def test_what_cannot_be_drawn_is_said(kind: str, facts: dict[str, Any], expected: str) -> None:
    with pytest.raises(DltuiError) as refused:
        analyse(kind, **facts)
    assert expected in refused.value.message


def test_a_sweep_without_a_trial_has_empty_pictures() -> None:
    for kind in ("importance", "parallel", "slice", "best", "heat"):
        assert analyse(kind, [])


LACKS_AN_AXIS = make_trial(900, params={"lr": 0.5}, value=0.3)
"""as a dltui of before let a person add it"""


@pytest.mark.parametrize("kind", ["importance", "parallel", "slice", "heat"])
def test_a_trial_that_lacks_an_axis_is_left_out_of_the_picture(kind: str) -> None:
    assert analyse(kind, [*ROWS, LACKS_AN_AXIS]) == analyse(kind, ROWS)


@pytest.mark.parametrize("kind", ["importance", "parallel", "slice", "heat", "best"])
def test_a_sweep_of_nothing_but_such_trials_draws_nothing_and_does_not_fail(kind: str) -> None:
    assert analyse(kind, [LACKS_AN_AXIS])


def test_importance_of_equal_values_is_none_and_says_so() -> None:
    equal = [make_trial(row.trial, params=dict(row.params), value=1.0) for row in ROWS]
    assert analyse("importance", equal) == {
        "importance": [], "why": "all 200 trials have the same value, 1"}  # fmt: skip


def test_importance_without_a_value_does_not_say_that_nothing_varies() -> None:
    without = [make_trial(row.trial, params=dict(row.params), value=None) for row in ROWS]
    assert "expected 8 trials with a value" in analyse("importance", without)["why"]
    alike = [make_trial(number, params=dict(ROWS[0].params), value=float(number)) for number in range(9)]
    assert analyse("importance", alike)["why"] == "no axis has more than one value"


@pytest.mark.parametrize("kind", ["importance", "parallel", "slice", "heat"])
def test_a_trial_that_a_range_has_no_number_for_does_not_turn_the_axis_into_choices(kind: str) -> None:
    """Added by a person who left the learning rate to the recipe."""
    spec = a_spec("lr=0.0001..0.01 log", "epochs=1..4", experiment="mnist_recipe", sampler="random")
    rows = [
        make_trial(n, params={"lr": 10**-3.5 * n, "epochs": n % 4 + 1}, value=float(n)) for n in range(1, 10)
    ]
    added = make_trial(99, params={"lr": None, "epochs": 2}, value=0.5)
    assert sweep_analysis.analyse(spec, [*rows, added], kind, "", {}) == sweep_analysis.analyse(
        spec, rows, kind, "", {}
    )
