"""Hand-drawn digits kept as a test set, and the accuracy of a network on them."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from engine.data import drawn_digits
from engine.models.images import grey_levels
from engine.models.images.centring import centre
from engine.protocol import Json
from engine.session.cache import SessionCache
from engine.session.mnist_nets import OpenNet
from engine.session.mnist_network import drawn, fitting, head
from engine.session.mnist_reports import shown


def keep(session_cache: SessionCache, pixels: Any, label: int) -> Json:
    """Stored centred, as 28x28 pixels. Raises DataError."""
    picture = centre(drawn(pixels), drawn_digits.SIDE)
    added = drawn_digits.add(session_cache.places.drawn_digits, picture, label, time.time())
    return {"mark": added.mark, "count": len(drawn_digits.read(session_cache.places.drawn_digits))}


def kept(session_cache: SessionCache) -> Json:
    digits = drawn_digits.read(session_cache.places.drawn_digits)
    return {
        "digits": [
            {"mark": one.mark, "label": one.label, "at": one.at, "pixels": grey_levels.rows(one.pixels)}
            for one in digits
        ]
    }


def drop(session_cache: SessionCache, mark: str) -> Json:
    dropped = drawn_digits.remove(session_cache.places.drawn_digits, mark)
    return {"dropped": dropped, "count": len(drawn_digits.read(session_cache.places.drawn_digits))}


def report(session_cache: SessionCache, opened: OpenNet) -> Json:
    """Accuracy is null while nothing is kept."""
    digits = drawn_digits.read(session_cache.places.drawn_digits)
    confusion = np.zeros((10, 10), dtype=np.int64)
    images = []
    for one in digits:
        pixels = fitting(one.pixels, opened.net.side)
        logits = opened.net.logits(pixels[None])[0]
        images.append({"mark": one.mark, **shown(pixels, one.label, logits)})
        confusion[one.label, logits.argmax()] += 1
    accuracy = float(confusion.trace() / len(digits)) if digits else None
    return {
        **head(opened), "count": len(digits), "accuracy": accuracy, "confusion": confusion.tolist(),
        "images": images,
    }  # fmt: skip
