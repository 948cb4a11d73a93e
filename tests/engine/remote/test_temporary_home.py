"""Temporary homes: each locked by one process, unlocked ones removed."""

from __future__ import annotations

import fcntl
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from engine.remote import temporary_home


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("DLTUI_HOME", str(tmp_path / "home"))


def test_leftovers_of_a_crash_are_removed_and_locked_homes_stay() -> None:
    with temporary_home.create() as held:
        dead, unlocked = (
            temporary_home.parent_folder() / "dead",
            temporary_home.parent_folder() / "unlocked",
        )
        for folder in (dead, unlocked):
            (folder / "runs").mkdir(parents=True)
        (dead / temporary_home.LOCK).touch()
        with temporary_home.create() as other:
            assert sorted(temporary_home.parent_folder().iterdir()) == sorted([held.root, other.root])
        assert held.unpacking.is_dir()
    assert list(temporary_home.parent_folder().iterdir()) == []


def test_a_stray_file_is_left_alone() -> None:
    (temporary_home.parent_folder() / "stray").touch()
    with temporary_home.create() as held:
        assert held.unpacking.is_dir() and (temporary_home.parent_folder() / "stray").exists()


def test_a_home_is_not_removed_between_its_creation_and_its_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread asks for a home just before the first one is locked."""
    flock, first = fcntl.flock, threading.current_thread()
    done, found = threading.Event(), list[Path]()

    def create_another() -> None:
        with temporary_home.create() as other:
            found.append(other.root)
        done.set()

    rival = threading.Thread(target=create_another, daemon=True)

    def late(fd: int, how: int) -> Any:
        if threading.current_thread() is not first and not how & fcntl.LOCK_NB:
            done.set()  # it has to wait here
        elif threading.current_thread() is first and how & fcntl.LOCK_NB and rival.ident is None:
            rival.start()
            assert done.wait(60)
        return flock(fd, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with temporary_home.create() as held:
        rival.join(60)
        assert held.unpacking.is_dir() and found and found[0] != held.root
