"""`--executor ray`, on a real cluster of Ray on loopback: nodes, rooms and services die, nothing is lost."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.river.home import Home
from tests.river.loopback import Loopback, cluster

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed"),
    pytest.mark.timeout(240),
]
STEPS, SECONDS = 120, 0.05


@pytest.fixture
def far() -> Iterator[Loopback]:
    with cluster(1, 1, DLTUI_CHECKPOINT_SECONDS="0.3") as found:
        yield found


def test_a_node_dies_in_the_middle_of_a_sweep_and_nothing_is_lost(home: Home, far: Loopback) -> None:
    far.trust(home)
    sweep = _sweep(home, far.address, "pace=1,2,3")
    home.until(lambda: sum(home.steps_saved(run) > 5 for run in _runs(home, sweep)) == 2, "two at work")
    far.tell("kill", 0)
    home.until(lambda: _sweep_of(home, sweep)["status"] == "done", "the end of the sweep", 120)
    runs = _runs(home, sweep)
    assert len(runs) == 3 and all(home.show(run)["status"] == "done" for run in runs)
    lost = [run for run in runs if any("The node was lost" in text for text in _notes(home, run))]
    assert len(lost) == 1 and "restored" in [event.kind for event in home.events(lost[0])]
    for run in runs:
        _is_as_if_trained_here(home, run)


def _is_as_if_trained_here(home: Home, run: str) -> None:
    """Weights, and every point of the curve once, bit for bit; the events are numbered without a gap."""
    params = {**home.show(run)["params"], "seconds": 0}
    alone = home.start("counter", **params)
    home.reach(alone, "done")
    assert _weights(home, run) == _weights(home, alone)
    assert [event.seq for event in home.events(run)] == list(range(1, len(home.events(run)) + 1))
    assert _curve(home, run) == _curve(home, alone)


def _curve(home: Home, run: str) -> list[tuple[int, float]]:
    points: dict[int, float] = {}
    for event in home.events(run):
        if event.kind == "restored":
            points = {step: loss for step, loss in points.items() if step <= event.facts["step"]}
        elif event.kind == "metrics":
            points |= zip(*event.facts["series"]["loss"], strict=True)
    return sorted(points.items())


def _weights(home: Home, run: str) -> str:
    shown = home.show(run)["checkpoints"][-1]
    assert shown["step"] == STEPS and os.path.isdir(shown["path"])
    return str(shown["weights_sha256"])


def _sweep(home: Home, address: str, *axes: str) -> str:
    words = [word for axis in axes for word in ("--axis", axis)]
    words += ["--set", f"steps={STEPS}", "--set", f"seconds={SECONDS}"]
    return home.dltui("sweep", "counter", *words, "--executor", "ray", "--ray-address", address).strip()


def _sweep_of(home: Home, sweep: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(home.dltui("sweep", "show", sweep, "--json"))
    return found


def _runs(home: Home, sweep: str) -> list[str]:
    return [row["run"] for row in json.loads(home.dltui("sweep", "trials", sweep, "--json")) if row["run"]]


def _notes(home: Home, run: str) -> list[str]:
    return [str(event.facts["text"]) for event in home.events(run) if event.kind == "note"]
