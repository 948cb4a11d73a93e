"""The pictures a session shows: the data set at hand, and its three parts."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.data import mnist
from engine.data.digits import Digits
from engine.data.download_mirror import Timeouts
from engine.data.small_digits import load_small_digits
from engine.errors import DataError, ParamError
from engine.places import Places
from engine.session.cache import SessionCache
from engine.session.mnist_nets import OpenNet
from engine.trained_on import TrainedOn

PARTS = ("train", "validation", "test")
SMALL_SIDE = 8
STAND_IN_SECONDS = 60.0
LOCK_SECONDS = 2.0
"""for a run that downloads just now: its data are there the next time"""


@dataclass(frozen=True, slots=True, eq=False)
class ImagePart:
    """Pictures uint8 (N, side, side) and labels uint8 (N,), in the order in which they are counted."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class PictureSet:
    digits: Digits
    parts: dict[str, ImagePart]
    notes: tuple[str, ...]
    """what was said while it was looked for"""
    found_at: float

    @property
    def side(self) -> int:
        return int(self.digits.test_images.shape[1])

    def part(self, name: str) -> ImagePart:
        """Raises ParamError for another name than train, validation and test."""
        if name not in self.parts:
            raise ParamError(f"There is no split {name[:40]!r}.", f"It is one of {', '.join(PARTS)}.")
        return self.parts[name]


def at_hand(session_cache: SessionCache, named: str | None = None) -> PictureSet:
    """What a run started now would train on; behind a stand-in it looks again later. Raises DataError.

    `named` is a folder of data sets as in `Spec.data`; None: the one of this session.
    """
    places = session_cache.places if named is None else replace(session_cache.places, named_data=named)
    key = ("mnist.pictures", places.data)
    found = session_cache.keep(key, lambda: _load(places))
    if found.digits.notice and time.monotonic() > found.found_at + STAND_IN_SECONDS:
        session_cache.drop(key)
        found = session_cache.keep(key, lambda: _load(places))
    return found


def of_run(session_cache: SessionCache, opened: OpenNet) -> PictureSet:
    """The pictures a network was trained, validated and tested on: found where its run found them.

    Raises DataError for other ones.
    """
    side, folder = opened.net.side, opened.spec.data
    if side == SMALL_SIDE:  # nothing else has it, and nothing has to be looked for
        return session_cache.keep("mnist.small pictures", lambda: _parted(load_small_digits(), ()))
    found = at_hand(session_cache, folder)
    now, before = TrainedOn(found.digits.title, found.digits.fingerprint), opened.trained_on
    where = session_cache.places.data if folder is None else folder
    remedy = f"Restore the data it was trained on (data folder: {where or 'none named'})."
    if folder is None:
        remedy = "Set DLTUI_DATA to the folder it was trained on."
    if before.fingerprint and before.fingerprint != now.fingerprint:
        raise DataError(
            f"{opened.id} was trained on {before.description}; what is found now is {now.description}.",
            f"{found.digits.notice} {remedy}".strip(),
        )
    if found.side != side:
        raise DataError(
            f"{opened.id} looks at {side}x{side} pictures, those found now are {found.side}x{found.side}.",
            f"{found.digits.notice} {remedy}".strip(),
        )
    return found


def _load(places: Places) -> PictureSet:
    notes: list[str] = []
    digits = mnist.load(places, report=notes.append, timeouts=Timeouts(lock=LOCK_SECONDS))
    return _parted(digits, tuple(notes))


def _parted(digits: Digits, notes: tuple[str, ...]) -> PictureSet:
    """Parted as the experiments do, by the seed that is the default."""
    split = mnist.split(digits)
    train = ImagePart(digits.train_images[split.train], digits.train_labels[split.train])
    held_out = ImagePart(digits.train_images[split.validation], digits.train_labels[split.validation])
    test = ImagePart(digits.test_images, digits.test_labels)
    return PictureSet(digits, {"train": train, "validation": held_out, "test": test}, notes, time.monotonic())
