"""Epochs in NumPy: a few dozen calls for each, however many networks there are."""

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


class NumpyPath:
    """Working memory for blocks of one family and width; not to be shared by threads."""

    def __init__(self, group: NetGroup, width: int) -> None:
        self.group = group
        self._order, self._net = order(group), NumpyNet(group, width)
        adam = group.size if group.optimizer == "adam" else 0
        self._spare = np.empty((adam, width), np.float32)

    def advance(self, block: NetArrays, done: int, epochs: int) -> None:
        """Train `epochs` more, `done` being behind. What ends on the way keeps the weights it ended with."""
        with np.errstate(all="ignore"):
            self._advance(block, done, epochs)

    def look(self, block: NetArrays) -> tuple[Singles, Singles, Any]:
        """As the weights are: losses over the four rows, over the validation points (without validation the
        same again), and how many rows are right."""
        net = self._net
        np.copyto(net.weights, block.weights[self._order])
        with np.errstate(all="ignore"):
            net.forward(block.sharpness)
            return net.loss(4), net.loss(self.group.points), net.right()

    def _advance(self, block: NetArrays, done: int, epochs: int) -> None:
        net, weights = self._net, self._net.weights
        np.copyto(weights, block.weights[self._order])
        slots = [slot[self._order] for slot in (block.first, block.second)[: self.group.slots]]
        shares = SHARES * block.lr if self.group.optimizer == "sgd" else SHARES
        wait = NumpyEarlyStopping(block, done)
        kept = weights.copy()
        net.forward(block.sharpness)
        for epoch in range(done + 1, done + epochs + 1):
            note_best(net.loss(4), wait.alive, block.best_loss, block.best_loss_at, epoch)
            self._update(block, shares, slots, epoch)
            net.forward(block.sharpness)
            ended = self._ended(block, wait, epoch)
            if ended is not None:
                kept[:, ended] = weights[:, ended]
                if not wait.alive.any():
                    break
        wait.close(done + epochs)
        weights[:, ~wait.alive] = kept[:, ~wait.alive]
        block.weights[self._order] = weights
        for slot, own in zip((block.first, block.second), slots, strict=False):
            slot[self._order] = own

    def _update(self, block: NetArrays, shares: Singles, slots: list[Singles], epoch: int) -> None:
        step = self._net.backward(block.sharpness, shares)
        if self.group.optimizer == "momentum":
            self._gain_momentum(block, step, *slots)
        elif self.group.optimizer == "adam":
            self._adapt(block, step, epoch, *slots)
        self._net.weights -= step

    def _gain_momentum(self, block: NetArrays, step: Singles, speed: Singles) -> None:
        speed *= MOMENTUM
        speed += step
        np.multiply(speed, block.lr, out=step)

    def _adapt(self, block: NetArrays, step: Singles, epoch: int, first: Singles, second: Singles) -> None:
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
        np.multiply(first, block.lr * mean_scale[0], out=step)
        step /= spare

    def _ended(self, block: NetArrays, wait: NumpyEarlyStopping, epoch: int) -> Any | None:
        """Which networks end here, None when all go on."""
        ended = None
        is_sound = np.isfinite(self._net.weights[self._net.last])
        if not is_sound.all():
            ended = wait.end(~is_sound, DIVERGED, epoch)
        if self.group.validates:
            loss = self._net.loss(8)
            note_best(loss, wait.alive, block.best_val_loss, block.best_val_loss_at, epoch)
            tired = wait.tired(loss, epoch)
            if tired is not None:
                won = wait.end(tired, SUCCESS, epoch)
                ended = won if ended is None else ended | won
        return ended


def note_best(loss: Singles, alive: Any, best: Singles, at: Any, epoch: int) -> None:
    """Keep what is smaller than ever, and its epoch, of the networks that train."""
    better = loss < best
    better &= alive
    if better.any():
        np.copyto(best, loss, where=better)
        at[better] = epoch
