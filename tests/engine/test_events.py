"""The event file: numbered without a gap by its one writer, readable whatever tore it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import events
from engine.errors import CorruptRun
from engine.events import EventWriter


@given(st.lists(st.dictionaries(st.text(max_size=5).filter(lambda key: key not in ("seq", "at", "kind")),
                                st.integers() | st.text(max_size=9) | st.lists(st.floats(0, 1))),
                max_size=8))  # fmt: skip
def test_what_is_written_is_replayed(
    tmp_path_factory: pytest.TempPathFactory, facts: list[dict[str, object]]
) -> None:
    path = tmp_path_factory.mktemp("e") / "events.jsonl"
    writer = EventWriter(path)
    for fact in facts:
        writer.append("note", **{f"f{key}": value for key, value in fact.items()})
    writer.close()
    told = list(events.replay(path))
    assert [event.seq for event in told] == list(range(1, len(facts) + 1))
    assert [event.facts for event in told] == [{f"f{k}": v for k, v in fact.items()} for fact in facts]
    assert list(events.replay(path, after=3)) == told[3:]


@given(st.integers(1, 400))
def test_the_next_writer_goes_on_behind_a_tear(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    path = tmp_path_factory.mktemp("e") / "events.jsonl"
    writer = EventWriter(path)
    for n in range(10):
        writer.append("metrics", series={"loss": [[n], [0.5]]})
    writer.close()
    raw = path.read_bytes()
    path.write_bytes(raw[: max(0, len(raw) - cut)])
    whole = raw[: max(0, len(raw) - cut)].count(b"\n")
    second = EventWriter(path)
    assert second.seq in (whole, whole + 1), "a line that lacks its newline only is whole"
    second.append("started")
    second.close()
    lines, end = events.read_lines(path, 0)
    seqs = [events.seq_of(line) for line in lines]
    assert seqs[:whole] == list(range(1, whole + 1)) and seqs[-1] == second.seq
    assert end == path.stat().st_size


def test_reading_stops_at_the_last_whole_line_and_goes_on_from_there(tmp_path: Path) -> None:
    path = tmp_path / "e"
    assert events.read_lines(path, 0) == ([], 0)
    path.write_bytes(b'{"seq":1,"at":1,"kind":"a"}\n{"seq":2,"at"')
    lines, end = events.read_lines(path, 0)
    assert len(lines) == 1 and end == 28
    assert events.read_lines(path, end) == ([], end)
    with path.open("ab") as file:
        file.write(b':1,"kind":"b"}\n')
    assert events.read_lines(path, end)[0] == [b'{"seq":2,"at":1,"kind":"b"}']


def test_a_small_limit_still_gives_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "e"
    writer = EventWriter(path)
    for n in range(50):
        writer.append("note", text="x" * n)
    writer.close()
    offset, seqs = 0, []
    while True:
        lines, offset_after = events.read_lines(path, offset, limit=64)
        if offset_after == offset:
            break
        offset = offset_after
        seqs += [events.seq_of(line) for line in lines]
    assert seqs == list(range(1, 51))


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[1]", b'{"seq":"x","at":1,"kind":"a"}', b'{"seq":1}', b"\xff", b"null"]
)
def test_what_is_no_event_is_named(line: bytes) -> None:
    with pytest.raises(CorruptRun, match="Not an event"):
        events.parse(line)


def test_training_goes_on_while_the_disk_is_full_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "e"
    writer = EventWriter(path)
    real, full = os.write, [True]

    def write(fd: int, data: bytes) -> int:
        if full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, bytes(data)[:7])

    monkeypatch.setattr(os, "write", write)
    for n in range(5):
        writer.append("note", n=n)
    assert not writer.flush() and path.read_bytes() == b""
    full[0] = False
    assert writer.flush()
    writer.close()
    assert [event.facts["n"] for event in events.replay(path)] == [0, 1, 2, 3, 4]


def test_what_a_full_disk_keeps_in_memory_is_bounded_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "PENDING_LIMIT", 1000)
    monkeypatch.setattr(os, "write", _no_space)
    writer = EventWriter(tmp_path / "e")
    for _ in range(100):
        writer.append("note", text="x" * 50)
    assert writer.dropped > 80


def test_facts_that_are_no_json_are_refused(tmp_path: Path) -> None:
    writer = EventWriter(tmp_path / "e")
    with pytest.raises(ValueError, match="JSON compliant"):
        writer.append("metrics", value=float("nan"))


def test_the_highest_number_is_found_behind_a_line_longer_than_a_chunk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "CHUNK", 100)
    path = tmp_path / "e"
    assert events.last_seq(path) == 0
    path.write_bytes(b'{"seq":7,"at":1,"kind":"a"}\n{"seq":8,' + b"x" * 5000)
    assert events.last_seq(path) == 7


def _no_space(fd: int, data: bytes) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")
