"""The lock that lets one process write."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from engine.data.write_lock import exclusive_lock
from engine.errors import DataError


def test_the_second_waits_until_the_first_is_done(tmp_path: Path) -> None:
    story: list[str] = []
    is_in = threading.Event()

    def second() -> None:
        is_in.wait(60)
        with exclusive_lock(tmp_path / "lock", 60):
            story.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with exclusive_lock(tmp_path / "lock", 60):
        is_in.set()
        thread.join(0.1)
        story.append("first")
    thread.join(60)
    assert story == ["first", "second"]


def test_waiting_too_long_is_an_error(tmp_path: Path) -> None:
    with (
        exclusive_lock(tmp_path / "lock", 1),
        pytest.raises(DataError, match=r"Another process has held .*lock for 0.01 s"),
        exclusive_lock(tmp_path / "lock", 0.01),
    ):
        pass
