"""Image data sets of a session, split into train, validation and test, and their statistics."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data import mnist
from engine.data.labelled_images import Digits, load_small_digits
from engine.data.mirror_transfer import Timeouts
from engine.errors import DataError, ParamError
from engine.models.images import images_as_bytes
from engine.places import Places
from engine.session.cache import SessionCache
from engine.session.mnist_checkpoints import OpenNet
from engine.session_protocol.mnist import ExploredData, PixelStatistics
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


CLASSES = 10
MOST_SAMPLES = 100
PIECE = 1000


def explore(pictures: PictureSet, samples: int) -> ExploredData:
    """Statistics, means and samples are of the training split."""
    digits, train = pictures.digits, pictures.parts["train"]
    return ExploredData(
        title=digits.title,
        source=digits.source,
        notice=digits.notice,
        notes=list(pictures.notes),
        side=pictures.side,
        class_names=list(digits.class_names),
        named_by=digits.named_by,
        splits={name: len(part.labels) for name, part in pictures.parts.items()},
        counts={
            name: np.bincount(part.labels, minlength=CLASSES).tolist()
            for name, part in pictures.parts.items()
        },
        statistics=_statistics(train.images),
        means=[_mean(train, label) for label in range(CLASSES)],
        samples=[_samples(train, label, samples) for label in range(CLASSES)],
    )


def _statistics(images: NDArray[np.uint8]) -> PixelStatistics:
    """From a histogram of the 256 grey levels, PIECE pictures at a time: np.bincount copies its input."""
    pieces = (images[start : start + PIECE] for start in range(0, len(images), PIECE))
    counts = np.sum([np.bincount(piece.reshape(-1), minlength=256) for piece in pieces], axis=0)
    greys_seen, shares = np.nonzero(counts)[0], counts / counts.sum()
    mean = float(shares @ np.arange(256))
    spread = float(np.sqrt(shares @ (np.arange(256) - mean) ** 2))
    return PixelStatistics(
        mean=mean, std=spread, min=int(greys_seen[0]), max=int(greys_seen[-1]), ink=float(1 - shares[0])
    )


def _mean(part: ImagePart, label: int) -> list[Any]:
    chosen = part.images[part.labels == label]
    if not len(chosen):
        return images_as_bytes.rows(np.zeros(part.images.shape[1:], dtype=np.uint8))
    return images_as_bytes.rows(np.rint(chosen.mean(axis=0)).astype(np.uint8))


def _samples(part: ImagePart, label: int, count: int) -> list[Any]:
    there = np.nonzero(part.labels == label)[0][: max(0, min(count, MOST_SAMPLES))]
    return images_as_bytes.rows(part.images[there])
