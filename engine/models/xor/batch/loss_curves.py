"""The loss of every network over the epochs, in bounded memory: when it is full, every second point is
dropped."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.models.xor.batch.arrays import Singles

FEWEST, MOST, BUDGET = 16, 128, 4_000_000
"""least and most points of a curve; most numbers of all curves together"""


class LossCurves:
    def __init__(self, networks: int, stride: int) -> None:
        points = min(MOST, max(FEWEST, BUDGET // max(networks, 1)))
        self.loss: Singles = np.zeros((points, networks), np.float32)
        self.val_loss: Singles = np.zeros((points, networks), np.float32)
        self.stride, self.count = stride, 0
        """epochs between points; points so far"""

    def add(self, epoch: int, loss: Singles, val_loss: Singles) -> None:
        """Append a point where `epoch` is a multiple of the stride. Epochs have to rise from call to call."""
        if epoch % self.stride:
            return
        if self.count == len(self.loss):
            self._halve()
            if epoch % self.stride:
                return
        self.loss[self.count], self.val_loss[self.count] = loss, val_loss
        self.count += 1

    def _halve(self) -> None:
        """Points are at stride, 2 * stride, ...: the even ones are kept."""
        self.count //= 2
        self.stride *= 2
        for curve in (self.loss, self.val_loss):
            curve[: self.count] = curve[1 : 2 * self.count : 2]
            curve[self.count :] = 0

    @property
    def epochs(self) -> Any:
        return np.arange(1, self.count + 1, dtype=np.int64) * self.stride

    def state_dict(self) -> dict[str, Any]:
        return {"stride": self.stride, "count": self.count}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.stride, self.count = int(state["stride"]), int(state["count"])
