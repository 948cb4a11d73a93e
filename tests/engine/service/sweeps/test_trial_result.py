"""The best value of a metric, and that at each rung, read from events."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from engine.events import EventWriter
from engine.metric_goal import MetricGoal
from engine.service.sweeps.trial_result import TrialCurve
from engine.sweep_protocol import Prune

ASHA = Prune("asha", 3, 3)
"""at 100, 300 and 900 of 2,700 steps"""


def written(path: Path, values: dict[int, float | str], *, total: int = 2700, metric: str = "loss") -> Path:
    writer = EventWriter(path)
    writer.append("started", total_steps=total)
    for step, value in values.items():
        writer.append("metrics", series={metric: [[step], [value]], "other": [[step], [0.0]]})
    writer.close()
    return path


def read(path: Path, prune: Prune = ASHA, *, largest: bool = False, total: int = 0) -> TrialCurve:
    curve = TrialCurve(path, MetricGoal("loss", largest), prune, total)
    while curve.read_more():
        pass
    return curve


def test_a_rung_has_the_best_value_at_the_first_step_at_or_after_it(tmp_path: Path) -> None:
    path = written(tmp_path / "e", {50: 0.9, 100: 0.5, 250: 0.8, 310: 0.6, 800: 0.2, 1000: 0.4})
    curve = read(path)
    assert curve.rungs == {0: (100, 0.5), 1: (310, 0.5), 2: (1000, 0.2)}
    assert (curve.best, curve.best_step) == (0.2, 800)
    assert read(path, largest=True).rungs == {0: (100, 0.9), 1: (310, 0.9), 2: (1000, 0.9)}


def test_a_run_that_does_not_tell_its_steps_has_the_rungs_of_a_given_number(tmp_path: Path) -> None:
    path = written(tmp_path / "e", {50: 0.9, 100: 0.5, 310: 0.6}, total=0)
    assert read(path).rungs == {}
    assert read(path, total=2700).rungs == {0: (100, 0.5), 1: (310, 0.5)}


def test_of_several_rungs_passed_at_once_only_the_last_is_recorded(tmp_path: Path) -> None:
    assert read(written(tmp_path / "e", {1000: 0.4})).rungs == {2: (1000, 0.4)}


@pytest.mark.parametrize("odd", ["nan", "inf", "-inf"])
def test_nan_and_infinity_at_a_rung_are_recorded_as_nan(tmp_path: Path, odd: str) -> None:
    curve = read(written(tmp_path / "e", {50: 0.5, 120: odd}))
    assert curve.best == 0.5 and math.isnan(curve.rungs[0][1])


def test_reading_continues_at_the_last_offset_and_after_an_incomplete_line(tmp_path: Path) -> None:
    path = written(tmp_path / "e", {50: 0.9})
    curve = read(path)
    with path.open("ab") as file:
        file.write(b'{"seq":9,"at":1,"kind":"metr')
    assert not curve.read_more() and curve.rungs == {}
    writer = EventWriter(path)
    writer.append("metrics", series={"loss": [[120, 130], [0.3, 0.7]]})
    writer.close()
    curve.read_more()
    assert curve.rungs == {0: (120, 0.3)} and curve.best_step == 120


def test_a_metric_that_is_never_logged_has_no_best(tmp_path: Path) -> None:
    curve = read(written(tmp_path / "e", {50: 0.9}, metric="accuracy"))
    assert curve.best is None and curve.rungs == {}
    assert not read(tmp_path / "none").read_more()
