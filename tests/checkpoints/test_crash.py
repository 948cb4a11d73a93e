"""A process that dies, or a disk that fails, at every single operation of a save."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from checkpoints import folder
from checkpoints.errors import SaveFailed
from checkpoints.folder import CheckpointInfo
from checkpoints.retention import Keep
from tests.checkpoints.disks import CountingDisk, StutteringDisk, dies_at, fails_at
from tests.checkpoints.samples import files_of, intact_steps, is_sample, leftovers, save

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
KEEP = Keep(last=2)
SAVED_BEFORE = {"first": [], "second": [1], "with retention": [1, 2, 3]}
MAX_OPERATIONS = 80


def start(path: Path, scene: str) -> int:
    """Save what the scene needs; returns the step that comes next."""
    path.mkdir(parents=True)
    for step in SAVED_BEFORE[scene]:
        save(path, step)
    if scene == "with retention":
        assert intact_steps(path) == [1, 2, 3]
    return len(SAVED_BEFORE[scene]) + 1


def save_in_a_child(path: Path, step: int, number: int) -> tuple[bool, bool]:
    """Save in a process that dies at its n-th operation; returns whether it died, and had acknowledged."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        save(path, step, keep=KEEP, disk=dies_at(number), acknowledge=lambda found: os.write(send, b"!"))
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        acknowledged = pipe.read() == b"!"
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 99, acknowledged


@pytest.mark.parametrize("scene", SAVED_BEFORE)
def test_dying_at_any_operation_leaves_the_old_or_the_new(tmp_path: Path, scene: str) -> None:
    died = 0
    for number in range(1, MAX_OPERATIONS):
        path = tmp_path / str(number) / "checkpoints"
        step = start(path, scene)
        dead, acknowledged = save_in_a_child(path, step, number)
        newest, damaged = folder.newest_intact(path)
        assert damaged == []
        assert newest is None or is_sample(newest)
        loaded = newest.manifest.step if newest else 0
        assert loaded in ((step,) if acknowledged else (step - 1, step))
        assert len(intact_steps(path)) >= min(2, step - 1)
        folder.remove_leftovers(path)
        assert leftovers(path) == []
        save(path, step, keep=KEEP)
        assert intact_steps(path)[-1] == step
        if not dead:
            break
        died += 1
    assert not dead, "the save never came to its end"
    assert died >= {"first": 18, "second": 18, "with retention": 30}[scene]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("scene", SAVED_BEFORE)
@pytest.mark.parametrize("for_good", [False, True])
def test_a_failing_operation_is_an_error_and_loses_nothing_saved(
    tmp_path: Path, scene: str, code: int, for_good: bool
) -> None:
    for number in range(1, MAX_OPERATIONS):
        path = tmp_path / str(number) / "checkpoints"
        step = start(path, scene)
        disk = fails_at(number, code, for_good=for_good)
        acknowledged: list[CheckpointInfo] = []
        try:
            saved = save(path, step, keep=KEEP, disk=disk, acknowledge=acknowledged.append)
        except SaveFailed as error:
            assert str(path) in error.message
            assert os.strerror(code) in error.message
            assert acknowledged == []
            if not for_good:
                assert intact_steps(path) == SAVED_BEFORE[scene]
                assert leftovers(path) == []
        else:
            assert [found.step for found in acknowledged] == [step]
            assert intact_steps(path)[-1] == step
            assert len(intact_steps(path)) >= min(2, step)
            assert bool(saved.note) == (disk.done >= number)
        assert len(intact_steps(path)) >= len(SAVED_BEFORE[scene][-2:])
        if disk.done < number:
            return
    pytest.fail("the save never came to its end")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_failure_while_another_one_of_the_same_step_is_replaced_leaves_that_one(
    tmp_path: Path, code: int
) -> None:
    for number in range(1, MAX_OPERATIONS):
        path = tmp_path / str(number)
        path.mkdir()
        old = save(path, 1, files=files_of(7)).found.path
        disk = fails_at(number, code)
        try:
            save(path, 1, disk=disk)
        except SaveFailed:
            assert dict(folder.read(old).files) == files_of(7)
            assert leftovers(path) == []
        else:
            assert intact_steps(path) == [1]
        if disk.done < number:
            return
    pytest.fail("the save never came to its end")


def test_a_failed_fsync_is_not_retried(tmp_path: Path) -> None:
    synced: list[int] = []

    class Failing(StutteringDisk):
        def sync(self, fd: int) -> None:
            synced.append(os.fstat(fd).st_ino)
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(SaveFailed):
        save(tmp_path, 1, disk=Failing())
    assert len(synced) == 1


def test_nothing_is_acknowledged_before_it_is_synced_and_nothing_removed_before_that(tmp_path: Path) -> None:
    order: list[str] = []
    for step in (1, 2, 3):
        save(tmp_path, step)
    disk = CountingDisk(lambda number, operation: order.append(operation))
    save(tmp_path, 4, keep=KEEP, disk=disk, acknowledge=lambda found: order.append("acknowledge"))
    before, after = order[: order.index("acknowledge")], order[order.index("acknowledge") + 1 :]
    assert before[-3:] == ["sync_folder", "rename", "sync_folder"]
    assert before.count("sync") == before.count("create") == 4
    assert "unlink" not in before
    assert after[:1] == ["rename"]
    assert intact_steps(tmp_path) == [3, 4]


def test_short_writes_are_continued(tmp_path: Path) -> None:
    save(tmp_path, 1, disk=StutteringDisk(), files=files_of(1))
    assert intact_steps(tmp_path) == [1]
