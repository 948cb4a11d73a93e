"""A cohort: all networks of one family in a batch, those at their end too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.xor import initial_weights
from engine.models.xor.batch.arrays import (
    BESTS,
    DIVERGED,
    FAIL,
    RUNNING,
    STOPPED,
    SUCCESS,
    NetArrays,
    Singles,
)
from engine.models.xor.batch.group import NetGroup
from engine.models.xor.batch.numpy_path import NumpyPath
from engine.models.xor.batch.plan import PARAMS, BatchPlan

WORST = float(np.finfo(np.float32).max)
"""stands for a loss that is not known or not finite"""
SCHEMES = PARAMS["initial"].choices


class GroupTraining:
    def __init__(self, group: NetGroup, lanes: NDArray[np.int64], plan: BatchPlan) -> None:
        self.group, self.lanes = group, lanes
        self._columns = {name: column[lanes] for name, column in plan.columns.items()}
        self.epochs = self._columns["epochs"]
        self.block = self._block()
        self.loss = np.full(len(lanes), WORST, np.float32)
        self.val_loss = np.full(len(lanes), WORST, np.float32)
        self.right = np.zeros(len(lanes), np.int32)
        """of the four rows"""

    @property
    def running(self) -> NDArray[np.int64]:
        """Positions within the cohort."""
        return np.flatnonzero(self.block.outcome == RUNNING)

    def look(self, chosen: NDArray[Any], block: NetArrays) -> None:
        """Note how the chosen networks do with the weights of `block`."""
        seen = NumpyPath(self.group, block.width).look(block)
        for name, values in zip(("loss", "val_loss", "right"), seen, strict=True):
            getattr(self, name)[chosen] = np.nan_to_num(values[: len(chosen)], nan=WORST, posinf=WORST)

    def close(self, epoch: int) -> None:
        """End what has had all its epochs or holds something that is not finite; tidy what has ended."""
        block = self.block
        is_finite = np.isfinite(block.weights).all(axis=0)
        for slots in (block.first, block.second):
            is_finite &= np.isfinite(slots).all(axis=0)
        block.outcome[(block.outcome == RUNNING) & ~is_finite] = DIVERGED
        is_last = (block.outcome == RUNNING) & (self.epochs <= epoch)
        has_learned = (block.patience == 0) & (self.right == 4)
        block.outcome[is_last] = np.where(has_learned, SUCCESS, FAIL)[is_last]
        block.weights[:, block.outcome == DIVERGED] = 0
        block.first[:, block.outcome != RUNNING] = 0
        block.second[:, block.outcome != RUNNING] = 0

    def stop(self, chosen: NDArray[Any], epoch: int) -> None:
        """Those of the chosen that still train."""
        block = self.block
        chosen = chosen[block.outcome[chosen] == RUNNING]
        block.outcome[chosen], block.stop[chosen] = STOPPED, epoch
        block.first[:, chosen] = 0
        block.second[:, chosen] = 0

    def arrays(self) -> dict[str, Any]:
        """All that changes, but the weights."""
        block = self.block
        return {
            "first": block.first, "second": block.second, "best": block.best, "waited": block.waited,
            "outcome": block.outcome, "stop": block.stop, "loss": self.loss, "val_loss": self.val_loss,
            "right": self.right, **{name: getattr(block, name) for name in BESTS},
        }  # fmt: skip

    def _block(self) -> NetArrays:
        group, count, columns = self.group, len(self.lanes), self._columns
        is_btu = group.activation == "btu"
        return NetArrays(
            weights=self._start(),
            first=np.zeros((group.size if group.slots > 0 else 0, count), np.float32),
            second=np.zeros((group.size if group.slots > 1 else 0, count), np.float32),
            lr=_singles(columns["lr"]),
            sharpness=_singles(1 / columns["temperature"] if is_btu else np.ones(count)),
            min_delta=_singles(columns["min_delta"]),
            target=_singles(columns["target"]),
            patience=np.minimum(columns["patience"], 2**31 - 1).astype(np.int32),
            best=np.full(count, WORST, np.float32),
            waited=np.zeros(count, np.int32),
            outcome=np.zeros(count, np.int32),
            stop=np.zeros(count, np.int32),
            best_loss=np.full(count, WORST, np.float32),
            best_loss_at=np.zeros(count, np.int32),
            best_val_loss=np.full(count, WORST, np.float32),
            best_val_loss_at=np.zeros(count, np.int32),
        )

    def _start(self) -> Singles:
        weights = np.zeros((self.group.size, len(self.lanes)), np.float32)
        for code, scheme in enumerate(SCHEMES):
            chosen = np.flatnonzero(self._columns["initial"] == code)
            if len(chosen):
                seeds = self._columns["seed"][chosen]
                weights[:, chosen] = packed(
                    initial_weights.start(seeds, self.group.hidden, self.group.bypass, scheme)
                )
        return weights


def _singles(values: NDArray[np.float64]) -> Singles:
    return np.minimum(values, WORST).astype(np.float32)


def packed(start: initial_weights.InitialWeights) -> Singles:
    """(P, N) in the order of a block."""
    first, second = start.hidden_weight[:, 0], start.hidden_weight[:, 1]
    rows: Singles = np.concatenate(
        [first, second, start.hidden_bias, start.output_weight, start.output_bias[None]]
    )
    return rows


def unpacked(hidden: int, row: Singles) -> dict[str, Any]:
    """One network's (P,) by the names of `xor_net.net`."""
    first, second, bias, output = np.split(row[:-1].astype(float), [hidden, 2 * hidden, 3 * hidden])
    return {
        "hidden_weight": np.stack([first, second], axis=1).tolist(),
        "hidden_bias": bias.tolist(),
        "output_weight": output.tolist(),
        "output_bias": float(row[-1]),
    }
