"""The loss of every network over the epochs, in bounded memory: when it is full, every second point goes."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.models.xor.batch.arrays import Singles

FEWEST, MOST, BUDGET = 16, 128, 4_000_000
"""points of a curve; numbers of all of them"""


class LossCurves:
    def __init__(self, lanes: int, stride: int) -> None:
        room = min(MOST, max(FEWEST, BUDGET // max(lanes, 1)))
        self.loss: Singles = np.zeros((room, lanes), np.float32)
        self.val_loss: Singles = np.zeros((room, lanes), np.float32)
        self.stride, self.count = stride, 0
        """a point every `stride` epochs; `count` of them so far"""

    def see(self, epoch: int, loss: Singles, val_loss: Singles) -> None:
        """To be called in the order of the epochs; what lies between two points is left out."""
        if epoch % self.stride:
            return
        if self.count == len(self.loss):
            self._halve()
            if epoch % self.stride:
                return
        self.loss[self.count], self.val_loss[self.count] = loss, val_loss
        self.count += 1

    def _halve(self) -> None:
        """Points lie at stride, 2 stride, ...: the even ones stay."""
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
