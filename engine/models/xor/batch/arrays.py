"""Groups of networks of one shape, and some networks of a group as a struct of arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.built_in_experiments import BATCH_ACTIVATIONS

ACTIVATIONS = BATCH_ACTIVATIONS
LOSSES = ("bce", "mse")
OPTIMIZERS = ("sgd", "momentum", "adam")


@dataclass(frozen=True, slots=True, order=True)
class NetGroup:
    """Networks of one architecture, loss and optimizer, which are trained in the same arrays."""

    hidden: int
    bypass: bool
    activation: str
    loss: str
    optimizer: str
    validates: bool
    """whether the loss over the eight validation points is taken after every epoch"""

    @property
    def size(self) -> int:
        """Weights of one network; rows: first input, second input, bias, (bypass), output, output bias."""
        return 4 * self.hidden + (2 if self.bypass else 0) + 1

    @property
    def slots(self) -> int:
        """Arrays that the optimizer keeps for each weight."""
        return OPTIMIZERS.index(self.optimizer)


RUNNING, SUCCESS, FAIL, DIVERGED, STOPPED = range(5)
OUTCOMES = ("running", "success", "fail", "diverged", "stopped")

Singles = NDArray[np.float32]
Longs = NDArray[np.int32]


@dataclass(slots=True)
class NetArrays:
    """W networks of one group with P weights each; the network is the last, contiguous index."""

    weights: Singles
    """(P, W)"""
    first: Singles
    """(P, W), the first moment of the optimizer; (0, W) where it keeps none"""
    second: Singles
    """(P, W), the second moment, likewise"""
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
    """the smallest training loss so far; a loss is taken before each update, as a run of one network logs
    it"""
    best_loss_at: Longs
    """the epoch of it"""
    best_val_loss: Singles
    """the smallest validation loss so far, taken after each update; only in groups that validate"""
    best_val_loss_at: Longs

    @property
    def width(self) -> int:
        return len(self.lr)

    def take(self, indices: NDArray[Any], multiple: int) -> NetArrays:
        """Copies of the networks at `indices`, the last one repeated until the width is a multiple of
        `multiple`."""
        padding = -len(indices) % multiple
        chosen = np.concatenate([indices, np.repeat(indices[-1:], padding)])
        return NetArrays(*(np.ascontiguousarray(getattr(self, name)[..., chosen]) for name in FIELDS))

    def put(self, indices: NDArray[Any], nets: NetArrays) -> None:
        """Write the fields that training changes back from a copy made by `take`."""
        for name in MUTABLE_FIELDS:
            getattr(self, name)[..., indices] = getattr(nets, name)[..., : len(indices)]


FIELDS = tuple(NetArrays.__annotations__)
BESTS = ("best_loss", "best_loss_at", "best_val_loss", "best_val_loss_at")
MUTABLE_FIELDS = ("weights", "first", "second", "best", "waited", "outcome", "stop", *BESTS)
