"""Logits of a network for a whole split, computed once, then cached in memory and in the run's folder."""

from __future__ import annotations

import io
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import files
from engine.models.images.layers import Floats
from engine.session import mnist_sets
from engine.session.cache import SessionCache
from engine.session.mnist_nets import OpenNet
from engine.session.mnist_sets import PictureSet

MOST_FILES = 24
SECONDS = 0.1
"""between two reports of progress, when other requests have their turn"""


@dataclass(frozen=True, slots=True, eq=False)
class SplitPredictions:
    """Logits (N, classes) for the pictures of `split`."""

    opened: OpenNet
    pictures: PictureSet
    split: str
    logits: Floats

    @property
    def images(self) -> NDArray[np.uint8]:
        return self.pictures.part(self.split).images

    @property
    def labels(self) -> NDArray[np.uint8]:
        return self.pictures.part(self.split).labels


def predictions(session_cache: SessionCache, opened: OpenNet, split: str) -> SplitPredictions:
    """Blocks until all are computed (a third of a second for 10,000 pictures). Raises DataError."""
    parts = predict_by_parts(session_cache, opened, split)
    while True:
        try:
            next(parts)
        except StopIteration as done:
            found: SplitPredictions = done.value
            return found


def predict_by_parts(
    session_cache: SessionCache, opened: OpenNet, split: str
) -> Generator[tuple[int, int], None, SplitPredictions]:
    """Yields (pictures done, of how many); returns the predictions. Raises DataError."""
    pictures = mnist_sets.run_pictures(session_cache, opened)
    images = pictures.part(split).images
    path = cache_path(opened, pictures, split, "npy")
    cached = session_cache.get(("mnist.predictions", path), _CachedLogits)
    if cached.logits is None:
        cached.logits = _read(path, len(images))
    if cached.logits is None:
        parts, reported_at = [], time.monotonic()
        for part in opened.net.logits_by_chunk(images):
            parts.append(part)
            if time.monotonic() - reported_at >= SECONDS:
                yield sum(map(len, parts)), len(images)
                reported_at = time.monotonic()
        logits = cached.logits = np.ascontiguousarray(np.concatenate(parts))
        save(path, _packed(logits))
    yield len(images), len(images)
    return SplitPredictions(opened, pictures, split, cached.logits)


@dataclass(slots=True)
class _CachedLogits:
    logits: Floats | None = None


def cache_path(opened: OpenNet, pictures: PictureSet, split: str, ending: str) -> Path:
    """Named after the hashes of the weights and of the data."""
    name = f"{opened.weights_sha256[:24]}-{pictures.digits.fingerprint[:12]}-{split}.{ending}"
    return opened.folder.path / "reports" / name


def save(path: Path, content: bytes) -> None:
    """Atomically; where the disk refuses it, nothing is cached."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        _remove_oldest(path.parent)
        files.write_bytes(path, content, sync=False)
    except OSError:
        pass


def _packed(logits: Floats) -> bytes:
    content = io.BytesIO()
    np.save(content, logits, allow_pickle=False)
    return content.getvalue()


def _remove_oldest(folder: Path) -> None:
    kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for old in kept[: max(0, len(kept) - MOST_FILES + 1)]:
        old.unlink(missing_ok=True)


def _read(path: Path, count: int) -> Floats | None:
    """None for a file that is missing, damaged or of another shape."""
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    is_whole = isinstance(found, np.ndarray) and found.dtype == np.float32 and found.shape[:1] == (count,)
    return found if is_whole and found.ndim == 2 and np.isfinite(found).all() else None
