"""Statistics of a data set: counts, pixel values, the mean image of each class, samples of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.images import grey_levels
from engine.session.mnist_sets import ImagePart, PictureSet
from engine.session_protocol.mnist import ExploredData, PixelStatistics

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
        counts={name: _counts(part) for name, part in pictures.parts.items()},
        statistics=_statistics(train.images),
        means=[_mean(train, label) for label in range(CLASSES)],
        samples=[_samples(train, label, samples) for label in range(CLASSES)],
    )


def _counts(part: ImagePart) -> list[int]:
    return [int(count) for count in np.bincount(part.labels, minlength=CLASSES)]


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
        return grey_levels.rows(np.zeros(part.images.shape[1:], dtype=np.uint8))
    return grey_levels.rows(np.rint(chosen.mean(axis=0)).astype(np.uint8))


def _samples(part: ImagePart, label: int, count: int) -> list[Any]:
    there = np.nonzero(part.labels == label)[0][: max(0, min(count, MOST_SAMPLES))]
    return grey_levels.rows(part.images[there])
