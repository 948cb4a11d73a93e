"""The index: rows are read as written, and damage is detected."""

from __future__ import annotations

import json
import os
import random
import re
import sqlite3
import zlib
from pathlib import Path
from typing import Any

import pytest

from engine.errors import EngineError
from engine.protocol import Status, summary_from_json
from engine.service.index.index import Index, open_index
from engine.service.index.index_rows import DamagedIndex, IndexRow, row_of
from engine.table_protocol import Query
from tests.engine.service.rows import a_row, a_summary


def test_a_row_is_read_as_it_was_written_with_nan(tmp_path: Path) -> None:
    index = open_index(tmp_path / "i.sqlite")
    summary = a_summary("a", "xor", "done", {"x": float("-inf"), "y": 1e-300}, {"lr": 0.1, "act": "btu"})
    index.put([row_of(summary, {"offset": 7, "digest": {"best": None}})])
    row = index.get(summary.id)
    assert row is not None and row.tail == {"offset": 7, "digest": {"best": None}}
    assert summary_from_json(row.summary) == summary
    assert index.get("nobody") is None


def test_a_row_that_is_written_twice_is_replaced(tmp_path: Path) -> None:
    index = open_index(tmp_path / "i.sqlite")
    index.put([a_row("a", "xor", "running")])
    index.put([a_row("a", "xor", "done")])
    assert (index.total(), index.counts()) == (1, {"done": 1})
    window = index.page(Query("done"))
    assert json.loads(window.summaries[0])["status"] == "done" and window.matching == 1


def test_dropped_rows_are_in_no_result(tmp_path: Path) -> None:
    index = open_index(tmp_path / "i.sqlite")
    index.put([a_row("a"), a_row("b")])
    gone = a_summary("a")
    index.drop([gone.id])
    assert index.get(gone.id) is None and index.total() == 1
    assert index.id_of_token(gone.spec.token) is None and index.find_ids(gone.id) == []


def test_runs_are_found_by_token_name_prefix_and_last_digits(tmp_path: Path) -> None:
    index = open_index(tmp_path / "i.sqlite")
    index.put([a_row("a"), a_row("b")])
    a, b = a_summary("a"), a_summary("b")
    assert index.id_of_token("t-a") == a.id and index.id_of_token("") is None
    assert index.find_ids("run-b") == [b.id]
    assert index.find_ids("2026") == [b.id, a.id], "newest first"
    assert index.find_ids(a.id[-4:]) == [a.id]
    assert index.find_ids("%") == []
    assert index.newest() == b.id


def test_a_run_whose_name_is_the_id_of_another_does_not_hide_it(tmp_path: Path) -> None:
    index = open_index(tmp_path / "i.sqlite")
    a, b = a_row("a"), a_row("b")
    index.put([a, IndexRow({**b.summary, "name": a.id}, b.tail)])
    assert index.find_ids(a.id) == [a.id]


def test_pages_are_windows_on_one_order(tmp_path: Path) -> None:
    index = open_index(tmp_path / "i.sqlite")
    index.put([a_row(name) for name in "abcdefgh"])
    whole = index.page(Query()).summaries
    parts = [index.page(Query(offset=at, limit=3)).summaries for at in (0, 3, 6)]
    assert tuple(row for part in parts for row in part) == whole and len(whole) == 8
    filtered = [index.page(Query("run", offset=at, limit=3)) for at in (0, 3, 6)]
    assert tuple(row for part in filtered for row in part.summaries) == whole
    assert {part.matching for part in filtered} == {8}
    assert index.page(Query(offset=100)).summaries == ()
    assert index.page(Query(limit=-5)).summaries == ()


def test_runs_that_may_have_changed_are_listed(tmp_path: Path) -> None:
    index = open_index(tmp_path / "i.sqlite")
    index.put([a_row("a", "xor", "done"), a_row("b", "xor", "running"), a_row("c", "xor", "queued")])
    assert index.unsettled() == [a_summary("b").id, a_summary("c").id]
    index.set_status(a_summary("a").id, Status.QUEUED)
    assert a_summary("a").id in index.unsettled()


def test_ids_of_the_index_are_compared_with_those_on_disk(tmp_path: Path) -> None:
    index = open_index(tmp_path / "i.sqlite")
    index.put([a_row("a"), a_row("b")])
    on_disk = {a_summary("b").id, "new"}
    assert index.remove_known(on_disk) == [a_summary("a").id]
    assert on_disk == {"new"}


def test_a_closed_index_has_its_stamp_once(tmp_path: Path) -> None:
    path = tmp_path / "i.sqlite"
    first = open_index(path)
    first.put([a_row("a")])
    first.close("the stamp")
    second = open_index(path)
    assert second.stamp == "the stamp" and second.total() == 1
    _crash(second)
    assert open_index(path).stamp == ""


@pytest.mark.parametrize("where", range(0, 100, 7))
def test_a_damaged_page_is_right_or_rebuilt(tmp_path: Path, where: int) -> None:
    """After a crash: either the rows are right, or the index is empty and filled again."""
    path = tmp_path / "i.sqlite"
    made = open_index(path)
    made.put([a_row(name) for name in "abcdefghij"])
    made.close()
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM facts WHERE name = 'closed'")
    db.close()
    raw = bytearray(path.read_bytes())
    at = len(raw) * where // 100 // 512 * 512
    raw[at : at + 512] = os.urandom(512)
    path.write_bytes(raw)
    index = open_index(path)
    if index.total():
        assert [json.loads(row)["name"] for row in index.page(Query()).summaries] == [
            f"run-{name}" for name in "jihgfedcba"
        ]


def test_an_index_of_another_schema_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "i.sqlite"
    made = open_index(path)
    made.put([a_row("a")])
    made.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE facts SET value = '99' WHERE name = 'schema'")
    db.close()
    assert open_index(path).total() == 0


def test_an_index_that_cannot_be_created_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"The index .* cannot be made: .*read-only"):
        open_index(tmp_path / "no such folder" / "i.sqlite")


def test_put_is_all_or_nothing(tmp_path: Path) -> None:
    index = open_index(tmp_path / "i.sqlite")
    broken = a_row("b")
    with pytest.raises(KeyError):
        index.put([a_row("a"), type(broken)({"id": "half"}, {})])
    assert index.total() == 0


def _crash(index: Index) -> None:
    """Close the file as a crash does."""
    index._db.close()


def _closed(path: Path) -> bytes:
    """The bytes of a closed index of ten runs."""
    made = open_index(path)
    made.put([a_row(name) for name in "abcdefghij"])
    made.close("stamp")
    return path.read_bytes()


def _flip_and_read(path: Path, whole: bytes, total: int, bit: int) -> None:
    """All results are right, or the index is empty and reported as damaged."""
    beside = path.with_name(path.name + ".sum")
    data = bytearray(whole)
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    beside.write_text(f"{total}\n")
    reasons: list[str] = []
    index = open_index(path, reasons.append)
    assert index.total() == 0 and reasons, bit
    assert index.page(Query()).summaries == () and index.newest() is None
    index.close()


def test_a_flipped_bit_after_a_clean_close_is_always_detected(tmp_path: Path) -> None:
    path = tmp_path / "i.sqlite"
    whole = _closed(path)
    total, source = zlib.crc32(whole), random.Random(4)
    for _ in range(60):
        _flip_and_read(path, whole, total, source.randrange(len(whole) * 8))


@pytest.mark.slow
def test_a_flipped_bit_of_a_thousand_bytes_is_detected(tmp_path: Path) -> None:
    path = tmp_path / "i.sqlite"
    whole = _closed(path)
    for byte in range(0, len(whole), 61):
        _flip_and_read(path, whole, zlib.crc32(whole), byte * 8 + byte % 8)


def test_without_its_checksum_every_row_is_checked(tmp_path: Path) -> None:
    """As after a crash: a summary that was changed is not returned. A copy of text in a free part of a page
    belongs to no row."""
    path = tmp_path / "i.sqlite"
    whole = _closed(path)
    undamaged = open_index(path)
    written, rebuilt = undamaged.page(Query()).summaries, 0
    undamaged.discard()
    for text in (b'"name":"run-c"', b'"step":', b"run-d"):
        for at in (found.start() for found in re.finditer(text, whole)):
            data = bytearray(whole)
            data[at + len(text) - 2] ^= 1
            path.write_bytes(data)
            path.with_name(path.name + ".sum").unlink(missing_ok=True)
            index = open_index(path)
            rebuilt += index.total() == 0
            assert index.total() == 0 or index.page(Query()).summaries == written
            index.discard()
    assert rebuilt >= 3


def test_a_row_that_is_damaged_while_the_service_runs_is_detected_when_read(tmp_path: Path) -> None:
    index = open_index(tmp_path / "i.sqlite")
    index.put([a_row("a"), a_row("b")])
    index._db.execute("UPDATE bodies SET summary = replace(summary, 'run-a', 'run-x')")
    with pytest.raises(DamagedIndex):
        index.page(Query())
    with pytest.raises(DamagedIndex):
        index.get(a_summary("a").id)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)])
def test_anything_but_a_file_in_place_of_the_index_is_replaced(tmp_path: Path, make: Any) -> None:
    path = tmp_path / "i.sqlite"
    make(path)
    index = open_index(path)
    index.put([a_row("a")])
    index.close()
    assert path.is_file() and open_index(path).total() == 1


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("lr=auto", "ad"), ("lr!=auto", "bc"), ("lr<1", "bc"), ("lr=0", "c"), ("clip=off", "b"),
        ("clip=auto", "acd"), ("not lr=auto", "bc"), ("lr=never", ""),
    ],
)  # fmt: skip
def test_a_number_that_is_not_given_is_found_by_its_word_as_it_is_now(
    tmp_path: Path, where: str, found: str
) -> None:
    index = open_index(tmp_path / "i.sqlite")
    rows = [
        a_summary("a", "lm", params={"lr": None, "clip": None}),
        a_summary("b", "lm", params={"lr": 0.1, "clip": "off"}),
        a_summary("c", "lm", params={"lr": None, "clip": None}, live={"lr": 0.0}),
        a_summary("d", "lm", params={"lr": 0.1, "clip": None}, live={"lr": None}),
    ]
    index.put([row_of(row, {}) for row in rows])
    names = [json.loads(text)["name"][-1] for text in index.page(Query(where)).summaries]
    assert "".join(sorted(names)) == found


def test_rows_of_an_index_of_another_schema_are_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "i.sqlite"
    index = open_index(path)
    index.put([a_row("a")])
    index.close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE facts SET value = '1' WHERE name = 'schema'")
    db.close()
    assert open_index(path).total() == 0
