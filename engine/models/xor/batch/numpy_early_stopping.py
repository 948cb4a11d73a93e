"""Early stopping of a block in NumPy, by few calls for each epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.models.xor.batch.arrays import RUNNING, NetArrays, Singles

NEVER = 2**62


class NumpyEarlyStopping:
    """Those at their end are never better and never due."""

    def __init__(self, block: NetArrays, done: int) -> None:
        self._block = block
        self.alive = block.outcome == RUNNING
        patience = block.patience.astype(np.int64)
        self._patience = np.where(patience > 0, patience, NEVER // 2)
        self._since = done - block.waited.astype(np.int64)
        """the epoch at which each was last better"""
        self._due = np.where(self.alive, self._since + self._patience, NEVER)
        self._delta = np.where(self.alive, block.min_delta, np.float32(np.inf))
        self._bar = block.best - self._delta

    def tired(self, loss: Singles, epoch: int) -> Any | None:
        """Which have been good enough, and no better for so many epochs; None where there is none."""
        best = self._block.best
        better = loss < self._bar
        if better.any():
            np.copyto(best, loss, where=better)
            np.copyto(self._due, self._patience + epoch, where=better)
            np.subtract(best, self._delta, out=self._bar)
        tired = self._due <= epoch
        tired &= best < self._block.target
        return tired if tired.any() else None

    def end(self, chosen: Any, outcome: int, epoch: int) -> Any:
        """Those of the chosen that were alive, which they no longer are."""
        ended = chosen & self.alive
        self._note(ended, epoch)
        self._block.outcome[ended] = outcome
        self._block.stop[ended] = epoch
        self.alive &= ~ended
        self._due[ended], self._delta[ended], self._bar[ended] = NEVER, np.inf, -np.inf
        return ended

    def close(self, epoch: int) -> None:
        """Of all still alive, after the last epoch."""
        self._note(self.alive, epoch)
        self._block.stop[self.alive] = epoch

    def _note(self, chosen: Any, epoch: int) -> None:
        since = self._due[chosen] - self._patience[chosen]
        self._block.waited[chosen] = epoch - since
