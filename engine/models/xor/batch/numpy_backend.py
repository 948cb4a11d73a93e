"""Epochs in NumPy: a few dozen calls per epoch, however many networks there are."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.models.xor.batch.arrays import DIVERGED, SUCCESS, NetArrays, Singles
from engine.models.xor.batch.group import NetGroup
from engine.models.xor.batch.numpy_early_stopping import NumpyEarlyStopping
from engine.models.xor.batch.numpy_net import SHARES, NumpyNet, order
from engine.models.xor.batch.optimizer_constants import (
    EPSILON,
    MEAN_DECAY,
    MOMENTUM,
    SQUARE_DECAY,
    corrections,
)

ONE = np.float32(1)


class NumpyBackend:
    """Training in working memory for one group and width; not thread-safe."""

    def __init__(self, group: NetGroup, width: int) -> None:
        self.group = group
        self._order, self._net = order(group), NumpyNet(group, width)
        adam = group.size if group.optimizer == "adam" else 0
        self._spare = np.empty((adam, width), np.float32)

    def advance(self, nets: NetArrays, done: int, epochs: int) -> None:
        """Train `epochs` epochs after the first `done`. A network that ends keeps the weights it ended
        with."""
        with np.errstate(all="ignore"):
            self._advance(nets, done, epochs)

    def evaluate(self, nets: NetArrays) -> tuple[Singles, Singles, Any]:
        """(W,) each: loss over the four rows, loss over the validation points (without validation the same
        again), number of right rows."""
        net = self._net
        np.copyto(net.weights, nets.weights[self._order])
        with np.errstate(all="ignore"):
            net.forward(nets.sharpness)
            return net.loss(4), net.loss(self.group.points), net.correct()

    def _advance(self, nets: NetArrays, done: int, epochs: int) -> None:
        net, weights = self._net, self._net.weights
        np.copyto(weights, nets.weights[self._order])
        slots = [slot[self._order] for slot in (nets.first, nets.second)[: self.group.slots]]
        shares = SHARES * nets.lr if self.group.optimizer == "sgd" else SHARES
        stopping = NumpyEarlyStopping(nets, done)
        kept = weights.copy()
        net.forward(nets.sharpness)
        for epoch in range(done + 1, done + epochs + 1):
            track_best(net.loss(4), stopping.alive, nets.best_loss, nets.best_loss_at, epoch)
            self._update(nets, shares, slots, epoch)
            net.forward(nets.sharpness)
            ended = self._find_ended(nets, stopping, epoch)
            if ended is not None:
                kept[:, ended] = weights[:, ended]
                if not stopping.alive.any():
                    break
        stopping.finish(done + epochs)
        weights[:, ~stopping.alive] = kept[:, ~stopping.alive]
        nets.weights[self._order] = weights
        for slot, own in zip((nets.first, nets.second), slots, strict=False):
            slot[self._order] = own

    def _update(self, nets: NetArrays, shares: Singles, slots: list[Singles], epoch: int) -> None:
        step = self._net.backward(nets.sharpness, shares)
        if self.group.optimizer == "momentum":
            self._momentum_step(nets, step, *slots)
        elif self.group.optimizer == "adam":
            self._adam_step(nets, step, epoch, *slots)
        self._net.weights -= step

    def _momentum_step(self, nets: NetArrays, step: Singles, speed: Singles) -> None:
        speed *= MOMENTUM
        speed += step
        np.multiply(speed, nets.lr, out=step)

    def _adam_step(self, nets: NetArrays, step: Singles, epoch: int, first: Singles, second: Singles) -> None:
        spare, (mean_scale, root_scale) = self._spare, corrections(epoch, 1)
        first *= MEAN_DECAY
        first += np.multiply(step, ONE - MEAN_DECAY, out=spare)
        second *= SQUARE_DECAY
        step *= step
        step *= ONE - SQUARE_DECAY
        second += step
        np.sqrt(second, out=spare)
        spare *= root_scale[0]
        spare += EPSILON
        np.multiply(first, nets.lr * mean_scale[0], out=step)
        step /= spare

    def _find_ended(self, nets: NetArrays, stopping: NumpyEarlyStopping, epoch: int) -> Any | None:
        """(W,) networks that end at this epoch, None when all go on."""
        ended = None
        is_finite = np.isfinite(self._net.weights[self._net.last])
        if not is_finite.all():
            ended = stopping.end(~is_finite, DIVERGED, epoch)
        if self.group.validates:
            loss = self._net.loss(8)
            track_best(loss, stopping.alive, nets.best_val_loss, nets.best_val_loss_at, epoch)
            due = stopping.due(loss, epoch)
            if due is not None:
                won = stopping.end(due, SUCCESS, epoch)
                ended = won if ended is None else ended | won
        return ended


def track_best(loss: Singles, alive: Any, best: Singles, at: Any, epoch: int) -> None:
    """Keep the smallest loss and its epoch of each network that trains."""
    better = loss < best
    better &= alive
    if better.any():
        np.copyto(best, loss, where=better)
        at[better] = epoch
