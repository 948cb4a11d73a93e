"""MNIST from the user's folder, the cache or a mirror; without any of them the small digits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.data import mnist_folders
from engine.data.download import Report, fetch_all
from engine.data.example_order import WORD, order
from engine.data.idx import Bytes, read_idx
from engine.data.labelled_images import (
    DIGITS,
    Digits,
    digest_all,
    find_class_names,
    load_small_digits,
    read_class_names,
)
from engine.data.mirror_transfer import Timeouts
from engine.data.mnist_folders import (
    MOST_IMAGE_BYTES,
    MOST_LABELS,
    DigitFiles,
    FoundDigits,
    Origin,
    fingerprint,
)
from engine.data.published_files import MNIST, DataSource
from engine.errors import DataError
from engine.places import Places


def read_digit_files(files: DigitFiles, source: DataSource, origin: Origin) -> Digits:
    """The digits; their title is that of `source` only if they equal it byte for byte. Raises DataError."""
    train_images, train_labels = _read_pair(files.train_images, files.train_labels)
    test_images, test_labels = _read_pair(files.test_images, files.test_labels)
    arrays = (train_images, train_labels, test_images, test_labels)
    digests = digest_all(*arrays)
    title = mnist_folders.title_by(files, digests, source)
    named_by = None if title == source.title else find_class_names(files.folder)
    names = read_class_names(named_by) if named_by else DIGITS
    return Digits(
        title, origin, *arrays, fingerprint(digests), class_names=names, named_by=str(named_by or "")
    )


def _read_pair(image_path: Path, label_path: Path) -> tuple[Bytes, Bytes]:
    images = read_idx(image_path, max_items=MOST_IMAGE_BYTES)
    mnist_folders.check_images(image_path, images.shape)
    labels = read_idx(label_path, max_items=MOST_LABELS)
    mnist_folders.check_labels(label_path, labels.shape)
    mnist_folders.check_values(label_path, labels.tobytes())
    mnist_folders.check_counts(image_path, len(images), label_path, len(labels))
    return images, labels


__all__ = ["Digits", "Split", "load", "split"]

SPLIT_EPOCH = WORD - 1  # no run gets there, so the split shares no random stream with any epoch


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Indices into the training arrays."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def load(
    places: Places, *, report: Report, source: DataSource = MNIST, timeouts: Timeouts | None = None
) -> Digits:
    """DLTUI_DATA, then the cache, then a download into the cache, then the small digits with a `notice`.

    DLTUI_OFFLINE=1 skips the download; `report` gets the reason of a failed one. Raises DataError for invalid
    files in DLTUI_DATA.
    """
    found = mnist_folders.find(places, source)
    if places.data is not None and (found is None or found.origin != "DLTUI_DATA"):
        report(f"{places.data} (DLTUI_DATA) holds no MNIST files.")
    if found is not None and (digits := _read(found, source, report)) is not None:
        return digits
    cached = mnist_folders.cached_files(places, source)
    try:
        fetch_all(source, cached.folder, report, timeouts or Timeouts())
        return _read_published(cached, source, "download")
    except DataError as error:
        report(str(error))
        return load_small_digits()


def split(digits: Digits, seed: int = 42, validation: float = 0.1) -> Split:
    """Split the training set at random: 54,000 and 6,000 images of MNIST."""
    if not 0 < validation < 1:
        raise DataError(
            f"A validation share of {validation} leaves one side empty: expected more than 0, less than 1."
        )
    count = len(digits.train_labels)
    held_out = min(max(round(count * validation), 1), count - 1)
    shuffled = order(seed, SPLIT_EPOCH, count)
    return Split(train=shuffled[held_out:], validation=shuffled[:held_out])


def _read(found: FoundDigits, source: DataSource, report: Report) -> Digits | None:
    """None for an invalid cached copy, which is downloaded again. Raises DataError for invalid files of the
    user."""
    if found.origin != "cache":
        return read_digit_files(found.files, source, found.origin)
    try:
        return _read_published(found.files, source, "cache")
    except DataError as error:
        report(f"The cached copy cannot be used: {error}")
        return None


def _read_published(files: DigitFiles, source: DataSource, origin: Origin) -> Digits:
    digits = read_digit_files(files, source, origin)
    if digits.title != source.title:
        raise DataError(f"{files.folder} does not hold {source.title} as published (SHA-256 differs).")
    return digits
