"""A journal survives what a crash does to a file."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from engine.service.sweeps import journal


def test_facts_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal.append(path, [{"kind": "a", "n": 1}, {"kind": "b"}])
    journal.append(path, [{"kind": "c"}])
    assert [fact["kind"] for fact in journal.read(path)] == ["a", "b", "c"]
    assert journal.read(tmp_path / "none") == []


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_torn_last_line_costs_itself_alone(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "journal.jsonl"
    journal.append(path, [{"kind": "a"}])
    whole = path.stat().st_size
    journal.append(path, [{"kind": "torn"}])
    os.truncate(path, max(whole, path.stat().st_size - cut))
    before = [fact["kind"] for fact in journal.read(path)]
    assert before in (["a"], ["a", "torn"])
    journal.append(path, [{"kind": "b"}])
    assert [fact["kind"] for fact in journal.read(path)] == [*before, "b"]


def test_a_disk_that_fills_up_takes_a_fact_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.jsonl"
    journal.append(path, [{"kind": "a"}])
    writes = iter([5])
    real = os.pwrite

    def full(fd: int, data: bytes, offset: int) -> int:
        room = next(writes, None)
        if room is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(fd, data[:room], offset)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        journal.append(path, [{"kind": "b"}])
    monkeypatch.setattr(os, "pwrite", real)
    assert path.read_bytes().endswith(b'"a"}\n')


def test_for_lines_that_are_no_facts_stands_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"kind":"a"}\n[1]\n\xff\xfe\n{"kind":7}\n{"kind":"b"}\n')
    found = journal.read(path)
    assert [fact["kind"] for fact in found] == ["a", "damaged", "damaged", "damaged", "b"]
    assert [str(fact.get("text"))[:8] for fact in found[1:4]] == ["byte 13:", "byte 17:", "byte 20:"]


def test_half_a_character_is_mended_in_whatever_line_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_bytes(b'{"kind":"a","cause":"\\ud83d"}\n{"kind":"b","cause":"\xed\xa0\xbd"}\n{"kind":"c"}\n')
    for fact in journal.read(path):
        assert "\ufffd" in fact.get("cause", "\ufffd") and fact["kind"] in "abc"
