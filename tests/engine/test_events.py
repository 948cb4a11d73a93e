"""The event file: numbered without a gap by its one writer, readable after crashes and damage."""

from __future__ import annotations

import errno
import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import events
from engine.errors import CorruptRun
from engine.events import EventWriter

WHOLE = st.integers(1 - 2**63, 2**63 - 1)


@given(st.lists(st.dictionaries(st.text(max_size=5).filter(lambda key: key not in ("seq", "at", "kind")),
                                WHOLE | st.text(max_size=9) | st.lists(st.floats(0, 1))),
                max_size=8))  # fmt: skip
def test_what_is_written_is_replayed(
    tmp_path_factory: pytest.TempPathFactory, facts: list[dict[str, object]]
) -> None:
    path = tmp_path_factory.mktemp("e") / "events.jsonl"
    writer = EventWriter(path)
    for fact in facts:
        writer.append("note", **{f"f{key}": value for key, value in fact.items()})
    writer.close()
    replayed = list(events.replay(path))
    assert [event.seq for event in replayed] == list(range(1, len(facts) + 1))
    assert [event.facts for event in replayed] == [{f"f{k}": v for k, v in fact.items()} for fact in facts]
    assert list(events.replay(path, lambda line: (events.seq_of(line) or 0) > 3)) == replayed[3:]


@given(st.integers(1, 400))
def test_the_next_writer_continues_behind_an_incomplete_line(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
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


def test_reading_stops_at_the_last_complete_line_and_continues_from_there(tmp_path: Path) -> None:
    path = tmp_path / "e"
    assert events.read_lines(path, 0) == ([], 0)
    path.write_bytes(b'{"seq":1,"at":1,"kind":"a"}\n{"seq":2,"at"')
    lines, end = events.read_lines(path, 0)
    assert len(lines) == 1 and end == 28
    assert events.read_lines(path, end) == ([], end)
    with path.open("ab") as file:
        file.write(b':1,"kind":"b"}\n')
    assert events.read_lines(path, end)[0] == [b'{"seq":2,"at":1,"kind":"b"}']


def test_a_small_limit_still_gives_complete_lines(tmp_path: Path) -> None:
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
    "line",
    [
        b"",
        b"{}",
        b"[1]",
        b'{"seq":"x","at":1,"kind":"a"}',
        b'{"seq":1}',
        b"\xff",
        b"null",
        b'{"seq":1,"at":"1","kind":"a"}',
        b'{"seq":1,"at":1,"kind":5}',
        b'{"seq":1,"at":NaN,"kind":"a"}',
        b'{"seq":1,"at":1e400,"kind":"a"}',
        b'{"seq":-1,"at":1,"kind":"a"}',
        b'{"seq":1.5,"at":1,"kind":"a"}',
        b'{"seq":true,"at":1,"kind":"a"}',
        b'{"seq":1' + b"0" * 5000 + b',"at":1,"kind":"a"}',
        b'{"seq":1,"at":1,"kind":"a","b":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"seq":1,"seq":2,"at":1,"kind":"a"}',
    ],
)
def test_a_line_that_is_not_an_event_is_reported(line: bytes) -> None:
    with pytest.raises(CorruptRun, match="Not an event"):
        events.parse(line)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_training_continues_while_the_disk_is_full_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path = tmp_path / "e"
    writer = EventWriter(path)
    real, full = os.write, [True]

    def write(fd: int, data: bytes) -> int:
        if full[0]:
            raise OSError(number, os.strerror(number))
        return real(fd, bytes(data)[:7])

    monkeypatch.setattr(os, "write", write)
    for n in range(5):
        writer.append("note", n=n)
    assert not writer.flush() and path.read_bytes() == b""
    full[0] = False
    assert writer.flush()
    writer.close()
    assert [event.facts["n"] for event in events.replay(path)] == [0, 1, 2, 3, 4]


def test_events_kept_in_memory_on_a_full_disk_are_bounded_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "PENDING_LIMIT", 1000)
    monkeypatch.setattr(os, "write", _no_space)
    writer = EventWriter(tmp_path / "e")
    for _ in range(100):
        writer.append("note", text="x" * 50)
    assert writer.dropped > 80


def test_facts_that_are_not_json_are_refused(tmp_path: Path) -> None:
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


def lines_of(count: int) -> list[bytes]:
    return [b'{"seq":%d,"at":1.5,"kind":"note","text":"number %d"}' % (n, n) for n in range(1, count + 1)]


def test_a_number_of_5000_digits_is_no_number(tmp_path: Path) -> None:
    line = b'{"seq":1' + b"0" * 5000 + b',"at":1,"kind":"a"}'
    assert events.seq_of(line) is None
    (tmp_path / "e").write_bytes(line + b"\n" + b"\n".join(lines_of(2)) + b"\n")
    assert [event.seq for event in events.replay(tmp_path / "e")] == [1, 2]
    assert events.last_seq(tmp_path / "e") == 2


def test_a_damaged_line_is_left_out_and_reported_with_its_offset(tmp_path: Path) -> None:
    lines = lines_of(5)
    lines[2] = lines[2].replace(b'"note"', b'"note\x01')
    (tmp_path / "e").write_bytes(b"\n".join(lines) + b"\n")
    assert [event.seq for event in events.replay(tmp_path / "e")] == [1, 2, 4, 5]
    (found,) = events.damaged_lines(tmp_path / "e")
    assert found.offset == len(lines[0]) + len(lines[1]) + 2 and "Not an event" in found.text


def test_every_flipped_bit_of_a_line_leaves_the_others(tmp_path: Path) -> None:
    """A flip inside a string may leave a valid event; all other damage is reported."""
    lines = lines_of(3)
    path = tmp_path / "e"
    start = len(lines[0]) + 1
    whole = b"\n".join(lines) + b"\n"
    for bit in range(len(lines[1]) * 8):
        data = bytearray(whole)
        data[start + bit // 8] ^= 1 << bit % 8
        path.write_bytes(data)
        seqs = [event.seq for event in events.replay(path)]
        assert seqs[0] == 1 and seqs[-1] == 3
        assert len(seqs) == 3 or list(events.damaged_lines(path)), bytes(data)


def test_an_incomplete_line_is_no_damage_once_its_number_is_used_again(tmp_path: Path) -> None:
    first, second, third = lines_of(3)
    path = tmp_path / "e"
    for torn in (b'{"seq":2,"at', b'{"se', b"", second[:-1]):
        path.write_bytes(b"\n".join([first, torn, second, third]) + b"\n" + third[:9])
        assert list(events.damaged_lines(path)) == []
    path.write_bytes(b"\n".join([first, second[:-1], third]) + b"\n")
    assert [line.offset for line in events.damaged_lines(path)] == [len(first) + 1]


def test_a_number_out_of_order_is_damage_and_the_next_ones_are_not(tmp_path: Path) -> None:
    first, second, third, fourth = lines_of(4)
    leaps = second.replace(b":2,", b":900,")
    (tmp_path / "e").write_bytes(b"\n".join([first, leaps, third, fourth]) + b"\n")
    (found,) = events.damaged_lines(tmp_path / "e")
    assert (found.offset, found.text) == (len(first) + 1, "Event 900 comes before event 3.")


def test_a_repeated_number_is_damage(tmp_path: Path) -> None:
    first, second, third = lines_of(3)
    (tmp_path / "e").write_bytes(b"\n".join([first, second, first, third]) + b"\n")
    (found,) = events.damaged_lines(tmp_path / "e")
    assert (found.offset, found.text) == (len(first + second) + 2, "Event 1 follows event 2.")


@pytest.mark.parametrize(
    ("series", "message"),
    [
        ({"loss": [[1, 2], [0.5]]}, "as many values as steps (2), got 1"),
        ({"loss": [[1.5], [0.5]]}, "whole numbers as steps"),
        ({"loss": [[1], [None]]}, "numbers as values"),
        ({"loss": [[1], ["nAn"]]}, "a number, nan, inf or -inf"),
        ({"loss": [1, 2]}, "a list of steps and a list of values"),
        ([], "series: expected an object"),
    ],
)
def test_malformed_metrics_are_not_an_event(series: object, message: str) -> None:
    line = json.dumps({"seq": 1, "at": 1.0, "kind": "metrics", "series": series}).encode()
    with pytest.raises(CorruptRun, match=re.escape(message)):
        events.parse(line)


def test_a_line_beyond_the_limit_is_skipped_without_holding_it_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LINE_LIMIT", 1000)
    first, second = lines_of(2)
    path = tmp_path / "e"
    path.write_bytes(first + b"\n" + b"{" * 5000 + b"\n" + second + b"\n")
    assert [event.seq for event in events.replay(path)] == [1, 2]
    assert [line.offset for line in events.damaged_lines(path)] == [len(first) + 1]
    assert events.last_seq(path) == 2
    path.write_bytes(b"x" * 5000)
    assert events.read_lines(path, 0, 10) == ([], 5000) and events.last_seq(path) == 0


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)])
def test_a_path_that_is_not_a_regular_file_is_refused_without_blocking(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "e"
    make(path)
    for read in (lambda: events.read_lines(path, 0), lambda: list(events.replay(path)),
                 lambda: list(events.damaged_lines(path)), lambda: events.last_seq(path),
                 lambda: EventWriter(path)):  # fmt: skip
        with pytest.raises(CorruptRun, match=str(path)):
            read()


@pytest.mark.parametrize("jump", [3600.0, -3600.0])
def test_the_elapsed_time_of_events_does_not_follow_the_wall_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    writer = events.EventWriter(tmp_path / "e")
    writer.append("a")
    now = time.time()
    monkeypatch.setattr(events.time, "time", lambda: now + jump)
    writer.append("b")
    writer.close()
    first, second = events.replay(tmp_path / "e")
    assert first.elapsed is not None and second.elapsed is not None
    assert abs(second.at - first.at) > 3000
    assert 0 <= second.elapsed - first.elapsed < 3000
    assert second.clock == second.elapsed


def test_events_of_older_versions_have_only_the_wall_clock() -> None:
    assert events.parse(b'{"seq":1,"at":7,"kind":"a"}').clock == 7.0


@pytest.mark.parametrize("odd", [b'"x"', b"-1", b"true", b"1e300"])
def test_an_invalid_elapsed_time_is_damage(odd: bytes) -> None:
    with pytest.raises(CorruptRun):
        events.parse(b'{"seq":1,"at":7,"elapsed":' + odd + b',"kind":"a"}')
