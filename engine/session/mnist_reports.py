"""Predictions for a whole split, cached; reports, pictures of a cell, and robustness made of them."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import files
from engine.aids.computing_in_parts import finish
from engine.errors import CorruptRun, ParamError
from engine.models.images import classification
from engine.models.images.layers import Floats
from engine.models.images.shift_and_noise import DIRECTIONS, add_noise, shift
from engine.session import mnist_data
from engine.session.cache import SessionCache
from engine.session.mnist_checkpoints import OpenNet, open_net
from engine.session.mnist_data import PictureSet
from engine.session.mnist_network import head, shown
from engine.session_protocol.mnist import (
    AverageScores,
    CellRequest,
    ClassRow,
    DataIdentity,
    FinishedReport,
    ReportProgress,
    ReportRequest,
    RobustnessPoints,
    RobustnessRequest,
    SplitPicture,
    SplitPictures,
    SplitReport,
    WorstRequest,
)
from engine.typed_json import WrongType, fields_of, typed

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
    return finish(predict_by_parts(session_cache, opened, split))


def predict_by_parts(
    session_cache: SessionCache, opened: OpenNet, split: str
) -> Generator[tuple[int, int], None, SplitPredictions]:
    """Yields (pictures done, of how many); returns the predictions. Raises DataError."""
    pictures = mnist_data.run_pictures(session_cache, opened)
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
        content = io.BytesIO()
        np.save(content, logits, allow_pickle=False)
        save(path, content.getvalue())
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


MOST_IMAGES = 500
FORM = 1
"""version of the cached reports; one of another version is computed again"""


def report(session_cache: SessionCache, request: ReportRequest) -> Iterator[ReportProgress]:
    opened = open_net(session_cache, request.run, request.step)
    return _report(session_cache, opened, request.split)


def _report(session_cache: SessionCache, opened: OpenNet, split: str) -> Iterator[ReportProgress]:
    parts = predict_by_parts(session_cache, opened, split)
    while True:
        try:
            done, total = next(parts)
        except StopIteration as end:
            found: SplitPredictions = end.value
            break
        if done < total:
            yield ReportProgress(done, total)
    count, digits = len(found.labels), found.pictures.digits
    data = DataIdentity(digits.title, digits.fingerprint)
    yield FinishedReport(count, count, **head(opened), split=split, data=data, report=full_report(found))


def full_report(found: SplitPredictions) -> SplitReport:
    """Cached in the run's folder, because importing scikit-learn takes a second."""
    path = cache_path(found.opened, found.pictures, found.split, "json")
    try:
        cached = typed(files.read_json(path), SplitReport)
        if cached.form == FORM:
            return cached
    except (CorruptRun, WrongType):
        pass
    made = _made(found)
    save(path, json.dumps(made, allow_nan=False, default=fields_of).encode())
    return made


def cell(session_cache: SessionCache, request: CellRequest) -> SplitPictures:
    """Raises ParamError for a cell outside the matrix."""
    true, predicted = request.true, request.predicted
    if not (0 <= true <= 9 and 0 <= predicted <= 9):
        raise ParamError(f"The confusion matrix has no cell {true}, {predicted}: expected 0 to 9 each.")
    found = _predictions(session_cache, request)
    indices = classification.images_in_cell(found.logits, found.labels, true, predicted)
    return _pictures(found, indices, request.limit, max(0, request.offset))


def worst(session_cache: SessionCache, request: WorstRequest) -> SplitPictures:
    found = _predictions(session_cache, request)
    return _pictures(found, classification.misclassified(found.logits, found.labels), request.n)


def _predictions(session_cache: SessionCache, request: CellRequest | WorstRequest) -> SplitPredictions:
    return predictions(session_cache, open_net(session_cache, request.run, request.step), request.split)


def _pictures(
    found: SplitPredictions, indices: NDArray[np.intp], limit: int, offset: int = 0
) -> SplitPictures:
    chosen = [int(index) for index in indices[offset:][: max(0, min(limit, MOST_IMAGES))]]
    losses = classification.losses(found.logits[chosen].astype(np.float64), found.labels[chosen])
    pictures = [
        SplitPicture(
            index, float(loss), **shown(found.images[index], int(found.labels[index]), found.logits[index])
        )
        for index, loss in zip(chosen, losses, strict=True)
    ]
    return SplitPictures(
        **head(found.opened), split=found.split, images=pictures, count=len(indices), offset=offset
    )


def _made(found: SplitPredictions) -> SplitReport:
    made = classification.report(found.logits, found.labels)
    digits = found.pictures.digits
    return SplitReport(
        [
            ClassRow(label, digits.class_names[label], **asdict(scores))
            for label, scores in enumerate(made.classes)
        ],
        AverageScores(**asdict(made.macro)),
        AverageScores(**asdict(made.weighted)),
        made.accuracy,
        made.balanced_accuracy,
        made.loss,
        [list(row) for row in made.confusion],
        FORM,
        len(found.labels),
        digits.title,
    )


SEED = 7
UNITS = {"shift": "pixels", "noise": "of the grey scale"}
NOISES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6)


def robustness(session_cache: SessionCache, request: RobustnessRequest) -> Iterator[RobustnessPoints]:
    """Each part holds the points computed so far. Raises ParamError for an unknown kind.

    A shift is the mean over up, down, left and right, on a fixed random choice of `images` pictures.
    """
    opened, kind = open_net(session_cache, request.run, request.step), request.kind
    if kind not in UNITS:
        raise ParamError(f"robustness: expected {' or '.join(UNITS)}, got {kind[:20]!r}.")
    part = mnist_data.run_pictures(session_cache, opened).part(request.split)
    chosen = np.sort(np.random.default_rng(SEED).permutation(len(part.labels))[: max(1, request.images)])
    return _points(opened, kind, part.images[chosen], part.labels[chosen])


def _points(
    opened: OpenNet, kind: str, images: NDArray[np.uint8], labels: NDArray[np.uint8]
) -> Iterator[RobustnessPoints]:
    amounts = amounts_of(kind, opened.net.side)
    versions = [(amount, direction) for amount in amounts for direction in _directions(kind, amount)]
    seen: dict[float, list[float]] = {}
    for done, (amount, direction) in enumerate(versions, start=1):
        accuracy = _accuracy(opened, _distorted(images, kind, amount, direction), labels)
        seen.setdefault(amount, []).append(accuracy)
        whole = [one for one in seen if len(seen[one]) == len(_directions(kind, one))]
        yield RobustnessPoints(
            **head(opened), kind=kind, unit=UNITS[kind], amounts=whole,
            accuracies=[float(np.mean(seen[one])) for one in whole], images=len(labels),
            done=done, total=len(versions),
        )  # fmt: skip


def amounts_of(kind: str, side: int) -> tuple[float, ...]:
    return NOISES if kind == "noise" else tuple(float(pixels) for pixels in range(side // 4 + 1))


def _directions(kind: str, amount: float) -> tuple[tuple[int, int], ...]:
    return DIRECTIONS if kind == "shift" and amount else DIRECTIONS[:1]


def _distorted(
    images: NDArray[np.uint8], kind: str, amount: float, direction: tuple[int, int]
) -> NDArray[np.uint8]:
    if kind == "noise":
        return add_noise(images, amount, SEED)
    return shift(images, direction[0] * int(amount), direction[1] * int(amount))


def _accuracy(opened: OpenNet, images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> float:
    return float((opened.net.logits(images).argmax(axis=1) == labels).mean())
