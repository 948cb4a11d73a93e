"""What a command logs becomes events: checked, bounded, and going back where a resumed command goes back."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from engine import fold
from engine.events import EventWriter
from engine.exec.output_metrics import FoundValues
from engine.exec.script_events import ScriptEvents
from engine.service.runs.event_summary import RunStats
from engine.store import RunFolder
from tests.engine.exec.command_run import curve, events_of, notes


def attempt(place: Path) -> ScriptEvents:
    events = ScriptEvents(place, EventWriter(place / "events.jsonl"))
    events.event("started", attempt=1)
    return events


def log(events: ScriptEvents, **series: list[tuple[int, float]]) -> None:
    events.add({"metrics": {name: [list(column) for column in zip(*points, strict=True)]
                            for name, points in series.items()}})  # fmt: skip


def test_a_resumed_command_goes_on_where_it_logs_again(tmp_path: Path) -> None:
    first = attempt(tmp_path)
    log(first, loss=[(step, 1.0) for step in range(1, 11)])
    first.close(None)
    second = attempt(tmp_path)
    log(second, loss=[(8, 0.5), (9, 0.4)])
    second.close(None)
    assert curve(RunFolder(tmp_path), "loss") == [*((step, 1.0) for step in range(1, 8)), (8, 0.5), (9, 0.4)]


def test_a_command_that_begins_again_begins_its_curve_again(tmp_path: Path) -> None:
    for value in (1.0, 2.0):
        events = attempt(tmp_path)
        log(events, loss=[(step, value) for step in range(1, 4)])
        events.close(None)
    assert curve(RunFolder(tmp_path), "loss") == [(1, 2.0), (2, 2.0), (3, 2.0)]


def test_a_command_that_begins_again_begins_its_metrics_of_epochs_again(tmp_path: Path) -> None:
    for value in (1.0, 2.0):
        events = attempt(tmp_path)
        for epoch in range(2):
            log(events, loss=[(10 * epoch + step, value) for step in range(9, 19)], val=[(epoch, value)])
        assert events.step == 28
        events.close(None)
    assert curve(RunFolder(tmp_path), "val") == [(0, 2.0), (1, 2.0)]
    assert {value for _, value in curve(RunFolder(tmp_path), "loss")} == {2.0}
    assert notes(RunFolder(tmp_path)) == []
    stats = RunStats(spec=None)
    fold.read(tmp_path / "events.jsonl", 0, stats)
    assert (stats.step, stats.checkpoint_step) == (28, 0)


def test_a_metric_of_epochs_does_not_send_a_metric_of_steps_back(tmp_path: Path) -> None:
    first = attempt(tmp_path)
    log(first, loss=[(step, 1.0) for step in range(1, 1001)], val=[(1, 0.3), (2, 0.2)])
    first.close(None)
    second = attempt(tmp_path)
    log(second, val=[(2, 0.1), (3, 0.1)])
    log(second, loss=[(501, 0.5)])
    second.close(None)
    assert [step for step, _ in curve(RunFolder(tmp_path), "loss")] == list(range(1, 502))
    assert curve(RunFolder(tmp_path), "val") == [(1, 0.3), (2, 0.2), (3, 0.1)]


def test_values_that_are_counted_go_on_counting(tmp_path: Path) -> None:
    for _ in range(2):
        events = attempt(tmp_path)
        for _ in range(3):
            events.add_output(FoundValues("loss", None, [0.5]))
        events.close(None)
    assert [step for step, _ in curve(RunFolder(tmp_path), "loss")] == [1, 2, 3, 4, 5, 6]


def test_a_loss_that_is_not_finite_is_noted_once_and_stays_the_cause(tmp_path: Path) -> None:
    events = attempt(tmp_path)
    log(events, loss=[(1, 0.5)])
    events.add({"checkpoint": {"path": str(tmp_path), "step": 1}})
    log(events, loss=[(2, math.nan), (3, math.nan), (4, 0.5), (5, 0.25)], val_loss=[(5, math.inf)])
    events.add({"checkpoint": {"path": str(tmp_path), "step": 5}})
    assert (events.diverged, events.saved_step) == ("loss became nan at step 2.", 1)
    events.close(None)
    assert notes(RunFolder(tmp_path)) == [
        "loss became nan at step 2.",
        "loss is finite again at step 4; it was not at step 2.",
        "val_loss became inf at step 5.",
    ]


@pytest.mark.parametrize(
    "message",
    [
        {"metrics": {"loss": [[1], ["x"]]}},
        {"metrics": {"loss": 3}},
        {"metrics": {"loss": [[1, 2], [1.0]]}},
        {"metrics": {"loss": [[-1], [1.0]]}},
        {"metrics": {"loss": [[1.5], [1.0]]}},
        {"metrics": {"loss": [[2**60], [1.0]]}},
        {"image": {"tag": "x", "data": "§"}},
        {"image": {}},
        {"checkpoint": {"path": "/x", "step": "y"}},
        {"text": None},
    ],
)
def test_what_cannot_be_used_is_one_note_and_the_next_value_is_taken(
    tmp_path: Path, message: dict[str, Any]
) -> None:
    events = attempt(tmp_path)
    events.add(message)
    events.add(message)
    log(events, good=[(1, 1.0)])
    events.close(None)
    assert len(notes(RunFolder(tmp_path))) == 1
    assert curve(RunFolder(tmp_path), "good") == [(1, 1.0)]


def test_names_with_control_bytes_are_shown_as_text(tmp_path: Path) -> None:
    events = attempt(tmp_path)
    log(events, **{"lo\x1b[2Jss": [(1, 1.0)]})
    events.close(None)
    assert curve(RunFolder(tmp_path), "lo?[2Jss") == [(1, 1.0)]


def test_a_checkpoint_without_a_step_is_that_of_the_newest_metric(tmp_path: Path) -> None:
    events = attempt(tmp_path)
    log(events, loss=[(1, 1.0), (12, 0.5)])
    saved = tmp_path / "last.pt"
    saved.write_bytes(b"12345")
    events.add({"checkpoint": {"path": str(saved), "step": None}})
    events.close(None)
    (found,) = events_of(RunFolder(tmp_path), "checkpoint")
    assert (found.facts["step"], found.facts["path"], found.facts["bytes"]) == (12, str(saved), 5)


def test_params_and_texts_are_kept_as_they_came(tmp_path: Path) -> None:
    events = attempt(tmp_path)
    events.add({"params": {"lr": 0.1, "name": "x", "deep": [1], "nan": math.nan}})
    events.add({"text": {"tag": "sample", "step": 3, "text": "two dogs"}})
    events.close(None)
    assert events_of(RunFolder(tmp_path), "params")[0].facts["values"] == {
        "lr": 0.1, "name": "x", "nan": "nan"
    }  # fmt: skip
    assert events_of(RunFolder(tmp_path), "text")[0].facts["text"] == "two dogs"
