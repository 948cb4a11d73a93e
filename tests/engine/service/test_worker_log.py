"""Parts of a log join to the whole, wherever they are cut."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.service import worker_log


def test_no_log_yet_is_an_empty_part(tmp_path: Path) -> None:
    assert worker_log.read(tmp_path / "none", -100, 100) == worker_log.Part("", 0, 0, 0)


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
    with pytest.raises(OSError, match="symbolic links"):
        worker_log.read(tmp_path / "log", 0, 100)
