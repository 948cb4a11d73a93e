from __future__ import annotations

import os
from pathlib import Path

from engine.keeper import log_limit
from engine.keeper.log_limit import CAP, LimitedLog


def opened(place: Path, line: str = "--- attempt 1 ---") -> LimitedLog:
    return LimitedLog.open(place / "worker.log", line)


def test_each_attempt_appends_under_its_header(tmp_path: Path) -> None:
    first = opened(tmp_path)
    os.write(first.fd, b"one\n")
    os.close(first.fd)
    second = opened(tmp_path, "--- attempt 2 ---")
    os.write(second.fd, b"two\n")
    assert second.path.read_text() == "--- attempt 1 ---\none\n--- attempt 2 ---\ntwo\n"
    assert second.tail() == "\ntwo\n"
    os.close(second.fd)


def test_a_short_log_stays_as_it_is(tmp_path: Path) -> None:
    log = opened(tmp_path)
    assert log.enforce_limit() == log_limit.IDLE_SECONDS
    assert log.path.stat().st_size == len(log.header) + 1
    assert not log.older.exists()
    os.close(log.fd)


def test_a_long_log_is_rotated_and_its_end_kept(tmp_path: Path) -> None:
    log = opened(tmp_path)
    for number in range(3):
        os.write(log.fd, bytes([65 + number]) * (CAP // 2))
    assert log.enforce_limit() == log_limit.FLOOD_SECONDS
    assert log.path.stat().st_size == 0
    printed = len(log.header) + 1 + 3 * (CAP // 2)
    begins = f"--- from byte {printed - CAP} of what was printed ---\n".encode()
    assert log.older.read_bytes() == begins + b"B" * (CAP // 2) + b"C" * (CAP // 2)
    os.write(log.fd, b"after\n")
    assert log.path.read_bytes() == b"after\n"
    assert log.tail().endswith("CCCafter\n")
    os.close(log.fd)


def test_where_the_copy_fails_the_end_stays_in_place(tmp_path: Path) -> None:
    log = opened(tmp_path)
    log.older.mkdir()
    os.write(log.fd, b"x" * (CAP + 1) + b"the end")
    log.enforce_limit()
    kept = log.path.read_bytes()
    assert kept.endswith(b"the end\n") and len(kept) == log_limit.TAIL + 1
    os.close(log.fd)
