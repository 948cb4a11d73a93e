"""Event lines received from a node: appended in order, once each, with local paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ProtocolError
from engine.events import EventWriter, replay
from engine.remote.event_copy import EventCopy


def test_received_lines_continue_the_local_events_and_are_appended_once(tmp_path: Path) -> None:
    path, there = tmp_path / "events.jsonl", tmp_path / "there.jsonl"
    copy = EventCopy(path)
    copy.note("Handed over.")
    there.write_bytes(path.read_bytes())
    writer = EventWriter(there)
    for step in (1, 2, 3):
        writer.append("metrics", series={"loss": [[step], [0.5]]})
    whole = there.read_bytes().splitlines(keepends=True)
    copy.append_lines(b"".join(whole[1:3]), "")
    copy.append_lines(b"".join(whole[:4]), "")
    assert path.read_bytes() == there.read_bytes()
    copy.note("The node was lost.")
    assert [event.seq for event in replay(path)] == [1, 2, 3, 4, 5]


def test_a_gap_is_refused_and_nothing_is_appended(tmp_path: Path) -> None:
    copy = EventCopy(tmp_path / "events.jsonl")
    copy.note("Handed over.")
    before = (tmp_path / "events.jsonl").read_bytes()
    with pytest.raises(ProtocolError, match="Expected event 2"):
        copy.append_lines(b'{"seq":3,"at":1.0,"kind":"note","text":"x"}\n', "")
    assert (tmp_path / "events.jsonl").read_bytes() == before


def test_a_line_cut_off_by_a_crash_is_repaired_before_anything_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"seq":1,"at":1.0,"kind":"note","text":"whole"}\n{"seq":2,"at":1.0,"ki')
    EventCopy(path).note("Handed over.")
    assert [event.seq for event in replay(path)] == [1, 2]


def test_a_checkpoint_event_gets_the_local_path(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    line = b'{"seq":1,"at":1.0,"kind":"checkpoint","step":5,"path":"/node/run/checkpoints/step-00000005"}\n'
    EventCopy(path).append_lines(line, "/node/run")
    [event] = replay(path)
    assert event.facts["path"] == str(tmp_path / "checkpoints/step-00000005")
