"""Disks without room: one clear line with path and free bytes, earlier checkpoints whole, life after it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from checkpoints import folder
from checkpoints.disk import Disk
from checkpoints.errors import SaveFailed
from tests.checkpoints.disks import FullDisk, ReadOnlyDisk
from tests.checkpoints.samples import files_of, intact_steps, leftovers, save

MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one MiB."""
    point = tmp_path / "small"
    point.mkdir()
    try:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", point], capture_output=True
        )
    except FileNotFoundError:
        pytest.skip("there is no mount command")
    if mounted.returncode:
        pytest.skip("mounting a file system takes root")
    try:
        yield point
    finally:
        subprocess.run(["umount", point], check=True)


def test_running_out_of_space_after_any_number_of_bytes_loses_nothing_saved(tmp_path: Path) -> None:
    save(tmp_path, 1)
    for room in range(0, sum(map(len, files_of(2).values())), 7):
        with pytest.raises(SaveFailed) as failure:
            save(tmp_path, 2, disk=FullDisk(room))
        assert "No space left on device" in failure.value.message
        assert str(tmp_path) in failure.value.message
        assert (
            failure.value.free is not None and f"{failure.value.free:,} bytes free" in failure.value.message
        )
        assert intact_steps(tmp_path) == [1]
        assert leftovers(tmp_path) == []


def test_a_save_that_cannot_fit_is_refused_before_it_begins(tmp_path: Path) -> None:
    with pytest.raises(SaveFailed, match="are needed") as failure:
        save(tmp_path, 1, reserve=1 << 62)
    assert failure.value.step == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_write_permission_is_an_error(tmp_path: Path) -> None:
    save(tmp_path, 1)
    with pytest.raises(SaveFailed, match="Read-only file system"):
        save(tmp_path, 2, disk=ReadOnlyDisk())
    assert intact_steps(tmp_path) == [1]


@pytest.mark.skipif(os.geteuid() == 0, reason="root passes over modes")
def test_a_folder_of_mode_0500_is_an_error(tmp_path: Path) -> None:
    save(tmp_path, 1)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(SaveFailed, match="Permission denied"):
            save(tmp_path, 2)
    finally:
        tmp_path.chmod(0o700)
    assert intact_steps(tmp_path) == [1]


def test_a_real_disk_that_fills_up_while_writing(small_disk: Path) -> None:
    path = small_disk / "checkpoints"
    save(path, 1, files=files_of(1, 100_000))
    big = files_of(2, 400_000)
    with pytest.raises(SaveFailed, match="are needed"):
        save(path, 2, files=big)
    blind = type("Blind", (Disk,), {"free": lambda self, path: 1 << 40})()
    with pytest.raises(SaveFailed, match="No space left on device"):
        save(path, 2, files=big, disk=blind)
    assert leftovers(path) == []
    assert [row.step for row in folder.listing(path)] == [1]
    assert folder.verify(path) == folder.listing(path)


def test_saving_goes_on_when_there_is_room_again(small_disk: Path) -> None:
    path = small_disk / "checkpoints"
    save(path, 1)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(MIB - 64 * 1024))
    with pytest.raises(SaveFailed):
        save(path, 2, files=files_of(2, 100_000))
    ballast.unlink()
    save(path, 2)
    assert intact_steps(path) == [1, 2]


def test_a_read_only_mount_is_an_error_and_its_checkpoints_are_read(small_disk: Path) -> None:
    path = small_disk / "checkpoints"
    save(path, 1)
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(SaveFailed, match="Read-only file system"):
        save(path, 2)
    assert intact_steps(path) == [1]
