"""The saved views of sweeps, written and read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tui.sweeps.saved_view import KEPT, SavedViews


def test_it_comes_back_from_json() -> None:
    memory = SavedViews(None)
    view = memory.of("one")
    view.where, view.brushes, view.brushed, view.marked = "lr>0.1", {"lr": (0.2, 0.6)}, "lr<=1", ["hidden"]
    view.pair, view.log, view.trial = ("lr", "hidden"), True, 7
    again = SavedViews(json.loads(json.dumps(memory.saved()))).of("one")
    assert again == view


@pytest.mark.parametrize(
    "saved",
    [None, 3, [], {"one": 5}, {"one": {"where": 5, "brushes": {"lr": [1]}, "pair": [1, 2], "trial": True}},
     {"one": {"brushes": {"lr": [0, 7]}, "brushed": "lr>9", "marked": [4], "log": "yes"}}],
)  # fmt: skip
def test_what_is_damaged_is_as_it_usually_is(saved: Any) -> None:
    assert SavedViews(saved).of("one") == SavedViews(None).of("new")


def test_the_oldest_are_forgotten() -> None:
    memory = SavedViews(None)
    for number in range(KEPT + 5):
        memory.of(f"sweep-{number}").where = "lr>1"
    assert len(memory.saved()) == KEPT and memory.of("sweep-0").where == ""
