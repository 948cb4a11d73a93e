"""Runs side by side."""

from __future__ import annotations

from dataclasses import replace

from engine.protocol import Best
from tests.fakes.engine import make_run
from tui.screens.compare import DiffSheet, differing, outcomes
from tui.verbs.words import other_data

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


def test_runs_on_different_data_are_told_apart_and_said_to_be_no_match() -> None:
    mnist = make_run(1, experiment="mnist", params={}, data_title="MNIST", data_fingerprint="ab" * 32)
    moved = replace(mnist, data_title="the images of /moved")
    other = make_run(
        2, experiment="mnist", params={}, data_title="the images of /d", data_fingerprint="cd" * 32
    )
    assert "cannot be compared" in other_data((mnist, other))
    assert other_data((mnist, moved)) == other_data((mnist, make_run(3))) == ""
    assert differing([mnist, other])["data"] == ["MNIST (abababababab)", "the images of /d (cdcdcdcdcdcd)"]
    shown = "".join(span.text for row in DiffSheet((mnist, other), {}).rows(100) for span in row)
    assert "cannot be compared" in shown


def test_what_came_of_them_is_listed_for_all() -> None:
    table = outcomes([ONE, TWO])
    assert table["loss"] == ["0.5", "–"] and table["accuracy"] == ["–", "0.9"]
    assert table["best"] == ["0.25 @ 1,200", "–"]
