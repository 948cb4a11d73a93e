"""Events from elsewhere: in order, once each, with the paths of here."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ProtocolError
from engine.events import EventWriter, replay
from engine.remote.event_copy import EventCopy


def test_lines_from_elsewhere_go_on_where_ours_ended_and_come_once(tmp_path: Path) -> None:
    path, there = tmp_path / "events.jsonl", tmp_path / "there.jsonl"
    scroll = EventCopy(path)
    scroll.note("Handed over.")
    there.write_bytes(path.read_bytes())
    far = EventWriter(there)
    for step in (1, 2, 3):
        far.append("metrics", series={"loss": [[step], [0.5]]})
    whole = there.read_bytes().splitlines(keepends=True)
    scroll.take(b"".join(whole[1:3]), "")
    scroll.take(b"".join(whole[:4]), "")
    assert path.read_bytes() == there.read_bytes()
    scroll.note("The node was lost.")
    assert [event.seq for event in replay(path)] == [1, 2, 3, 4, 5]


def test_a_gap_is_refused_and_nothing_of_it_is_kept(tmp_path: Path) -> None:
    scroll = EventCopy(tmp_path / "events.jsonl")
    scroll.note("Handed over.")
    before = (tmp_path / "events.jsonl").read_bytes()
    with pytest.raises(ProtocolError, match="Expected event 2"):
        scroll.take(b'{"seq":3,"at":1.0,"kind":"note","text":"x"}\n', "")
    assert (tmp_path / "events.jsonl").read_bytes() == before


def test_what_a_crash_tore_is_mended_before_anything_follows(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"seq":1,"at":1.0,"kind":"note","text":"whole"}\n{"seq":2,"at":1.0,"ki')
    EventCopy(path).note("Handed over.")
    assert [event.seq for event in replay(path)] == [1, 2]


def test_a_checkpoint_is_told_with_its_path_here(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    line = b'{"seq":1,"at":1.0,"kind":"checkpoint","step":5,"path":"/far/run/checkpoints/step-00000005"}\n'
    EventCopy(path).take(line, "/far/run")
    [event] = replay(path)
    assert event.facts["path"] == str(tmp_path / "checkpoints/step-00000005")
