"""Image data sets of a session, split into train, validation and test."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.data import mnist
from engine.data.labelled_images import Digits, load_small_digits
from engine.data.mirror_transfer import Timeouts
from engine.errors import DataError, ParamError
from engine.places import Places
from engine.session.cache import SessionCache
from engine.session.mnist_nets import OpenNet
from engine.trained_on import TrainedOn

PARTS = ("train", "validation", "test")
SMALL_SIDE = 8
STAND_IN_SECONDS = 60.0
LOCK_SECONDS = 2.0
"""to wait for the lock of a run that downloads: its data are found the next time"""


@dataclass(frozen=True, slots=True, eq=False)
class ImagePart:
    """Pictures uint8 (N, side, side) and labels uint8 (N,), in the order of their indices."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class PictureSet:
    digits: Digits
    parts: dict[str, ImagePart]
    notes: tuple[str, ...]
    """messages logged while it was searched for"""
    found_at: float

    @property
    def side(self) -> int:
        return int(self.digits.test_images.shape[1])

    def part(self, name: str) -> ImagePart:
        """Raises ParamError for another name than train, validation and test."""
        if name not in self.parts:
            raise ParamError(f"There is no split {name[:40]!r}.", f"It is one of {', '.join(PARTS)}.")
        return self.parts[name]


def current_pictures(session_cache: SessionCache, named: str | None = None) -> PictureSet:
    """The data set that a run started now would train on. Raises DataError.

    The small digits in its place are searched for again after STAND_IN_SECONDS. `named` is a folder of data
    sets as in `Spec.data`; None: the one of this session.
    """
    places = session_cache.places if named is None else replace(session_cache.places, named_data=named)
    key = ("mnist.pictures", places.data)
    found = session_cache.get(key, lambda: _load(places))
    if found.digits.notice and time.monotonic() > found.found_at + STAND_IN_SECONDS:
        session_cache.drop(key)
        found = session_cache.get(key, lambda: _load(places))
    return found


def run_pictures(session_cache: SessionCache, opened: OpenNet) -> PictureSet:
    """The pictures a network was trained, validated and tested on, from the folder of its run.

    Raises DataError where that folder holds other ones.
    """
    side, folder = opened.net.side, opened.spec.data
    if side == SMALL_SIDE:  # only the bundled digits have it
        return session_cache.get("mnist.small pictures", lambda: _split(load_small_digits(), ()))
    found = current_pictures(session_cache, folder)
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
            f"{opened.id} takes {side}x{side} pictures, those found now are {found.side}x{found.side}.",
            f"{found.digits.notice} {remedy}".strip(),
        )
    return found


def _load(places: Places) -> PictureSet:
    notes: list[str] = []
    digits = mnist.load(places, report=notes.append, timeouts=Timeouts(lock=LOCK_SECONDS))
    return _split(digits, tuple(notes))


def _split(digits: Digits, notes: tuple[str, ...]) -> PictureSet:
    """Split as the experiments split it, with the default seed."""
    split = mnist.split(digits)
    train = ImagePart(digits.train_images[split.train], digits.train_labels[split.train])
    held_out = ImagePart(digits.train_images[split.validation], digits.train_labels[split.validation])
    test = ImagePart(digits.test_images, digits.test_labels)
    return PictureSet(digits, {"train": train, "validation": held_out, "test": test}, notes, time.monotonic())
