"""Folders of runs that train for somebody else: each held by one process, what nobody holds removed."""

from __future__ import annotations

import fcntl
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from engine.remote import temporary_home


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path / "home"))


def test_what_a_crash_left_is_removed_and_what_is_held_stays() -> None:
    with temporary_home.take() as held:
        dead, unlocked = (
            temporary_home.checkpoint_folder() / "dead",
            temporary_home.checkpoint_folder() / "unlocked",
        )
        for folder in (dead, unlocked):
            (folder / "runs").mkdir(parents=True)
        (dead / temporary_home.LOCK).touch()
        with temporary_home.take() as other:
            assert sorted(temporary_home.checkpoint_folder().iterdir()) == sorted([held.root, other.root])
        assert held.unpacking.is_dir()
    assert list(temporary_home.checkpoint_folder().iterdir()) == []


def test_a_stray_file_is_left_alone() -> None:
    (temporary_home.checkpoint_folder() / "stray").touch()
    with temporary_home.take() as held:
        assert held.unpacking.is_dir() and (temporary_home.checkpoint_folder() / "stray").exists()


def test_nobody_sweeps_between_the_making_of_a_folder_and_its_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Just before the lock of the first folder is taken, somebody else comes for one."""
    flock, first = fcntl.flock, threading.current_thread()
    came, found = threading.Event(), list[Path]()

    def take_another() -> None:
        with temporary_home.take() as other:
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
    with temporary_home.take() as held:
        rival.join(60)
        assert held.unpacking.is_dir() and found and found[0] != held.root
