"""The journal after crashes, full disks and damage."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from engine.service.sweeps import journal


def test_entries_are_read_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal.append(path, [{"kind": "a", "n": 1}, {"kind": "b"}])
    journal.append(path, [{"kind": "c"}])
    assert [entry["kind"] for entry in journal.read(path)] == ["a", "b", "c"]
    assert journal.read(tmp_path / "none") == []


@pytest.mark.parametrize("cut", range(1, 30))
def test_an_incomplete_last_line_is_skipped_and_the_others_are_kept(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "journal.jsonl"
    journal.append(path, [{"kind": "a"}])
    whole = path.stat().st_size
    journal.append(path, [{"kind": "torn"}])
    os.truncate(path, max(whole, path.stat().st_size - cut))
    before = [entry["kind"] for entry in journal.read(path)]
    assert before in (["a"], ["a", "torn"])
    journal.append(path, [{"kind": "b"}])
    assert [entry["kind"] for entry in journal.read(path)] == [*before, "b"]


def test_an_entry_is_written_completely_or_not_at_all_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    journal.append(path, [{"kind": "a"}])
    writes = iter([5])
    real = os.pwrite

    def full(fd: int, data: bytes, offset: int) -> int:
        free = next(writes, None)
        if free is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data[:free], offset)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        journal.append(path, [{"kind": "b"}])
    monkeypatch.setattr(os, "pwrite", real)
    assert path.read_bytes().endswith(b'"a"}\n')


def test_damaged_lines_become_entries_with_their_position(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"kind":"a"}\n[1]\n\xff\xfe\n{"kind":7}\n{"kind":"b"}\n')
    found = journal.read(path)
    assert [entry["kind"] for entry in found] == ["a", "damaged", "damaged", "damaged", "b"]
    assert [str(entry.get("text"))[:8] for entry in found[1:4]] == ["byte 13:", "byte 17:", "byte 20:"]


def test_a_lone_surrogate_is_replaced_in_any_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"kind":"a","cause":"\\ud83d"}\n{"kind":"b","cause":"\xed\xa0\xbd"}\n{"kind":"c"}\n')
    for entry in journal.read(path):
        assert "\ufffd" in entry.get("cause", "\ufffd") and entry["kind"] in "abc"
