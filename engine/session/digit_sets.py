"""The pictures a session shows: the data set at hand, and its three parts."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data import mnist
from engine.data.digits import Digits
from engine.data.mirror import Patience
from engine.data.small_digits import load_small_digits
from engine.errors import DataError
from engine.session.desk import Desk

PARTS = ("train", "validation", "test")
SMALL_SIDE = 8
STAND_IN_SECONDS = 60.0
LOCK_SECONDS = 2.0
"""for a run that downloads just now: its data are there the next time"""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Pictures uint8 (N, side, side) and labels uint8 (N,), in the order in which they are counted."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class PictureSet:
    digits: Digits
    parts: dict[str, Part]
    notes: tuple[str, ...]
    """what was said while it was looked for"""
    found_at: float

    @property
    def side(self) -> int:
        return int(self.digits.test_images.shape[1])

    def part(self, name: str) -> Part:
        """Raises DataError for another name than train, validation and test."""
        if name not in self.parts:
            raise DataError(f"There is no split {name[:40]!r}.", f"It is one of {', '.join(PARTS)}.")
        return self.parts[name]


def at_hand(desk: Desk) -> PictureSet:
    """What a run started now would train on; behind a stand-in it looks again later. Raises DataError."""
    key = ("mnist.pictures", os.environ.get("DLTUI_DATA"))
    found = desk.keep(key, lambda: _load(desk))
    if found.digits.notice and time.monotonic() > found.found_at + STAND_IN_SECONDS:
        desk.drop(key)
        found = desk.keep(key, lambda: _load(desk))
    return found


def of_side(desk: Desk, side: int, whose: str) -> PictureSet:
    """Pictures that `whose` network can look at. Raises DataError when there are none."""
    if side == SMALL_SIDE:  # nothing else has it, and nothing has to be looked for
        return desk.keep("mnist.small pictures", lambda: _parted(load_small_digits(), ()))
    found = at_hand(desk)
    if found.side == side:
        return found
    raise DataError(
        f"{whose} looks at {side}x{side} pictures, those at hand are {found.side}x{found.side}.",
        found.digits.notice or "Set DLTUI_DATA to the folder it was trained on.",
    )


def _load(desk: Desk) -> PictureSet:
    notes: list[str] = []
    digits = mnist.load(desk.places, report=notes.append, patience=Patience(lock=LOCK_SECONDS))
    return _parted(digits, tuple(notes))


def _parted(digits: Digits, notes: tuple[str, ...]) -> PictureSet:
    """Parted as the experiments do, by the seed that is the default."""
    split = mnist.split(digits)
    train = Part(digits.train_images[split.train], digits.train_labels[split.train])
    held_out = Part(digits.train_images[split.validation], digits.train_labels[split.validation])
    test = Part(digits.test_images, digits.test_labels)
    return PictureSet(digits, {"train": train, "validation": held_out, "test": test}, notes, time.monotonic())
