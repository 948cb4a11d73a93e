"""Accuracy of a network on pictures that are shifted or covered with noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.errors import ParamError
from engine.models.images.distortion import DIRECTIONS, add_noise, shift
from engine.session import mnist_sets
from engine.session.cache import SessionCache
from engine.session.mnist_nets import OpenNet, open_net
from engine.session.mnist_network import head
from engine.session_protocol.mnist import RobustnessPoints, RobustnessRequest

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
    part = mnist_sets.run_pictures(session_cache, opened).part(request.split)
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
