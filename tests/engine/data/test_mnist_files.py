"""Finding the four files of a digit set, and saying in one line what is wrong with them."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.data.idx import digest_idx
from engine.data.labelled_images import Digits
from engine.data.mnist import read_digit_files
from engine.data.mnist_folders import DigitFiles, find_digit_files
from engine.data.published_files import MNIST
from engine.errors import DataError
from tests.engine.data.idx_files import NAMES, header, idx_bytes, make_arrays, write_set

TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS = NAMES
UNPACKED = tuple(name.removesuffix(".gz") for name in NAMES)
DOTTED = tuple(name.replace("-idx", ".idx") for name in UNPACKED)


def read(root: Path) -> Digits:
    files = find_digit_files(root)
    assert files is not None
    return read_digit_files(files, MNIST, "DLTUI_DATA")


def refuse(root: Path) -> str:
    with pytest.raises(DataError) as refused:
        read(root)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize("folder", ["mnist", ".", "MNIST/raw", "fashion-mnist", "FashionMNIST/raw"])
@pytest.mark.parametrize("names", [NAMES, UNPACKED, DOTTED, tuple(f"{name}.gz" for name in DOTTED)])
def test_the_usual_folders_and_names_are_all_found(
    tmp_path: Path, folder: str, names: tuple[str, ...]
) -> None:
    arrays = make_arrays()
    write_set(tmp_path / folder, arrays, names)
    digits = read(tmp_path)
    found = (digits.train_images, digits.train_labels, digits.test_images, digits.test_labels)
    for array, expected in zip(found, arrays, strict=True):
        np.testing.assert_array_equal(array, expected)


def test_a_folder_without_any_of_the_four_holds_none(tmp_path: Path) -> None:
    (tmp_path / "captions.txt").write_text("a text\n")
    assert find_digit_files(tmp_path) is None


def test_a_root_that_is_no_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"The folder of data sets is .*absent, which is not a folder"):
        find_digit_files(tmp_path / "absent")


def test_missing_files_are_named(tmp_path: Path) -> None:
    write_set(tmp_path, make_arrays())
    (tmp_path / TRAIN_LABELS).unlink()
    (tmp_path / TEST_LABELS).unlink()
    with pytest.raises(DataError, match=f"not {TRAIN_LABELS}, {TEST_LABELS}: expected all four"):
        find_digit_files(tmp_path)


def test_a_dangling_link_is_named_and_not_passed_over(tmp_path: Path) -> None:
    write_set(tmp_path, make_arrays())
    (tmp_path / TEST_IMAGES).unlink()
    (tmp_path / TEST_IMAGES).symlink_to("gone")
    assert "a link to gone, which does not exist" in refuse(tmp_path)


def test_a_pipe_in_place_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    write_set(tmp_path, make_arrays())
    (tmp_path / TEST_IMAGES).unlink()
    os.mkfifo(tmp_path / TEST_IMAGES)
    assert "is a pipe, expected a regular file" in refuse(tmp_path)


def test_a_label_beyond_9_is_named_with_its_offset(tmp_path: Path) -> None:
    arrays = make_arrays()
    arrays[1][17] = 10
    write_set(tmp_path, arrays)
    assert refuse(tmp_path).endswith(f"{TRAIN_LABELS}: label 10 at offset 25 (item 17), expected 0 to 9.")


def test_more_images_than_labels_name_both_files(tmp_path: Path) -> None:
    arrays = make_arrays()
    write_set(tmp_path, (arrays[0], arrays[1][:-1], *arrays[2:]))
    line = refuse(tmp_path)
    assert TRAIN_IMAGES in line and TRAIN_LABELS in line and "40 images" in line and "39" in line


def test_images_and_labels_that_were_swapped_are_recognised(tmp_path: Path) -> None:
    images, labels, *test = make_arrays()
    write_set(tmp_path, (labels, images, *test))
    line = refuse(tmp_path)
    assert TRAIN_IMAGES in line and "expected 3 (images). Are images and labels swapped?" in line


def test_images_in_place_of_labels_are_recognised(tmp_path: Path) -> None:
    images, _, *test = make_arrays()
    write_set(tmp_path, (images, images, *test))
    line = refuse(tmp_path)
    assert TRAIN_LABELS in line and "expected 1 (labels). Are images and labels swapped?" in line


def test_published_content_under_a_wrong_name_is_recognised(tmp_path: Path) -> None:
    """Training and test files have the same form: only their checksums tell them apart."""
    arrays = make_arrays()
    files = tuple(
        replace(file, unpacked_sha256=digest_idx(array))
        for file, array in zip(MNIST.files, arrays, strict=True)
    )
    write_set(tmp_path, (arrays[2], arrays[3], arrays[0], arrays[1]))
    found = find_digit_files(tmp_path)
    assert isinstance(found, DigitFiles)
    with pytest.raises(DataError, match=f"{TRAIN_IMAGES} holds what MNIST publishes as {TEST_IMAGES}"):
        read_digit_files(found, replace(MNIST, files=files), "DLTUI_DATA")


def test_pictures_of_another_size_are_refused(tmp_path: Path) -> None:
    arrays = make_arrays()
    write_set(tmp_path, (arrays[0][:, :8, :8].copy(), *arrays[1:]))
    assert "images of 8x8 pixels at offset 8, expected 28x28" in refuse(tmp_path)


def test_a_bomb_in_place_of_labels_is_bounded(tmp_path: Path) -> None:
    write_set(tmp_path, make_arrays())
    (tmp_path / TRAIN_LABELS).write_bytes(gzip.compress(header(1 << 30) + bytes(1 << 20)))
    assert "more than the limit of 1048576" in refuse(tmp_path)


def test_another_set_of_the_same_form_works_and_is_not_called_mnist(tmp_path: Path) -> None:
    """Fashion-MNIST comes under the very same names."""
    write_set(tmp_path / "fashion", make_arrays())
    digits = read(tmp_path / "fashion")
    assert digits.title == f"the images of {tmp_path / 'fashion'}" and digits.notice == ""


def test_a_names_file_beside_the_images_names_the_classes(tmp_path: Path) -> None:
    write_set(tmp_path, make_arrays())
    assert read(tmp_path).class_names == tuple("0123456789")
    (tmp_path / "class-names.txt").write_text("\n".join("abcdefghij"))
    digits = read(tmp_path)
    assert digits.class_names == tuple("abcdefghij") and digits.named_by == str(tmp_path / "class-names.txt")
    (tmp_path / "class-names.txt").write_text("a\nb\n")
    assert "class-names.txt holds 2 class names, expected 10" in refuse(tmp_path)


def test_the_published_set_keeps_its_digits_whatever_names_lie_about(tmp_path: Path) -> None:
    arrays = make_arrays()
    files = tuple(
        replace(file, unpacked_sha256=digest_idx(array))
        for file, array in zip(MNIST.files, arrays, strict=True)
    )
    write_set(tmp_path, arrays)
    (tmp_path / "classes.txt").write_text("nonsense")
    found = find_digit_files(tmp_path)
    assert found is not None
    digits = read_digit_files(found, replace(MNIST, files=files), "DLTUI_DATA")
    assert digits.title == "MNIST" and digits.class_names == tuple("0123456789")


def test_the_fingerprint_depends_on_the_content_and_not_on_the_packing(tmp_path: Path) -> None:
    arrays = make_arrays()
    write_set(tmp_path / "packed", arrays)
    write_set(tmp_path / "plain", arrays, UNPACKED)
    assert read(tmp_path / "packed").fingerprint == read(tmp_path / "plain").fingerprint
    changed = arrays[2].copy()
    changed[0, 0, 0] ^= 1
    (tmp_path / "plain" / UNPACKED[2]).write_bytes(idx_bytes(changed))
    assert read(tmp_path / "packed").fingerprint != read(tmp_path / "plain").fingerprint
