"""Orphans: which processes are killed."""

from __future__ import annotations

import dataclasses
import subprocess

from engine import process_identity
from engine.service.runs import orphans
from tests.timeouts import quiet_seconds


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
