"""The data of the plots of a sweep."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest

from engine.errors import DltuiError
from engine.service.sweeps import plot_data
from engine.sweep_protocol import TrialRow, TrialStatus
from tests.engine.service.sweeps.sweep_cases import make_sweep_spec
from tests.fakes.sweeps import make_trial

SPEC = make_sweep_spec(
    "lr=0.0001..1 log", "hidden=1..4", "activation=btu,tanh", experiment="xor", sampler="random"
)


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
    return plot_data.analyse(SPEC, rows, kind, where, facts)


def test_importance_ranks_the_deciding_axis_first() -> None:
    found = analyse("importance")
    shares = dict(found["importance"])
    assert found["importance"][0][0] == "lr" and shares["lr"] > 0.6
    assert set(shares) == {"lr", "hidden", "activation"} and sum(shares.values()) == pytest.approx(
        1, abs=1e-3
    )


def test_importance_of_too_few_trials_reports_how_many_are_needed() -> None:
    assert analyse("importance", ROWS[:3]) == {
        "importance": [], "why": "it takes 8 trials or more that have a value; there are 3",
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
def test_invalid_plots_are_refused(kind: str, facts: dict[str, Any], expected: str) -> None:
    with pytest.raises(DltuiError) as refused:
        analyse(kind, **facts)
    assert expected in refused.value.message


def test_a_sweep_without_trials_has_empty_plots() -> None:
    for kind in ("importance", "parallel", "slice", "best", "heat"):
        assert analyse(kind, [])


LACKS_AN_AXIS = make_trial(900, params={"lr": 0.5}, value=0.3)
"""as older versions allowed a user to add"""


@pytest.mark.parametrize("kind", ["importance", "parallel", "slice", "heat"])
def test_a_trial_that_lacks_an_axis_is_left_out_of_the_plot(kind: str) -> None:
    assert analyse(kind, [*ROWS, LACKS_AN_AXIS]) == analyse(kind, ROWS)


@pytest.mark.parametrize("kind", ["importance", "parallel", "slice", "heat", "best"])
def test_a_sweep_of_only_such_trials_has_an_empty_plot(kind: str) -> None:
    assert analyse(kind, [LACKS_AN_AXIS])


def test_importance_of_equal_values_is_empty_with_a_reason() -> None:
    equal = [make_trial(row.trial, params=dict(row.params), value=1.0) for row in ROWS]
    assert analyse("importance", equal) == {
        "importance": [], "why": "all 200 trials have the same value, 1"}  # fmt: skip


def test_importance_without_values_gives_that_as_the_reason() -> None:
    without = [make_trial(row.trial, params=dict(row.params), value=None) for row in ROWS]
    assert "it takes 8 trials or more that have a value" in analyse("importance", without)["why"]
    alike = [make_trial(number, params=dict(ROWS[0].params), value=float(number)) for number in range(9)]
    assert analyse("importance", alike)["why"] == "no axis has more than one value"


@pytest.mark.parametrize("kind", ["importance", "parallel", "slice", "heat"])
def test_a_trial_without_a_number_on_a_range_does_not_make_the_axis_categorical(kind: str) -> None:
    """A user added it without a learning rate."""
    spec = make_sweep_spec("lr=0.0001..0.01 log", "epochs=1..4", experiment="mnist_recipe", sampler="random")
    rows = [
        make_trial(n, params={"lr": 10**-3.5 * n, "epochs": n % 4 + 1}, value=float(n)) for n in range(1, 10)
    ]
    added = make_trial(99, params={"lr": None, "epochs": 2}, value=0.5)
    assert plot_data.analyse(spec, [*rows, added], kind, "", {}) == plot_data.analyse(
        spec, rows, kind, "", {}
    )
