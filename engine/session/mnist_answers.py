"""What a network says to a whole part of the pictures: computed once, kept in memory and beside the run."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.models.images.convolution import Floats
from engine.session import mnist_sets
from engine.session.cache import SessionCache
from engine.session.mnist_nets import OpenNet
from engine.session.mnist_sets import PictureSet

MOST_FILES = 24
SECONDS = 0.1
"""between two signs of progress, when other questions have their turn"""


@dataclass(frozen=True, slots=True, eq=False)
class NetworkAnswers:
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


def answers(session_cache: SessionCache, opened: OpenNet, split: str) -> NetworkAnswers:
    """At once, however long it takes (a third of a second for 10,000 pictures)."""
    work = by_parts(session_cache, opened, split)
    while True:
        try:
            next(work)
        except StopIteration as done:
            found: NetworkAnswers = done.value
            return found


def by_parts(
    session_cache: SessionCache, opened: OpenNet, split: str
) -> Generator[tuple[int, int], None, NetworkAnswers]:
    """Yields (pictures done, of how many); returns the answers. Raises DataError."""
    pictures = mnist_sets.of_run(session_cache, opened)
    images = pictures.part(split).images
    path = cache_path(opened, pictures, split, "npy")
    held = session_cache.keep(("mnist.answers", path), _Held)
    if held.logits is None:
        held.logits = _read(path, len(images))
    if held.logits is None:
        parts, told_at = [], time.monotonic()
        for part in opened.net.logits_by_chunk(images):
            parts.append(part)
            if time.monotonic() - told_at >= SECONDS:
                yield sum(map(len, parts)), len(images)
                told_at = time.monotonic()
        logits = held.logits = np.ascontiguousarray(np.concatenate(parts))
        save(path, _packed(logits))
    yield len(images), len(images)
    return NetworkAnswers(opened, pictures, split, held.logits)


@dataclass(slots=True)
class _Held:
    logits: Floats | None = None


def cache_path(opened: OpenNet, pictures: PictureSet, split: str, ending: str) -> Path:
    """Named after the weights and the data, so that it can never be another's."""
    name = f"{opened.weights_sha256[:24]}-{pictures.digits.fingerprint[:12]}-{split}.{ending}"
    return opened.folder.path / "reports" / name


def save(path: Path, content: bytes) -> None:
    """There whole or not at all; what the disk does not take is computed again another time."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        _make_room(path.parent)
        draft.write_bytes(content)
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)


def _packed(logits: Floats) -> bytes:
    content = io.BytesIO()
    np.save(content, logits, allow_pickle=False)
    return content.getvalue()


def _make_room(folder: Path) -> None:
    kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime)
    for old in kept[: max(0, len(kept) - MOST_FILES + 1)]:
        old.unlink(missing_ok=True)


def _read(path: Path, count: int) -> Floats | None:
    """None for what is not there, not whole or of another shape."""
    try:
        found = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    is_whole = isinstance(found, np.ndarray) and found.dtype == np.float32 and found.shape[:1] == (count,)
    return found if is_whole and found.ndim == 2 and np.isfinite(found).all() else None
