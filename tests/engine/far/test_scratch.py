"""Folders of runs that train for somebody else: each held by one process, what nobody holds removed."""

from __future__ import annotations

import fcntl
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from engine.far import scratch


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path / "home"))


def test_what_a_crash_left_is_removed_and_what_is_held_stays() -> None:
    with scratch.take() as held:
        dead, unlocked = scratch.shelf() / "dead", scratch.shelf() / "unlocked"
        for folder in (dead, unlocked):
            (folder / "runs").mkdir(parents=True)
        (dead / scratch.LOCK).touch()
        with scratch.take() as other:
            assert sorted(scratch.shelf().iterdir()) == sorted([held.root, other.root])
        assert held.unpacking.is_dir()
    assert list(scratch.shelf().iterdir()) == []


def test_a_stray_file_is_left_alone() -> None:
    (scratch.shelf() / "stray").touch()
    with scratch.take() as held:
        assert held.unpacking.is_dir() and (scratch.shelf() / "stray").exists()


def test_nobody_sweeps_between_the_making_of_a_folder_and_its_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Just before the lock of the first folder is taken, somebody else comes for one."""
    flock, first = fcntl.flock, threading.current_thread()
    came, found = threading.Event(), list[Path]()

    def take_another() -> None:
        with scratch.take() as other:
            found.append(other.root)
        came.set()

    rival = threading.Thread(target=take_another, daemon=True)

    def late(fd: int, how: int) -> Any:
        if threading.current_thread() is not first and not how & fcntl.LOCK_NB:
            came.set()  # it has to wait here
        elif threading.current_thread() is first and how & fcntl.LOCK_NB and rival.ident is None:
            rival.start()
            assert came.wait(60)
        return flock(fd, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with scratch.take() as held:
        rival.join(60)
        assert held.unpacking.is_dir() and found and found[0] != held.root
