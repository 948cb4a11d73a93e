"""State of the training of one group: all its networks in the batch, ended ones included."""

from __future__ import annotations

from collections.abc import Iterable
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
from engine.models.xor.batch.plan import PARAMS, BatchPlan

WORST = float(np.finfo(np.float32).max)
"""written for a loss that is unknown or not finite"""
SCHEMES = PARAMS["initial"].choices


class GroupTraining:
    def __init__(self, group: NetGroup, indices: NDArray[np.int64], plan: BatchPlan) -> None:
        self.group, self.indices = group, indices
        self._columns = {name: column[indices] for name, column in plan.columns.items()}
        self.epochs = self._columns["epochs"]
        self.nets = self._initial_arrays()
        self.loss = np.full(len(indices), WORST, np.float32)
        self.val_loss = np.full(len(indices), WORST, np.float32)
        self.right = np.zeros(len(indices), np.int32)
        """rows (of four) with the right answer"""

    @property
    def running(self) -> NDArray[np.int64]:
        """Positions within the group of the networks that still train."""
        return np.flatnonzero(self.nets.outcome == RUNNING)

    def store(self, chosen: NDArray[Any], nets: NetArrays, evaluation: Iterable[NDArray[Any]]) -> None:
        """Store the trained networks, and their losses and right answers, as those of the chosen indices."""
        self.nets.put(chosen, nets)
        for name, values in zip(("loss", "val_loss", "right"), evaluation, strict=True):
            getattr(self, name)[chosen] = np.nan_to_num(values[: len(chosen)], nan=WORST, posinf=WORST)

    def update_outcomes(self, epoch: int) -> None:
        """End networks at their last epoch or with values that are not finite; clear the optimizer state of
        ended ones."""
        nets = self.nets
        is_finite = np.isfinite(nets.weights).all(axis=0)
        for slots in (nets.first, nets.second):
            is_finite &= np.isfinite(slots).all(axis=0)
        nets.outcome[(nets.outcome == RUNNING) & ~is_finite] = DIVERGED
        is_last = (nets.outcome == RUNNING) & (self.epochs <= epoch)
        has_learned = (nets.patience == 0) & (self.right == 4)
        nets.outcome[is_last] = np.where(has_learned, SUCCESS, FAIL)[is_last]
        nets.weights[:, nets.outcome == DIVERGED] = 0
        nets.first[:, nets.outcome != RUNNING] = 0
        nets.second[:, nets.outcome != RUNNING] = 0

    def stop(self, chosen: NDArray[Any], epoch: int) -> None:
        """Stop those of the chosen networks that still train."""
        nets = self.nets
        chosen = chosen[nets.outcome[chosen] == RUNNING]
        nets.outcome[chosen], nets.stop[chosen] = STOPPED, epoch
        nets.first[:, chosen] = 0
        nets.second[:, chosen] = 0

    def arrays(self) -> dict[str, Any]:
        """Every array that training changes, except the weights."""
        nets = self.nets
        return {
            "first": nets.first, "second": nets.second, "best": nets.best, "waited": nets.waited,
            "outcome": nets.outcome, "stop": nets.stop, "loss": self.loss, "val_loss": self.val_loss,
            "right": self.right, **{name: getattr(nets, name) for name in BESTS},
        }  # fmt: skip

    def _initial_arrays(self) -> NetArrays:
        group, count, columns = self.group, len(self.indices), self._columns
        is_btu = group.activation == "btu"
        return NetArrays(
            weights=self._initial_weights(),
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

    def _initial_weights(self) -> Singles:
        weights = np.zeros((self.group.size, len(self.indices)), np.float32)
        for code, scheme in enumerate(SCHEMES):
            chosen = np.flatnonzero(self._columns["initial"] == code)
            if len(chosen):
                seeds = self._columns["seed"][chosen]
                weights[:, chosen] = packed(
                    initial_weights.draw(seeds, self.group.hidden, self.group.bypass, scheme)
                )
        return weights


def _singles(values: NDArray[np.float64]) -> Singles:
    return np.minimum(values, WORST).astype(np.float32)


def packed(start: initial_weights.InitialWeights) -> Singles:
    """(P, N), rows in the order of NetGroup.size."""
    first, second = start.hidden_weight[:, 0], start.hidden_weight[:, 1]
    rows: Singles = np.concatenate(
        [first, second, start.hidden_bias, start.output_weight, start.output_bias[None]]
    )
    return rows


def unpacked(hidden: int, row: Singles) -> dict[str, Any]:
    """The weights (P,) of one network as keyword arguments of `xor_net.net`."""
    first, second, bias, output = np.split(row[:-1].astype(float), [hidden, 2 * hidden, 3 * hidden])
    return {
        "hidden_weight": np.stack([first, second], axis=1).tolist(),
        "hidden_bias": bias.tolist(),
        "output_weight": output.tolist(),
        "output_bias": float(row[-1]),
    }
