"""Sketches: when they are drawn, and how large they may be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.worker.sketches import (
    NUMBERS,
    SECONDS,
    SKETCHES_PER_INTERVAL,
    SketchSchedule,
    SketchTooLarge,
    sketch_to_json,
)
from tests.engine.worker.attempts import make_run, new_run, read_events
from tests.fakes.tally import Tally


def test_a_sketch_is_drawn_only_when_it_is_due(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter")
    run, _ = make_run(folder)
    run._sketch_schedule.seconds = 600
    run.total(10)
    run.restore(Tally())
    calls = []
    for step in range(1, 6):
        run.sketch(step, lambda step=step: calls.append(step) or {"weights": [[step, 0.5]]})
    assert calls == [1]
    run.sketch(6, lambda: {"weights": [[6, 0.123456]]}, at_once=True)
    drawings = [event.facts for event in read_events(folder, "sketch")]
    assert drawings == [
        {"step": 1, "parts": {"weights": [[1, 0.5]]}},
        {"step": 6, "parts": {"weights": [[6, 0.1235]]}},
    ]


def test_the_interval_grows_so_that_the_events_of_a_long_run_stay_small() -> None:
    large, months = SketchSchedule(), 0
    while large.due_at < 90 * 24 * 3600:
        large.record(large.due_at, 100_000)
        months += 100_000
    assert months < 32 * 1024 * 1024
    few = SketchSchedule()
    for _ in range(SKETCHES_PER_INTERVAL):
        few.record(0.0, 10)
    assert few.seconds == 2 * SECONDS


def test_a_sketch_with_too_many_numbers_is_refused() -> None:
    with pytest.raises(SketchTooLarge, match="16,385 numbers"):
        sketch_to_json({"all": [0.0] * (NUMBERS + 1)})


def test_nan_and_infinities_are_written_as_text() -> None:
    parts = sketch_to_json({"odd": [float("nan"), [float("inf")], 1]})
    assert json.loads(json.dumps(parts, allow_nan=False)) == {"odd": ["nan", ["inf"], 1]}
