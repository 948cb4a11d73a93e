"""The events of a run in words, with their steps."""

from __future__ import annotations

from typing import Any

from engine.events import Event
from tests.fakes.engine import failed, make_run
from tui.data.run_timeline import ENTRIES_LIMIT, RunTimeline, with_end


def told(kind: str, **facts: Any) -> tuple[float, str, str] | None:
    timeline = RunTimeline()
    timeline.add(Event(1, 1_000.0, kind, facts), 42)
    return next(((one.step, one.text, one.style_name) for one in timeline.entries), None)


def test_each_kind_is_a_line_with_its_step() -> None:
    assert told("started", attempt=2, device="cpu") == (42, "attempt 2 started on cpu", "muted")
    assert told("restored", step=30) == (30, "went on from the checkpoint of step 30", "muted")
    assert told("restored", step=-1) == (-1, "began again", "muted")
    assert told("set", step=50, name="lr", value=0.001) == (50, "lr set to 0.001", "text")
    assert told("checkpoint", step=60, bytes=2_048) == (60, "checkpoint 2.0 kB", "good")
    assert told("note", text="It overheats.", severity="danger") == (42, "It overheats.", "bad")
    assert told("image", step=7, tag="digits") == (7, "image digits", "muted")
    assert told("ended", step=99, status="failed", cause={"text": "Full."}) == (99, "failed: Full.", "bad")


def test_values_of_metrics_are_none_of_them() -> None:
    assert told("metrics", series={}) is None and told("system", cpu=3) is None


def test_of_too_many_the_important_ones_stay() -> None:
    timeline = RunTimeline()
    timeline.add(Event(1, 1_000.0, "started", {"attempt": 1}), 0)
    for step in range(3 * ENTRIES_LIMIT):
        timeline.add(Event(step + 2, 1_000.0, "checkpoint", {"step": step}), step)
    assert timeline.entries[0].kind == "started" and len(timeline.entries) <= ENTRIES_LIMIT
    assert timeline.entries[-1].step == 3 * ENTRIES_LIMIT - 1


def test_control_characters_of_a_note_are_written_out() -> None:
    found = told("note", text="\x1b[2Jx")
    assert found is not None and "\x1b" not in found[1]


def test_an_end_that_the_keeper_alone_has_seen_is_the_last_of_them() -> None:
    timeline, run = RunTimeline(), make_run(1, state=failed(text="It was killed."), step=50)
    timeline.add(Event(1, 1_000.0, "started", {"attempt": 1}), 0)
    last = with_end(timeline.entries, run)[-1]
    assert (last.step, last.text, last.style_name) == (50, "failed: It was killed.", "bad")
    timeline.add(Event(2, 1_000.0, "ended", {"step": 50, "status": "failed"}), 50)
    assert with_end(timeline.entries, run) == timeline.entries
