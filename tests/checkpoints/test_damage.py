"""Damaged checkpoints are detected, named, and skipped for an older one."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path

import pytest

from checkpoints import checkpoint_content, folder, manifest
from checkpoints.errors import CheckpointError, DamagedCheckpoint
from tests.chaos import scaled
from tests.checkpoints.samples import RUN, files_of, is_sample, save

ENV: dict[str, manifest.Fact] = {"torch": "2.13.0", "threads": 1}


@pytest.fixture
def newest(tmp_path: Path) -> Path:
    """The folder of step 2; step 1 lies beside it."""
    save(tmp_path, 1)
    return save(tmp_path, 2).found.path


def assert_found_and_passed_over(newest: Path) -> None:
    """Step 2 is refused by name, and step 1 used."""
    loaded, damaged = folder.newest_intact(newest.parent)
    assert loaded is not None and loaded.manifest.step == 1 and is_sample(loaded)
    assert [one.path for one in damaged] == [newest]
    assert damaged[0].fault and str(newest) in damaged[0].message


def files_in(path: Path) -> list[Path]:
    return sorted(path.iterdir())


def test_truncation_at_every_byte_of_every_file_is_found(newest: Path) -> None:
    cuts = 0
    for file in files_in(newest):
        whole = file.read_bytes()
        for length in range(len(whole)):
            file.write_bytes(whole[:length])
            assert_found_and_passed_over(newest)
            cuts += 1
        file.write_bytes(whole)
    assert cuts == sum(file.stat().st_size for file in files_in(newest))
    assert folder.newest_intact(newest.parent)[1] == []


def test_a_flipped_bit_at_every_byte_of_every_file_is_found(newest: Path) -> None:
    for file in files_in(newest):
        whole = file.read_bytes()
        for position in range(len(whole)):
            flipped = bytearray(whole)
            flipped[position] ^= 1 << position % 8
            file.write_bytes(flipped)
            assert_found_and_passed_over(newest)
        file.write_bytes(whole)
    assert folder.newest_intact(newest.parent)[1] == []


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_bit_of_a_larger_checkpoint_matters(tmp_path: Path) -> None:
    save(tmp_path, 1)
    newest = save(tmp_path, 2, files=files_of(2, scaled(2000))).found.path
    for file in files_in(newest):
        whole = file.read_bytes()
        for bit in range(8 * len(whole)):
            flipped = bytearray(whole)
            flipped[bit // 8] ^= 1 << bit % 8
            file.write_bytes(flipped)
            assert_found_and_passed_over(newest)
        file.write_bytes(whole)


def test_a_deleted_file_is_found(newest: Path) -> None:
    for file in files_in(newest):
        whole = file.read_bytes()
        file.unlink()
        assert_found_and_passed_over(newest)
        file.write_bytes(whole)


def test_appended_bytes_are_found(newest: Path) -> None:
    for file in files_in(newest):
        whole = file.read_bytes()
        for tail in (b"\0", b"\n", b" ", bytes(4096)):
            file.write_bytes(whole + tail)
            assert_found_and_passed_over(newest)
        file.write_bytes(whole)


def test_files_swapped_with_each_other_are_found(newest: Path) -> None:
    model, train = newest / "model.safetensors", newest / "train.safetensors"
    model.rename(newest / "x")
    train.rename(model)
    (newest / "x").rename(train)
    assert_found_and_passed_over(newest)


@pytest.mark.parametrize("name", ["model.safetensors", "train.safetensors", "state.json", manifest.NAME])
def test_a_file_of_an_older_checkpoint_is_found(newest: Path, name: str) -> None:
    shutil.copy(newest.parent / folder.name_of(1) / name, newest / name)
    assert_found_and_passed_over(newest)


def test_an_older_checkpoint_under_a_newer_name_is_found(newest: Path) -> None:
    shutil.rmtree(newest)
    shutil.copytree(newest.parent / folder.name_of(1), newest)
    assert_found_and_passed_over(newest)


def test_what_is_no_regular_file_is_refused_at_once(newest: Path) -> None:
    file = newest / "state.json"
    whole = file.read_bytes()
    elsewhere = newest.parent / "elsewhere"
    elsewhere.write_bytes(whole)
    for make in (
        os.mkfifo,
        os.mkdir,
        lambda path: os.symlink(elsewhere, path),
        lambda path: os.symlink("/", path),
    ):
        file.unlink() if not file.is_dir() or file.is_symlink() else file.rmdir()
        make(file)
        assert_found_and_passed_over(newest)


def test_a_link_or_a_file_in_place_of_the_folder_is_refused(newest: Path) -> None:
    moved = newest.rename(newest.with_name("moved"))
    newest.symlink_to(moved)
    assert_found_and_passed_over(newest)
    newest.unlink()
    newest.write_bytes(b"")
    assert_found_and_passed_over(newest)


def test_when_all_are_damaged_all_are_named_and_none_is_loaded(newest: Path) -> None:
    for step in (1, 2):
        (newest.parent / folder.name_of(step) / "state.json").write_bytes(b"")
    loaded, damaged = folder.newest_intact(newest.parent)
    assert loaded is None
    assert [folder.step_of(one.path.name) for one in damaged] == [2, 1]


def test_verify_separates_damaged_from_intact(newest: Path) -> None:
    (newest / "state.json").write_bytes(b"")
    first, second = folder.verify(newest.parent)
    assert isinstance(first, folder.CheckpointInfo) and first.step == 1
    assert isinstance(second, DamagedCheckpoint) and "state.json has 0 bytes, expected 40" in second.fault


def test_a_damaged_checkpoint_is_replaced_when_its_step_is_reached_again(newest: Path) -> None:
    (newest / "state.json").write_bytes(b"")
    save(newest.parent, 2)
    loaded, damaged = folder.newest_intact(newest.parent)
    assert damaged == [] and loaded is not None and loaded.manifest.step == 2 and is_sample(loaded)
    assert {path.name for path in newest.parent.iterdir()} == {folder.name_of(1), folder.name_of(2)}


class Gadget:
    """A pickle that leaves a mark when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("name", ["model.safetensors", "train.safetensors", "state.json", manifest.NAME])
@pytest.mark.parametrize("forged", [False, True])
def test_a_pickle_in_place_of_a_file_is_refused_and_never_run(newest: Path, name: str, forged: bool) -> None:
    mark = newest.parent.parent / "mark"
    payload = pickle.dumps(Gadget(mark))
    (newest / name).write_bytes(payload)
    if forged and name != manifest.NAME:
        stamps = {one: manifest.digest((newest / one).read_bytes()) for one in files_of(2)}
        (newest / manifest.NAME).write_bytes(manifest.Manifest(RUN, 2, stamps, "0" * 64, ENV).dumps())
        verified = folder.read(newest)
        with pytest.raises(CheckpointError):
            checkpoint_content.parse(verified)
    else:
        assert_found_and_passed_over(newest)
    assert not mark.exists()


def test_loading_the_pickle_would_run_its_code(tmp_path: Path) -> None:
    pickle.loads(pickle.dumps(Gadget(tmp_path / "mark")))
    assert (tmp_path / "mark").exists()


def test_a_manifest_by_hand_is_refused_even_when_its_hashes_are_right(newest: Path) -> None:
    file = newest / manifest.NAME
    body = json.loads(file.read_bytes())
    file.write_text(json.dumps(body))
    assert_found_and_passed_over(newest)
