"""MNIST: from the user's folder, the cache or a mirror; failing all, the small digits."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.data.digit_files import DigitFiles, find_digit_files, read_digit_files
from engine.data.digits import Digits
from engine.data.download import Report, fetch_all
from engine.data.mirror import Patience
from engine.data.order import WORD, order
from engine.data.small_digits import load_small_digits
from engine.data.source import MNIST, Source
from engine.errors import DataError
from engine.places import Places

__all__ = ["Digits", "Split", "load", "split"]

SPLIT_EPOCH = WORD - 1  # no run gets there, so the split shares no random stream with any epoch


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Indices into the training arrays."""

    train: NDArray[np.int64]
    validation: NDArray[np.int64]


def load(
    places: Places, *, report: Report, source: Source = MNIST, patience: Patience | None = None
) -> Digits:
    """DLTUI_DATA, then the cache, then a download into the cache, then the small digits with a `notice`.

    DLTUI_OFFLINE=1 skips the download; `report` hears why it failed. What stands in DLTUI_DATA but is wrong
    raises DataError.
    """
    if (own := _from_user(places.data, source, report)) is not None:
        return own
    folder = places.cache / "mnist"
    if (cached := _from_cache(folder, source, report)) is not None:
        return cached
    try:
        fetch_all(source, folder, report, patience or Patience())
        return _read_published(folder, source, "download")
    except DataError as error:
        report(str(error))
        return load_small_digits()


def split(digits: Digits, seed: int = 42, validation: float = 0.1) -> Split:
    """The training set parted at random: 54,000 and 6,000 of MNIST."""
    if not 0 < validation < 1:
        raise DataError(
            f"A validation share of {validation} leaves one side empty: expected more than 0, less than 1."
        )
    count = len(digits.train_labels)
    held_out = min(max(round(count * validation), 1), count - 1)
    shuffled = order(seed, SPLIT_EPOCH, count)
    return Split(train=shuffled[held_out:], validation=shuffled[:held_out])


def _from_user(root: Path | None, source: Source, report: Report) -> Digits | None:
    if root is None:
        return None
    files = find_digit_files(root)
    if files is None:
        report(f"{root} (DLTUI_DATA) holds no MNIST files.")
        return None
    return read_digit_files(files, source, "DLTUI_DATA")


def _from_cache(folder: Path, source: Source, report: Report) -> Digits | None:
    if not all(os.path.exists(folder / file.name) for file in source.files):
        return None
    try:
        return _read_published(folder, source, "cache")
    except DataError as error:
        report(f"The cached copy cannot be used: {error}")
        return None


def _read_published(folder: Path, source: Source, origin: Literal["cache", "download"]) -> Digits:
    digits = read_digit_files(DigitFiles(*(folder / file.name for file in source.files)), source, origin)
    if digits.title != source.title:
        raise DataError(f"{folder} does not hold {source.title} as published (SHA-256 differs).")
    return digits
