"""A block: some networks of a family as a struct of arrays, the network always the last, contiguous index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RUNNING, SUCCESS, FAIL, DIVERGED, STOPPED = range(5)
OUTCOMES = ("running", "success", "fail", "diverged", "stopped")

Singles = NDArray[np.float32]
Longs = NDArray[np.int32]


@dataclass(slots=True)
class NetArrays:
    """W networks with P weights each."""

    weights: Singles
    """(P, W)"""
    first: Singles
    """(P, W), the optimizer's; (0, W) where it keeps none"""
    second: Singles
    lr: Singles
    """(W,), as all that follow"""
    sharpness: Singles
    """1/T for threshold units, else 1"""
    min_delta: Singles
    target: Singles
    patience: Longs
    best: Singles
    """validation loss"""
    waited: Longs
    outcome: Longs
    stop: Longs
    """epochs trained"""
    best_loss: Singles
    """the smallest so far of what a run of the network alone logs: before each update"""
    best_loss_at: Longs
    """the epoch of it"""
    best_val_loss: Singles
    """likewise, after each update; of families that validate"""
    best_val_loss_at: Longs

    @property
    def width(self) -> int:
        return len(self.lr)

    def narrowed(self, start: int, end: int) -> NetArrays:
        """Views of some of the networks."""
        return NetArrays(*(getattr(self, name)[..., start:end] for name in FIELDS))

    def take(self, lanes: NDArray[Any], whole: int) -> NetArrays:
        """Copies of some, the last one repeated until the width is a multiple of `whole`."""
        padding = -len(lanes) % whole
        chosen = np.concatenate([lanes, np.repeat(lanes[-1:], padding)])
        return NetArrays(*(np.ascontiguousarray(getattr(self, name)[..., chosen]) for name in FIELDS))

    def put(self, lanes: NDArray[Any], block: NetArrays) -> None:
        """Bring back what `take` gave."""
        for name in CHANGING:
            getattr(self, name)[..., lanes] = getattr(block, name)[..., : len(lanes)]


FIELDS = tuple(NetArrays.__annotations__)
BESTS = ("best_loss", "best_loss_at", "best_val_loss", "best_val_loss_at")
CHANGING = ("weights", "first", "second", "best", "waited", "outcome", "stop", *BESTS)
