"""Early stopping of many networks at once in NumPy, with few calls per epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.models.xor.batch.arrays import RUNNING, NetArrays, Singles

NEVER = 2**62


class NumpyEarlyStopping:
    """Patience, target and best validation loss of W networks; ended networks are never better and never
    due."""

    def __init__(self, nets: NetArrays, done: int) -> None:
        self._nets = nets
        self.alive = nets.outcome == RUNNING
        patience = nets.patience.astype(np.int64)
        self._patience = np.where(patience > 0, patience, NEVER // 2)
        self._best_epoch = done - nets.waited.astype(np.int64)
        """the epoch of the best loss of each"""
        self._due = np.where(self.alive, self._best_epoch + self._patience, NEVER)
        self._delta = np.where(self.alive, nets.min_delta, np.float32(np.inf))
        self._threshold = nets.best - self._delta

    def due(self, loss: Singles, epoch: int) -> Any | None:
        """(W,) networks below their target whose patience is over; None where there is none. Updates the best
        losses."""
        best = self._nets.best
        better = loss < self._threshold
        if better.any():
            np.copyto(best, loss, where=better)
            np.copyto(self._due, self._patience + epoch, where=better)
            np.subtract(best, self._delta, out=self._threshold)
        due = self._due <= epoch
        due &= best < self._nets.target
        return due if due.any() else None

    def end(self, chosen: Any, outcome: int, epoch: int) -> Any:
        """End the chosen networks; returns those that were alive."""
        ended = chosen & self.alive
        self._store_waited(ended, epoch)
        self._nets.outcome[ended] = outcome
        self._nets.stop[ended] = epoch
        self.alive &= ~ended
        self._due[ended], self._delta[ended], self._threshold[ended] = NEVER, np.inf, -np.inf
        return ended

    def finish(self, epoch: int) -> None:
        """Store `waited` and `stop` of the networks still alive, after the last epoch."""
        self._store_waited(self.alive, epoch)
        self._nets.stop[self.alive] = epoch

    def _store_waited(self, chosen: Any, epoch: int) -> None:
        since = self._due[chosen] - self._patience[chosen]
        self._nets.waited[chosen] = epoch - since
