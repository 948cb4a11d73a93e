"""Labelled images of ten classes, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data.idx import digest_idx
from engine.data.mnist_folders import Origin, fingerprint
from engine.data.regular_file import open_regular
from engine.errors import DataError

FILES = ("class-names.txt", "class_names.txt", "classes.txt")
DIGITS = tuple("0123456789")
LIMIT = 4096
LONGEST = 40


def find_class_names(folder: Path) -> Path | None:
    """The first of FILES that is in the folder of the images."""
    return next((folder / name for name in FILES if (folder / name).is_file()), None)


def read_class_names(path: Path) -> tuple[str, ...]:
    """Ten names from a UTF-8 file, one per line, class 0 first; empty lines are skipped. Raises DataError."""
    with open_regular(path) as file:
        content = file.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise DataError(f"{path} is longer than {LIMIT} bytes, expected ten class names, one a line.")
    try:
        lines = [line.strip() for line in content.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: no UTF-8 text at offset {error.start}, expected ten class names."
        ) from error
    names = tuple(line for line in lines if line)
    if len(names) != len(DIGITS):
        raise DataError(f"{path} holds {len(names)} class names, expected {len(DIGITS)}, one a line.")
    for at, name in enumerate(names):
        if len(name) > LONGEST or not name.isprintable():
            raise DataError(f"{path}: name {at} is no printable text of at most {LONGEST} characters.")
    return names


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """Images uint8, 0 to 255, (N, 28, 28) or, for the fallback, (N, 8, 8); labels uint8, 0 to 9, (N,).

    `notice` is shown to the user when these are not the requested digits. `class_names` are read from the
    file `named_by` in the folder of the images; without such a file they are the digits.
    """

    title: str
    source: Origin
    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]
    fingerprint: str
    notice: str = ""
    class_names: tuple[str, ...] = DIGITS
    named_by: str = ""


def digest_all(*arrays: NDArray[np.uint8]) -> tuple[str, ...]:
    return tuple(digest_idx(array) for array in arrays)


TEST_SIZE = 360
REMEDY = "Put the four MNIST files into a folder and set DLTUI_DATA to it."
NOTICE = (
    "MNIST could not be found or downloaded: training on scikit-learn's 1,797 8x8 digits instead. " + REMEDY
)


def load_small_digits() -> Digits:
    """The last 360 are the test set; grey levels 0 to 16 are scaled to 0 to 255. Raises DataError."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise DataError(
            "MNIST could not be found or downloaded, and scikit-learn's digits cannot be imported.", REMEDY
        ) from error
    bunch = load_digits()
    images = np.rint(bunch.images * (255 / 16)).astype(np.uint8)
    labels = bunch.target.astype(np.uint8)
    arrays = (images[:-TEST_SIZE], labels[:-TEST_SIZE], images[-TEST_SIZE:], labels[-TEST_SIZE:])
    return Digits("8x8 digits", "digits", *arrays, fingerprint(digest_all(*arrays)), NOTICE)
