"""Orphans: whether their lock is held, and which processes are killed."""

from __future__ import annotations

import dataclasses
import fcntl
import os
import subprocess
from pathlib import Path

from engine import process_identity
from engine.service.runs import orphans
from tests.timeouts import quiet_seconds


def test_a_lock_is_held_exactly_while_a_process_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    assert not orphans.is_held(path)
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    assert not orphans.is_held(path)
    fcntl.flock(fd, fcntl.LOCK_EX)
    assert orphans.is_held(path)
    os.close(fd)
    assert not orphans.is_held(path)


def test_a_lock_inherited_by_a_child_is_held_until_the_child_ends(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    fcntl.flock(fd, fcntl.LOCK_EX)
    child = subprocess.Popen(["sleep", "60"], pass_fds=[fd])
    os.close(fd)
    assert orphans.is_held(path)
    child.kill()
    child.wait()
    assert not orphans.is_held(path)


def test_a_whole_process_group_is_killed_and_no_other_process() -> None:
    leader = subprocess.Popen(["sh", "-c", "sleep 60 & sleep 60"], start_new_session=True)
    bystander = subprocess.Popen(["sleep", "60"])
    found = process_identity.of(leader.pid)
    assert found is not None
    try:
        deadline = quiet_seconds() + 60
        while len(orphans._group(leader.pid)) < 2:
            assert quiet_seconds() < deadline
        members = orphans._group(leader.pid)
        assert orphans.kill_group(found)
        assert leader.wait(60) == -9
        while any(process_identity.of(pid) for pid in members):
            assert quiet_seconds() < deadline
        assert bystander.poll() is None
        assert not orphans.kill_group(found), "it is gone"
    finally:
        bystander.kill()
        bystander.wait()


def test_a_process_with_a_reused_id_is_not_killed() -> None:
    other = subprocess.Popen(["sleep", "60"])
    try:
        found = process_identity.of(other.pid)
        assert found is not None
        before = dataclasses.replace(found, start_ticks=found.start_ticks - 5)
        rebooted = dataclasses.replace(found, boot_id="of another start")
        assert not orphans.kill_group(before) and not orphans.kill(before) and not orphans.kill(rebooted)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
