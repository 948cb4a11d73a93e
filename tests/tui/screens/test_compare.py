"""Runs side by side."""

from __future__ import annotations

from engine.protocol import Best
from tests.fakes.engine import make_run
from tui.screens.compare import differing, outcomes

ONE = make_run(
    1, params={"lr": 0.1, "hidden": 2}, seed=1, metrics={"loss": 0.5}, best=Best("loss", 0.25, 1_200)
)
TWO = make_run(2, experiment="mnist", params={"lr": 0.2, "batch": 50}, seed=1, metrics={"accuracy": 0.9})


def test_only_what_differs_is_listed() -> None:
    assert differing([ONE, TWO]) == {
        "experiment": ["xor", "mnist"],
        "lr": ["0.1", "0.2"],
        "hidden": ["2", "–"],
        "batch": ["–", "50"],
    }
    assert differing([ONE, ONE]) == {}


def test_what_came_of_them_is_listed_for_all() -> None:
    table = outcomes([ONE, TWO])
    assert table["loss"] == ["0.5", "–"] and table["accuracy"] == ["–", "0.9"]
    assert table["best"] == ["0.25 @ 1,200", "–"]
