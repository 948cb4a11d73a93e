"""The best of a metric and its value at the rungs, read from events as they are written."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from engine.events import EventWriter
from engine.service.sweeps.curve import TrialCurve
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


def read(path: Path, prune: Prune = ASHA, *, largest: bool = False) -> TrialCurve:
    curve = TrialCurve(path, "loss", largest, prune)
    while curve.read_on():
        pass
    return curve


def test_a_rung_has_the_best_so_far_at_the_first_value_behind_it(tmp_path: Path) -> None:
    path = written(tmp_path / "e", {50: 0.9, 100: 0.5, 250: 0.8, 310: 0.6, 800: 0.2, 1000: 0.4})
    curve = read(path)
    assert curve.rungs == {0: (100, 0.5), 1: (310, 0.5), 2: (1000, 0.2)}
    assert (curve.best, curve.best_step) == (0.2, 800)
    assert read(path, largest=True).rungs == {0: (100, 0.9), 1: (310, 0.9), 2: (1000, 0.9)}


def test_rungs_that_one_value_passes_are_one_rung_the_last(tmp_path: Path) -> None:
    assert read(written(tmp_path / "e", {1000: 0.4})).rungs == {2: (1000, 0.4)}


@pytest.mark.parametrize("odd", ["nan", "inf", "-inf"])
def test_what_is_no_number_at_a_rung_is_told_as_such(tmp_path: Path, odd: str) -> None:
    curve = read(written(tmp_path / "e", {50: 0.5, 120: odd}))
    assert curve.best == 0.5 and math.isnan(curve.rungs[0][1])


def test_it_reads_on_where_it_stopped_and_survives_a_torn_line(tmp_path: Path) -> None:
    path = written(tmp_path / "e", {50: 0.9})
    curve = read(path)
    with path.open("ab") as file:
        file.write(b'{"seq":9,"at":1,"kind":"metr')
    assert not curve.read_on() and curve.rungs == {}
    writer = EventWriter(path)
    writer.append("metrics", series={"loss": [[120, 130], [0.3, 0.7]]})
    writer.close()
    curve.read_on()
    assert curve.rungs == {0: (120, 0.3)} and curve.best_step == 120


def test_a_metric_that_never_comes_has_no_best(tmp_path: Path) -> None:
    curve = read(written(tmp_path / "e", {50: 0.9}, metric="accuracy"))
    assert curve.best is None and curve.rungs == {}
    assert not read(tmp_path / "none").read_on()
