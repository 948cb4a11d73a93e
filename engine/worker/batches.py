"""Shuffled batches as functions of the step, so that a resumed run needs no more than its step."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.data.example_order import order
from engine.errors import ParamError


@dataclass(frozen=True, slots=True)
class Batch:
    """The examples of one update."""

    step: int
    """the update, from 1"""
    rows: NDArray[np.int64]
    """indices of the examples"""
    epoch: int
    """from 0"""
    ends_epoch: bool
    """it is the last one of its epoch"""


@dataclass(slots=True)
class BatchOrder:
    """Each epoch has every example once, in an order of its own; its last batch may be smaller."""

    seed: int
    examples: int
    size: int
    _epoch: int = field(default=-1, init=False)
    _order: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64), init=False)

    def __post_init__(self) -> None:
        """Raises ParamError."""
        for what, count in (("examples", self.examples), ("batch", self.size)):
            if count < 1:
                raise ParamError(f"{what}: expected 1 or more, got {count}.")

    @property
    def per_epoch(self) -> int:
        return -(-self.examples // self.size)

    def batch(self, step: int) -> Batch:
        epoch, number = divmod(step - 1, self.per_epoch)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, order(self.seed, epoch, self.examples)
        rows = self._order[number * self.size : (number + 1) * self.size]
        return Batch(step, rows, epoch, ends_epoch=number == self.per_epoch - 1)
