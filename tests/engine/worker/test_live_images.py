"""Live pictures are few, small and never late for their run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.worker.live_images import NUMBERS, PER_PACE, SECONDS, ImagePace, SketchTooLarge, drawn
from tests.engine.worker.lab import make_run, new_run, told
from tests.fakes.tally import Tally


def test_a_picture_is_drawn_only_when_it_is_due(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "counter")
    run, _ = make_run(folder)
    run._pace.seconds = 600
    run.total(10)
    run.restore(Tally())
    asked = []
    for step in range(1, 6):
        run.sketch(step, lambda step=step: asked.append(step) or {"weights": [[step, 0.5]]})
    assert asked == [1]
    run.sketch(6, lambda: {"weights": [[6, 0.123456]]}, at_once=True)
    drawings = [event.facts for event in told(folder, "sketch")]
    assert drawings == [
        {"step": 1, "parts": {"weights": [[1, 0.5]]}},
        {"step": 6, "parts": {"weights": [[6, 0.1235]]}},
    ]


def test_they_get_rarer_so_that_a_long_run_stays_small() -> None:
    large, months = ImagePace(), 0
    while large.due_at < 90 * 24 * 3600:
        large.drawn(large.due_at, 100_000)
        months += 100_000
    assert months < 32 * 1024 * 1024
    few = ImagePace()
    for _ in range(PER_PACE):
        few.drawn(0.0, 10)
    assert few.seconds == 2 * SECONDS


def test_what_is_no_picture_any_more_is_refused() -> None:
    with pytest.raises(SketchTooLarge, match="16,385 numbers"):
        drawn({"all": [0.0] * (NUMBERS + 1)})


def test_nan_and_infinities_travel_as_words() -> None:
    parts = drawn({"odd": [float("nan"), [float("inf")], 1]})
    assert json.loads(json.dumps(parts, allow_nan=False)) == {"odd": ["nan", ["inf"], 1]}
