"""The checkpoints folder without faults: retention, listing, leftovers, permissions."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from checkpoints import folder
from checkpoints.errors import CheckpointError
from checkpoints.folder import CheckpointInfo
from checkpoints.retention import Keep
from tests.checkpoints.disks import CountingDisk
from tests.checkpoints.samples import RUN, files_of, intact_steps, leftovers, save


def test_a_run_without_checkpoints_has_none(tmp_path: Path) -> None:
    missing = tmp_path / "checkpoints"
    assert folder.listing(missing) == []
    assert folder.verify(missing) == []
    assert folder.newest_intact(missing) == (None, [])
    assert folder.remove_leftovers(missing) == []


def test_a_saved_checkpoint_is_listed_with_step_path_weights_and_size(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints"
    saved = save(path, 1200)
    assert saved.found == CheckpointInfo(1200, path / "step-00001200", f"{1200:064x}", 120)
    assert folder.listing(path) == folder.verify(path) == [saved.found]
    verified = folder.read(saved.found.path)
    assert dict(verified.files) == files_of(1200)
    assert verified.manifest.run_id == RUN


def test_steps_are_ordered_by_number_however_long(tmp_path: Path) -> None:
    for step in (100_000_000, 99_999_999, 7):
        save(tmp_path, step, keep=Keep(last=9))
    assert [row.step for row in folder.listing(tmp_path)] == [7, 99_999_999, 100_000_000]


@pytest.mark.parametrize(
    "name", ["step-1", "step-000000001", "step-0000000x", "step-00000001.bak", "Step-00000001"]
)
def test_other_names_are_no_checkpoints(name: str) -> None:
    assert folder.step_of(name) is None


def test_only_the_owner_has_access_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = save(tmp_path / "checkpoints", 1).found.path
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == path.parent.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in path.iterdir()} == {0o600}


def test_the_newest_three_the_best_and_the_pinned_stay(tmp_path: Path) -> None:
    keep = Keep(last=3, best=2, pinned=frozenset({4}))
    removed = [save(tmp_path, step, keep=keep).removed for step in range(1, 10)]
    assert intact_steps(tmp_path) == [2, 4, 7, 8, 9]
    assert removed == [(), (), (), (1,), (), (3,), (), (5,), (6,)]
    assert leftovers(tmp_path) == []


def test_two_that_verify_are_left_however_little_is_to_be_kept(tmp_path: Path) -> None:
    for step in range(1, 5):
        save(tmp_path, step, keep=Keep(last=0))
    assert intact_steps(tmp_path) == [3, 4]


def test_an_old_one_that_verifies_stays_while_the_newer_ones_are_damaged(tmp_path: Path) -> None:
    for step in (1, 2, 3):
        save(tmp_path, step, keep=Keep(last=3))
    for step in (2, 3):
        (tmp_path / folder.name_of(step) / "state.json").write_bytes(b"")
    save(tmp_path, 4, keep=Keep(last=3))
    assert intact_steps(tmp_path) == [1, 4]


def test_the_one_just_written_is_never_the_one_removed(tmp_path: Path) -> None:
    for step in (10, 20, 30):
        save(tmp_path, step)
    assert save(tmp_path, 5).removed == ()
    assert 5 in intact_steps(tmp_path)


def test_saving_the_same_again_writes_nothing(tmp_path: Path) -> None:
    save(tmp_path, 1)
    operations: list[str] = []
    disk = CountingDisk(lambda number, operation: operations.append(operation))
    acknowledged: list[CheckpointInfo] = []
    save(tmp_path, 1, disk=disk, acknowledge=acknowledged.append)
    assert operations == ["sync_folder"]
    assert [found.step for found in acknowledged] == [1]


def test_another_checkpoint_of_the_same_step_takes_its_place(tmp_path: Path) -> None:
    save(tmp_path, 1, files=files_of(2))
    save(tmp_path, 1)
    assert intact_steps(tmp_path) == [1]
    assert leftovers(tmp_path) == []


def test_leftovers_are_removed_and_links_in_them_not_followed(tmp_path: Path) -> None:
    save(tmp_path, 1)
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "data").write_text("mine")
    for name in (".tmp-2-99-abcd", ".trash-1-99-abcd"):
        (tmp_path / name / "inside").mkdir(parents=True)
        (tmp_path / name / "inside" / "file").write_text("x")
        (tmp_path / name / "link").symlink_to(precious)
    (tmp_path / ".tmp-link").symlink_to(precious)
    assert folder.remove_leftovers(tmp_path) == [".tmp-2-99-abcd", ".tmp-link", ".trash-1-99-abcd"]
    assert leftovers(tmp_path) == ["precious"]
    assert (precious / "data").read_text() == "mine"
    assert intact_steps(tmp_path) == [1]


def test_a_folder_that_cannot_be_listed_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"file cannot be listed: Not a directory"):
        folder.newest_intact(tmp_path / "file")


def test_the_folder_is_read_without_numpy_or_a_framework() -> None:
    program = (
        "import sys, checkpoints.folder; print(sorted({'numpy', 'torch', 'safetensors'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
