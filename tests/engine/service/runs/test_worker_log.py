"""Ranges of a log join to the whole, wherever they are split, also after rotation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import log_files
from engine.errors import CorruptRun
from engine.keeper import log_limit
from engine.keeper.log_limit import LimitedLog
from engine.protocol import LogPart
from engine.service.runs import worker_log


def test_a_missing_log_is_an_empty_range(tmp_path: Path) -> None:
    assert worker_log.read(tmp_path / "none", -100, 100) == LogPart("", 0, 0, 0)


@given(st.text(max_size=80), st.integers(4, 20))
def test_consecutive_ranges_give_the_whole_log(
    tmp_path_factory: pytest.TempPathFactory, text: str, limit: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    text_read, offset = "", 0
    while (part := worker_log.read(path, offset, limit)).text:
        assert part.offset == offset and part.end > offset
        text_read, offset = text_read + part.text, part.end
    assert text_read == path.read_bytes().decode() and offset == path.stat().st_size


@given(st.text(max_size=60), st.integers(1, 30))
def test_a_range_from_the_end_begins_with_a_whole_character(
    tmp_path_factory: pytest.TempPathFactory, text: str, back: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    part = worker_log.read(path, -back, 100)
    raw = path.read_bytes()
    assert raw.decode().endswith(part.text) and part.end == part.size == len(raw)
    assert len(part.text.encode()) > min(back, len(raw)) - 4


def test_bytes_that_are_no_text_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"ok \xff\xfe end\n")
    assert worker_log.read(tmp_path / "log", 0, 100).text == "ok \ufffd\ufffd end\n"


def test_limits_and_offsets_out_of_range_are_clamped(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"x" * (worker_log.LIMIT + 10))
    assert len(worker_log.read(tmp_path / "log", 0, 2**40).text) == worker_log.LIMIT
    assert worker_log.read(tmp_path / "log", 2**50, 10).text == ""
    assert worker_log.read(tmp_path / "log", -(2**50), 3).text == "xxx"
    assert worker_log.read(tmp_path / "log", 0, -1).text == ""


def test_a_link_in_the_place_of_a_log_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to("/etc/hostname")
    with pytest.raises(CorruptRun, match="link"):
        worker_log.read(tmp_path / "log", 0, 100)


# --- a log that was rotated


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LimitedLog]:
    """A log of 64 bytes at most, written through the descriptor that a worker inherits."""
    monkeypatch.setattr(log_limit, "CAP", 64)
    log = LimitedLog.open(tmp_path / "worker.log", "begin")
    yield log
    os.close(log.fd)


def whole(path: Path, offset: int = 0) -> str:
    """All text from `offset`, read in small ranges."""
    text_read = ""
    while (part := worker_log.read(path, offset, 7)).text:
        text_read, offset = text_read + part.text, part.end
    return text_read


def test_the_end_of_a_log_can_be_read_after_it_was_rotated(small: LimitedLog) -> None:
    for number in range(20):
        os.write(small.fd, b"line %2d\n" % number)
    small.enforce_limit()
    assert small.path.stat().st_size == 0
    assert whole(small.path).endswith("line 18\nline 19\n")
    assert worker_log.read(small.path, -8, 100).text == "line 19\n"
    os.write(small.fd, b"line 20\n")
    assert worker_log.read(small.path, -16, 100).text == "line 19\nline 20\n"


def test_a_reader_that_follows_gets_every_line_once_whatever_is_rotated(
    small: LimitedLog,
) -> None:
    text_read, offset = "", 0
    for number in range(40):
        os.write(small.fd, b"line %2d\n" % number)
        small.enforce_limit()
        while (part := worker_log.read(small.path, offset, 5)).text:
            text_read, offset = text_read + part.text, part.end
    assert text_read == "begin\n" + "".join(f"line {number:2}\n" for number in range(40))
    assert offset == worker_log.read(small.path, -1, 1).size == len(text_read)


def test_a_late_reader_begins_at_the_first_line_that_is_kept(small: LimitedLog) -> None:
    for number in range(40):
        os.write(small.fd, b"line %2d\n" % number)
        small.enforce_limit()
    part = worker_log.read(small.path, 0, 1000)
    assert part.offset > 0 and part.end == part.size == len("begin\n") + 40 * 8
    assert part.text.endswith("line 39\n") and "from byte" not in part.text


def test_while_the_log_is_rotated_a_reader_gets_nothing_and_keeps_its_offset(
    small: LimitedLog,
) -> None:
    os.write(small.fd, b"something\n")
    with small.path.open("rb") as rotating:
        assert log_files.lock(rotating.fileno(), shared=False)
        assert worker_log.read(small.path, 3, 100) == LogPart("", 3, 3, 3)
    assert worker_log.read(small.path, 3, 100).text == "in\nsomething\n"


def test_a_reader_delays_rotation_until_the_log_is_twice_as_long(small: LimitedLog) -> None:
    os.write(small.fd, b"x" * 100)
    with small.path.open("rb") as reader:
        assert log_files.lock(reader.fileno(), shared=True)
        small.enforce_limit()
        assert small.path.stat().st_size > 64
        os.write(small.fd, b"x" * 100)
        small.enforce_limit()
    assert small.path.stat().st_size == 0


def test_an_older_file_without_a_header_is_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "log.1").write_text("before\n")
    (tmp_path / "log").write_text("after\n")
    assert whole(tmp_path / "log") == "before\nafter\n"
