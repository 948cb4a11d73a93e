"""Damaged files of the home itself are reported in one line and block no process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.client import launch
from engine.data import user_drawings
from engine.errors import DataError, EngineError
from engine.keeper import log_limit
from engine.keeper.log_limit import LimitedLog
from engine.places import Places, make_private
from engine.service.placement.executors import LocalExecutor
from engine.service.server import lock
from tests import damage
from tests.damage import Damage

KINDS = list(damage.of_a_file())
IN_PLACE = [one for one in KINDS if one.name in (
    "link-to-zero", "link-to-itself", "link-to-nothing", "pipe", "folder", "device")]  # fmt: skip


def names(one: Damage) -> str:
    return one.name


@pytest.mark.parametrize("one", IN_PLACE, ids=names)
def test_a_damaged_lock_is_reported_in_one_line(places: Places, one: Damage) -> None:
    make_private(places.root)
    places.lock.touch()
    one.do(places.lock)
    with pytest.raises(EngineError, match=r"engine\.lock") as error:
        lock.acquire(places.lock)
    assert error.value.remedy == "Remove it."


@pytest.mark.parametrize("content", [b"[" * 4000, b'{"pid": 1' + b"0" * 3000 + b"}", b"\xff", b"{}"])
def test_a_held_lock_with_damaged_contents_is_still_held(places: Places, content: bytes) -> None:
    make_private(places.root)
    held = lock.acquire(places.lock)
    places.lock.write_bytes(content)
    with pytest.raises(lock.AlreadyRunning, match="is running already"):
        lock.acquire(places.lock)
    os.close(held)


@pytest.mark.parametrize("one", IN_PLACE, ids=names)
def test_a_damaged_engine_log_is_reported_in_one_line(places: Places, one: Damage) -> None:
    make_private(places.root)
    places.log.touch()
    one.do(places.log)
    with pytest.raises(EngineError, match=r"engine\.log") as error:
        launch._spawn(places, ["true"], "setsid")
    assert error.value.remedy.startswith("rm -r")
    assert launch._last_line(places.log, 0) == "it said nothing."


@pytest.mark.parametrize("one", IN_PLACE, ids=names)
def test_a_damaged_worker_log_is_reported_in_one_line(tmp_path: Path, one: Damage) -> None:
    path = tmp_path / "worker.log"
    path.touch()
    one.do(path)
    with pytest.raises(Exception, match=r"worker\.log"):
        LimitedLog.open(path, log_limit.header(1, "cpu"))


@pytest.mark.parametrize("one", KINDS, ids=names)
def test_a_damaged_file_of_drawn_digits_is_reported_in_one_line(tmp_path: Path, one: Damage) -> None:
    import numpy as np

    path = tmp_path / "drawn.jsonl"
    user_drawings.add(path, np.full((28, 28), 9, np.uint8), 4, 1.5)
    one.do(path)
    try:
        assert len(user_drawings.read(path)) <= 1
    except DataError as error:
        assert "drawn.jsonl" in error.message and "\n" not in error.message
    else:
        assert one not in IN_PLACE


@pytest.mark.parametrize("one", IN_PLACE, ids=names)
def test_a_keeper_is_not_started_with_a_damaged_log(tmp_path: Path, one: Damage) -> None:
    path = tmp_path / "engine.log"
    path.touch()
    one.do(path)
    with pytest.raises(Exception, match=r"engine\.log"):
        LocalExecutor(path).start(tmp_path, 1, "cpu")
