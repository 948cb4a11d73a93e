"""Classification report of a network on a split, and the pictures of each cell of its confusion matrix."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine import files
from engine.errors import CorruptRun, ParamError
from engine.models.images import classification, grey_levels
from engine.models.images.conv_net import softmax
from engine.protocol import Json
from engine.session.cache import SessionCache
from engine.session.mnist_nets import OpenNet
from engine.session.mnist_network import head
from engine.session.mnist_predictions import (
    SplitPredictions,
    cache_path,
    predict_by_parts,
    predictions,
    save,
)

MOST_IMAGES = 500
FORM = 1
"""version of the cached reports; one of another version is computed again"""


def stream(session_cache: SessionCache, opened: OpenNet, split: str) -> Iterator[Json]:
    """Progress, and in the last part the report."""
    parts = predict_by_parts(session_cache, opened, split)
    while True:
        try:
            done, total = next(parts)
        except StopIteration as end:
            found: SplitPredictions = end.value
            break
        if done < total:
            yield {"done": done, "total": total}
    count = len(found.labels)
    digits = found.pictures.digits
    data = {"title": digits.title, "fingerprint": digits.fingerprint}
    facts = {**head(opened), "split": split, "data": data, "report": full_report(found)}
    yield {"done": count, "total": count, **facts}


def full_report(found: SplitPredictions) -> Json:
    """Cached in the run's folder, because importing scikit-learn takes a second."""
    path = cache_path(found.opened, found.pictures, found.split, "json")
    try:
        cached = files.read_json(path)
    except CorruptRun:
        cached = None
    if cached is not None and cached.get("form") == FORM:
        return cached
    made = _made(found)
    save(path, json.dumps(made, allow_nan=False).encode())
    return made


def cell(
    session_cache: SessionCache,
    opened: OpenNet,
    split: str,
    true: int,
    predicted: int,
    offset: int,
    limit: int,
) -> Json:
    """Raises ParamError for a cell outside the matrix."""
    if not (0 <= true <= 9 and 0 <= predicted <= 9):
        raise ParamError(f"The confusion matrix has no cell {true}, {predicted}: expected 0 to 9 each.")
    found = predictions(session_cache, opened, split)
    indices = classification.images_in_cell(found.logits, found.labels, true, predicted)
    return {
        **_pictures(found, indices[max(0, offset) :], limit),
        "count": len(indices),
        "offset": max(0, offset),
    }


def worst(session_cache: SessionCache, opened: OpenNet, split: str, n: int) -> Json:
    found = predictions(session_cache, opened, split)
    indices = classification.misclassified(found.logits, found.labels)
    return {**_pictures(found, indices, n), "count": len(indices), "offset": 0}


def images(session_cache: SessionCache, opened: OpenNet, split: str, indexes: Sequence[int]) -> Json:
    """Raises ParamError for an index outside the split."""
    found = predictions(session_cache, opened, split)
    indices = np.asarray(indexes, dtype=np.intp)
    if len(indices) and not 0 <= indices.min() <= indices.max() < len(found.labels):
        raise ParamError(
            f"{split} has pictures 0 to {len(found.labels) - 1}, not all of {list(indexes)[:8]}."
        )
    return {**_pictures(found, indices, len(indices)), "count": len(indices), "offset": 0}


def shown(pixels: NDArray[np.uint8], label: int, logits: NDArray[np.float32]) -> dict[str, Any]:
    """One picture and its prediction."""
    return {
        "pixels": grey_levels.rows(pixels),
        "label": label,
        "predicted": int(logits.argmax()),
        "probabilities": softmax(logits).astype(np.float64).tolist(),
    }


def _pictures(found: SplitPredictions, indices: NDArray[np.intp], limit: int) -> Json:
    chosen = [int(index) for index in indices[: max(0, min(limit, MOST_IMAGES))]]
    losses = classification.losses(found.logits[chosen].astype(np.float64), found.labels[chosen])
    pictures = [
        {
            "index": index,
            "loss": float(loss),
            **shown(found.images[index], int(found.labels[index]), found.logits[index]),
        }
        for index, loss in zip(chosen, losses, strict=True)
    ]
    return {**head(found.opened), "split": found.split, "images": pictures}


def _made(found: SplitPredictions) -> Json:
    made = classification.report(found.logits, found.labels)
    digits = found.pictures.digits
    classes = [
        {"label": label, "name": digits.class_names[label], **asdict(scores)}
        for label, scores in enumerate(made.classes)
    ]
    return {
        **asdict(made), "form": FORM, "classes": classes, "confusion": [list(row) for row in made.confusion],
        "images": len(found.labels), "title": digits.title,
    }  # fmt: skip
