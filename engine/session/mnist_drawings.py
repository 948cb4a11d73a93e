"""Hand-drawn digits kept as a test set, and the accuracy of a network on them."""

from __future__ import annotations

import time

import numpy as np

from engine.data import user_drawings
from engine.models.images import grey_levels
from engine.models.images.centring import centre
from engine.session.cache import SessionCache
from engine.session.mnist_nets import open_net
from engine.session.mnist_network import drawn, fitting, head, shown
from engine.session_protocol.mnist import (
    DroppedDigits,
    DropRequest,
    KeepRequest,
    KeptDigit,
    KeptDigits,
    KeptMark,
    KeptPicture,
    KeptReport,
    KeptReportRequest,
    KeptRequest,
)


def keep(session_cache: SessionCache, request: KeepRequest) -> KeptMark:
    """Stored centred, as 28x28 pixels. Raises DataError."""
    picture = centre(drawn(request.pixels), user_drawings.SIDE)
    added = user_drawings.add(session_cache.places.drawn_digits, picture, request.label, time.time())
    return KeptMark(added.mark, len(user_drawings.read(session_cache.places.drawn_digits)))


def kept(session_cache: SessionCache, _: KeptRequest) -> KeptDigits:
    digits = user_drawings.read(session_cache.places.drawn_digits)
    return KeptDigits(
        [KeptDigit(one.mark, one.label, one.at, grey_levels.rows(one.pixels)) for one in digits]
    )


def drop(session_cache: SessionCache, request: DropRequest) -> DroppedDigits:
    dropped = user_drawings.remove(session_cache.places.drawn_digits, request.mark)
    return DroppedDigits(dropped, len(user_drawings.read(session_cache.places.drawn_digits)))


def kept_report(session_cache: SessionCache, request: KeptReportRequest) -> KeptReport:
    opened = open_net(session_cache, request.run, request.step)
    digits = user_drawings.read(session_cache.places.drawn_digits)
    confusion = np.zeros((10, 10), dtype=np.int64)
    images = []
    for one in digits:
        pixels = fitting(one.pixels, opened.net.side)
        logits = opened.net.logits(pixels[None])[0]
        images.append(KeptPicture(one.mark, **shown(pixels, one.label, logits)))
        confusion[one.label, logits.argmax()] += 1
    accuracy = float(confusion.trace() / len(digits)) if digits else None
    return KeptReport(
        **head(opened), count=len(digits), accuracy=accuracy, confusion=confusion.tolist(), images=images
    )
