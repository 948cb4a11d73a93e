"""Classification report of a network on a split, and the pictures of each cell of its confusion matrix."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from engine import files
from engine.errors import CorruptRun, ParamError
from engine.models.images import classification
from engine.session.cache import SessionCache
from engine.session.mnist_nets import OpenNet, open_net
from engine.session.mnist_network import head, shown
from engine.session.mnist_predictions import (
    SplitPredictions,
    cache_path,
    predict_by_parts,
    predictions,
    save,
)
from engine.session_protocol.mnist import (
    AverageScores,
    CellRequest,
    ClassRow,
    DataIdentity,
    FinishedReport,
    ImagesRequest,
    ReportProgress,
    ReportRequest,
    SplitPicture,
    SplitPictures,
    SplitReport,
    WorstRequest,
)
from engine.typed_json import WrongType, fields_of, typed

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


def images(session_cache: SessionCache, request: ImagesRequest) -> SplitPictures:
    """Raises ParamError for an index outside the split."""
    found = _predictions(session_cache, request)
    indices = np.asarray(request.indexes, dtype=np.intp)
    if len(indices) and not 0 <= indices.min() <= indices.max() < len(found.labels):
        raise ParamError(
            f"{found.split} has pictures 0 to {len(found.labels) - 1}, not all of {request.indexes[:8]}."
        )
    return _pictures(found, indices, len(indices))


def _predictions(
    session_cache: SessionCache, request: CellRequest | WorstRequest | ImagesRequest
) -> SplitPredictions:
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
