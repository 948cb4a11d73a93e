"""Parts of a log join to the whole, wherever they are cut."""

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
from engine.service.runs import worker_log


def test_no_log_yet_is_an_empty_part(tmp_path: Path) -> None:
    assert worker_log.read(tmp_path / "none", -100, 100) == worker_log.LogRange("", 0, 0, 0)


@given(st.text(max_size=80), st.integers(4, 20))
def test_parts_one_after_the_other_give_the_whole(
    tmp_path_factory: pytest.TempPathFactory, text: str, limit: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    told, offset = "", 0
    while (part := worker_log.read(path, offset, limit)).text:
        assert part.offset == offset and part.end > offset
        told, offset = told + part.text, part.end
    assert told == path.read_bytes().decode() and offset == path.stat().st_size


@given(st.text(max_size=60), st.integers(1, 30))
def test_the_end_of_a_log_begins_with_a_whole_character(
    tmp_path_factory: pytest.TempPathFactory, text: str, back: int
) -> None:
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_text(text, encoding="utf-8", errors="replace", newline="")
    part = worker_log.read(path, -back, 100)
    raw = path.read_bytes()
    assert raw.decode().endswith(part.text) and part.end == part.size == len(raw)
    assert len(part.text.encode()) > min(back, len(raw)) - 4


def test_bytes_that_are_no_text_are_shown_as_such(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"ok \xff\xfe end\n")
    assert worker_log.read(tmp_path / "log", 0, 100).text == "ok \ufffd\ufffd end\n"


def test_limits_and_offsets_beyond_everything_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"x" * (worker_log.LIMIT + 10))
    assert len(worker_log.read(tmp_path / "log", 0, 2**40).text) == worker_log.LIMIT
    assert worker_log.read(tmp_path / "log", 2**50, 10).text == ""
    assert worker_log.read(tmp_path / "log", -(2**50), 3).text == "xxx"
    assert worker_log.read(tmp_path / "log", 0, -1).text == ""


def test_a_link_in_the_place_of_a_log_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to("/etc/hostname")
    with pytest.raises(CorruptRun, match="link"):
        worker_log.read(tmp_path / "log", 0, 100)


# --- a log that was turned over


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[LimitedLog]:
    """A log of 64 bytes at most, that one writes into as a worker does."""
    monkeypatch.setattr(log_limit, "CAP", 64)
    log = LimitedLog.open(tmp_path / "worker.log", "begin")
    yield log
    os.close(log.fd)


def whole(path: Path, offset: int = 0) -> str:
    """Everything from there on, read in small parts."""
    told = ""
    while (part := worker_log.read(path, offset, 7)).text:
        told, offset = told + part.text, part.end
    return told


def test_right_after_the_log_was_turned_over_its_end_is_still_read(small: LimitedLog) -> None:
    for number in range(20):
        os.write(small.fd, b"line %2d\n" % number)
    small.bound()
    assert small.path.stat().st_size == 0
    assert whole(small.path).endswith("line 18\nline 19\n")
    assert worker_log.read(small.path, -8, 100).text == "line 19\n"
    os.write(small.fd, b"line 20\n")
    assert worker_log.read(small.path, -16, 100).text == "line 19\nline 20\n"


def test_who_follows_reads_every_line_once_however_often_the_log_is_turned_over(small: LimitedLog) -> None:
    told, offset = "", 0
    for number in range(40):
        os.write(small.fd, b"line %2d\n" % number)
        small.bound()
        while (part := worker_log.read(small.path, offset, 5)).text:
            told, offset = told + part.text, part.end
    assert told == "begin\n" + "".join(f"line {number:2}\n" for number in range(40))
    assert offset == worker_log.read(small.path, -1, 1).size == len(told)


def test_who_comes_late_begins_at_the_first_line_that_is_left(small: LimitedLog) -> None:
    for number in range(40):
        os.write(small.fd, b"line %2d\n" % number)
        small.bound()
    part = worker_log.read(small.path, 0, 1000)
    assert part.offset > 0 and part.end == part.size == len("begin\n") + 40 * 8
    assert part.text.endswith("line 39\n") and "from byte" not in part.text


def test_while_the_log_is_turned_over_a_reader_is_given_nothing_and_stays_where_it_is(
    small: LimitedLog,
) -> None:
    os.write(small.fd, b"something\n")
    with small.path.open("rb") as turning:
        assert log_files.lock(turning.fileno(), shared=False)
        assert worker_log.read(small.path, 3, 100) == worker_log.LogRange("", 3, 3, 3)
    assert worker_log.read(small.path, 3, 100).text == "in\nsomething\n"


def test_a_reader_puts_turning_over_off_until_the_log_is_twice_as_long(small: LimitedLog) -> None:
    os.write(small.fd, b"x" * 100)
    with small.path.open("rb") as reader:
        assert log_files.lock(reader.fileno(), shared=True)
        small.bound()
        assert small.path.stat().st_size > 64
        os.write(small.fd, b"x" * 100)
        small.bound()
    assert small.path.stat().st_size == 0


def test_an_older_piece_of_a_dltui_of_before_is_the_beginning(tmp_path: Path) -> None:
    (tmp_path / "log.1").write_text("before\n")
    (tmp_path / "log").write_text("after\n")
    assert whole(tmp_path / "log") == "before\nafter\n"
