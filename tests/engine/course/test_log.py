"""The log: appended and synced, read past torn and foreign lines, merged by union."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.course.log import append, appending, merge, new_entry, parse_line, read, to_line
from engine.errors import CorruptRun, DltuiError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "learn" / "log.jsonl"


def test_entries_are_read_as_they_were_written(path: Path) -> None:
    entries = [new_entry("seen", 1764500000.1234, what="l02.x"), new_entry("mark", 1764500001, item="ü")]
    append(path, entries)
    found = read(path)
    assert found.entries == tuple(entries)
    assert found.size == path.stat().st_size and (found.skipped, found.newer) == (0, 0)
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700


def test_a_home_that_a_first_line_makes_is_private(tmp_path: Path) -> None:
    append(tmp_path / "home" / "learn" / "log.jsonl", [new_entry("seen", 1, what="a")])
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("home", "home/learn")] == [0o700, 0o700]


def test_time_is_written_as_utc(path: Path) -> None:
    assert b'"at":"2025-11-30T10:53:20.123Z"' in to_line(new_entry("seen", 1764500000.1234, what="x"))


def test_a_torn_last_line_is_passed_over_and_the_next_one_is_whole(path: Path) -> None:
    append(path, [new_entry("seen", 1, what="a"), new_entry("seen", 2, what="b")])
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 5)
    assert [entry.get("what") for entry in read(path).entries] == ["a"]
    append(path, [new_entry("seen", 3, what="c")])
    found = read(path)
    assert [entry.get("what") for entry in found.entries] == ["a", "c"] and found.skipped == 1


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_log_cut_anywhere_loses_its_last_entry_only(path: Path, cut: int) -> None:
    append(path, [new_entry("seen", at, what=str(at)) for at in range(5)])
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - cut)
    assert [entry.get("what") for entry in read(path).entries] == ["0", "1", "2", "3"]


def test_foreign_lines_are_counted_and_those_of_a_newer_version_too(path: Path) -> None:
    append(path, [new_entry("seen", 1, what="a"), new_entry("dream", 2, what="b")])
    with path.open("ab") as file:
        file.write(b'\xff\xfe\n[1]\n{"id":1,"at":"x","kind":"seen"}\n{"a":NaN}\n' + b"[" * 5000 + b"\n\n")
    found = read(path)
    assert len(found.entries) == 1 and (found.skipped, found.newer) == (5, 1)


def test_reading_goes_on_where_it_ended(path: Path) -> None:
    append(path, [new_entry("seen", 1, what="a")])
    first = read(path)
    append(path, [new_entry("seen", 2, what="b")])
    assert [entry.get("what") for entry in read(path, first.size).entries] == ["b"]


def test_no_log_is_an_empty_one(path: Path) -> None:
    assert read(path).entries == () and read(path).size == 0


def test_two_who_append_in_turn_lose_nothing(path: Path) -> None:
    with appending(path) as log:
        log.write(new_entry("seen", 1, what="a"))
    with appending(path) as log:
        assert len(log.read().entries) == 1
        log.write(new_entry("seen", 2, what="b"))
    assert len(read(path).entries) == 2


def test_logs_of_two_machines_are_merged_by_union_and_time() -> None:
    one, two, three = (new_entry("seen", at, what=str(at)) for at in (1, 2, 3))
    assert merge([[one, three], [one, two]]) == [one, two, three]


def test_a_log_that_cannot_be_written_says_so_in_one_line(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    path.symlink_to("elsewhere")
    with pytest.raises(CorruptRun, match="link"):
        append(path, [new_entry("seen", 1, what="a")])


def test_a_full_disk_leaves_the_log_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(path, [new_entry("seen", 1, what="a")])
    before, write = path.read_bytes(), os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:7]))
    with pytest.raises(DltuiError, match="No space left"):
        append(path, [new_entry("seen", 2, what="b")])
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "line",
    [b"", b"3", b"{}", b'{"id":"a","at":"2026-01-01","kind":"seen"}', b'{"id":"a","at":5,"kind":"seen"}'],
)
def test_a_line_without_id_time_zone_or_kind_is_no_entry(line: bytes) -> None:
    assert parse_line(line) is None


@pytest.mark.parametrize(
    "line",
    [
        b'{"id":"a","at":"2026-12-01T00:00:00Z","kind":"seen"}',
        b'{"id":"a","at":"2026-12-01T00:00:00Z","kind":"seen","what":5}',
        b'{"id":"a","at":"0001-01-01T00:00:00Z","kind":"seen","what":"l02.x"}',
        b'{"id":"a","at":"9999-12-31T23:59:59Z","kind":"seen","what":"l02.x"}',
        b'{"id":"a","at":"2026-12-01T00:00:00Z","kind":"lock","item":"x","rev":1,"seed":"one"}',
        b'{"id":"a","at":"2026-12-01T00:00:00Z","kind":"mark","item":"x","ms":1e999}',
        b'{"id":"a","at":"2026-12-01T00:00:00Z","kind":"mark","item":"x","answer":NaN}',
        b'{"id":"a","at":"2026-12-01T00:00:00Z","kind":"exam","exam":"e","event":"end","missed":5}',
        b'{"id":"a","at":"2026-12-01T00:00:00Z","kind":"exam","exam":"e","event":"leave","seconds":"x"}',
    ],
)
def test_a_line_with_other_fields_than_dltui_writes_is_no_entry(line: bytes) -> None:
    assert parse_line(line) is None
