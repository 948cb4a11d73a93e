"""Epochs in NumPy: a few dozen calls for each, however many networks there are.

Every operation goes element by element over the networks and every sum is written out in one order, so a
network's bits do not depend on its neighbours. A reduction or a matrix product would break that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.models.lanes.block import DIVERGED, RUNNING, SUCCESS, Block, Singles
from engine.models.lanes.family import Family
from engine.models.lanes.schedule import EPSILON, MEAN_DECAY, MOMENTUM, SQUARE_DECAY, corrections

TRUTH = np.array([0, 1, 1, 0, 1, 0, 0, 1], dtype=np.float32)
"""of the four rows and the four points beside them"""
SIGNS = np.where(TRUTH > 0, -1, 1).astype(np.float32)[:, None]
TENTH, NINE_TENTHS = np.float32(0.1), np.float32(0.9)
ONE = np.float32(1)


class NumpyPath:
    """Working memory for blocks of one family and width; not to be shared by threads."""

    def __init__(self, family: Family, width: int) -> None:
        self.family = family
        shape = (family.points, family.hidden, width)
        self._hidden, self._slope = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self._scores = np.empty((8, width), np.float32)
        self._exps, self._sums = np.empty((8, width), np.float32), np.empty((8, width), np.float32)
        self._gradient = np.empty((family.size, width), np.float32)
        self._spare = np.empty((family.size, width), np.float32)

    def advance(self, block: Block, done: int, epochs: int) -> None:
        """Train `epochs` more, `done` being behind. What ends on the way keeps the weights it ended with."""
        with np.errstate(all="ignore"):
            self._advance(block, done, epochs)

    def look(self, block: Block) -> tuple[Singles, Singles, Any]:
        """As the weights are: losses over the four rows, over the validation points (without validation the
        same again), and how many rows are right."""
        points = self.family.points
        with np.errstate(all="ignore"):
            self._forward(block, points)
            self._sigmoids(points)
            right = (self._scores[:4] < 0).sum(axis=0)  # a signed score below 0 is on the right side
            return self._loss(4), self._loss(points), right

    def _advance(self, block: Block, done: int, epochs: int) -> None:
        kept = block.weights.copy()
        alive = block.outcome == RUNNING
        self._forward(block, self.family.points)
        self._sigmoids(self.family.points)
        for epoch in range(done + 1, done + epochs + 1):
            self._backward(block)
            self._update(block, epoch)
            self._forward(block, self.family.points)
            self._sigmoids(self.family.points)
            ended = self._ended(block, alive)
            if ended is not None:
                kept[:, ended] = block.weights[:, ended]
                block.stop[ended] = epoch
                alive &= ~ended
                if not alive.any():
                    break
        block.stop[alive] = done + epochs
        block.weights[:, ~alive] = kept[:, ~alive]

    def _forward(self, block: Block, points: int) -> None:
        """Signed scores of the first `points` points: how far each is on the wrong side."""
        family, weights, k = self.family, block.weights, self.family.hidden
        self._lines(weights[:k], weights[k : 2 * k], weights[2 * k : 3 * k], points)
        self._activate(block.sharpness, points)
        scores, row = self._scores[:points], family.output_row
        if family.bypass:
            first, second = weights[family.bypass_row], weights[family.bypass_row + 1]
            self._bypass(first, second, weights[-1], points)
        else:
            scores[:] = weights[-1]
        products = np.multiply(self._hidden[:points], weights[row : row + k], out=self._slope[:points])
        for unit in range(k):
            scores += products[:, unit]
        if family.activation == "btu":
            scores *= block.sharpness
        scores *= SIGNS[:points]

    def _lines(self, first: Singles, second: Singles, bias: Singles, points: int) -> None:
        """What goes into the hidden units, (points, k, W)."""
        z = self._hidden
        z[0] = bias
        np.add(bias, second, out=z[1])
        np.add(bias, first, out=z[2])
        np.add(z[2], second, out=z[3])
        if points == 8:
            _near(z[2], first, second, bias, z)

    def _bypass(self, first: Singles, second: Singles, bias: Singles, points: int) -> None:
        z = self._scores
        z[0] = bias
        np.add(bias, second, out=z[1])
        np.add(bias, first, out=z[2])
        np.add(z[2], second, out=z[3])
        if points == 8:
            _near(z[2], first, second, bias, z)

    def _activate(self, sharpness: Singles, points: int) -> None:
        z, kind = self._hidden[:points], self.family.activation
        if kind == "tanh":
            np.tanh(z, out=z)
        elif kind == "relu":
            np.maximum(z, 0, out=z)
        else:
            if kind == "btu":
                z *= sharpness
            np.negative(z, out=z)
            np.exp(z, out=z)
            z += ONE
            np.divide(ONE, z, out=z)

    def _sigmoids(self, points: int) -> None:
        """exp(-|score|), 1 + that, and in the end the probability of the wrong answer."""
        scores, exps, sums = self._scores[:points], self._exps[:points], self._sums[:points]
        np.abs(scores, out=exps)
        np.negative(exps, out=exps)
        np.exp(exps, out=exps)
        np.add(exps, ONE, out=sums)

    def _wrong(self, points: int) -> Singles:
        """The probability of the wrong answer. Overwrites nothing that the loss needs."""
        chances = np.copy(self._exps[:points])
        np.copyto(chances, ONE, where=self._scores[:points] > 0)
        chances /= self._sums[:points]
        return chances

    def _loss(self, points: int) -> Singles:
        """The mean over the points, in one order."""
        if self.family.loss == "mse":
            squares = self._wrong(points)
            squares *= squares
            total = squares[0]
            for point in range(1, points):
                total += squares[point]
            mean: Singles = total * np.float32(1 / points)
            return mean
        over = np.maximum(self._scores[:points], 0)
        exps, total = self._exps, over[0]
        product = exps[0].copy()  # product of (1 + exp) less 1, which keeps what is tiny
        for point in range(1, points):
            product += exps[point] * (product + ONE)
            total += over[point]
        total += np.log1p(product)
        total *= np.float32(1 / points)
        found: Singles = total
        return found

    def _backward(self, block: Block) -> None:
        """The gradient of the four rows."""
        family, weights, gradient = self.family, block.weights, self._gradient
        k, row = family.hidden, family.output_row
        errors = self._errors(block)  # (4, W)
        hidden, slope = self._hidden[:4], self._slope[:4]
        _add_rows(errors, gradient[-1])
        if family.bypass:
            np.add(errors[2], errors[3], out=gradient[row - 2])
            np.add(errors[1], errors[3], out=gradient[row - 1])
        if not k:
            return
        self._slopes(block.sharpness)
        slope *= weights[row : row + k]
        slope *= errors[:, None]
        hidden *= errors[:, None]
        _add_rows(hidden, gradient[row : row + k])
        _add_rows(slope, gradient[2 * k : 3 * k])
        np.add(slope[2], slope[3], out=gradient[:k])
        np.add(slope[1], slope[3], out=gradient[k : 2 * k])

    def _errors(self, block: Block) -> Singles:
        """The loss by the scores, (4, W)."""
        wrong = self._wrong(4)
        if self.family.loss == "mse":
            wrong *= wrong * (ONE - wrong) * np.float32(2)
        wrong *= SIGNS[:4] * np.float32(0.25)
        if self.family.activation == "btu":
            wrong *= block.sharpness
        return wrong

    def _slopes(self, sharpness: Singles) -> None:
        """How much the hidden units' outputs change with their inputs."""
        hidden, slope, kind = self._hidden[:4], self._slope[:4], self.family.activation
        if kind == "relu":
            np.copyto(slope, hidden > 0)
            return
        if kind == "tanh":
            np.multiply(hidden, hidden, out=slope)
            np.subtract(ONE, slope, out=slope)
            return
        np.subtract(ONE, hidden, out=slope)
        slope *= hidden
        if kind == "btu":
            slope *= sharpness

    def _update(self, block: Block, epoch: int) -> None:
        gradient, spare = self._gradient, self._spare
        if self.family.optimizer == "sgd":
            np.multiply(gradient, block.lr, out=gradient)
        elif self.family.optimizer == "momentum":
            block.first *= MOMENTUM
            block.first += gradient
            np.multiply(block.first, block.lr, out=gradient)
        else:
            mean_scale, root_scale = corrections(epoch, 1)
            block.first *= MEAN_DECAY
            block.first += np.multiply(gradient, ONE - MEAN_DECAY, out=spare)
            block.second *= SQUARE_DECAY
            gradient *= gradient
            gradient *= ONE - SQUARE_DECAY
            block.second += gradient
            np.sqrt(block.second, out=spare)
            spare *= root_scale[0]
            spare += EPSILON
            np.multiply(block.first, block.lr * mean_scale[0], out=gradient)
            gradient /= spare
        block.weights -= gradient

    def _ended(self, block: Block, alive: Any) -> Any | None:
        """Which networks end here, None when all go on."""
        is_broken = ~np.isfinite(block.weights[-1])
        ended = is_broken & alive
        block.outcome[ended] = DIVERGED
        if self.family.validates:
            has_won = self._wait(block, alive & ~is_broken)
            block.outcome[has_won] = SUCCESS
            ended |= has_won
        return ended if ended.any() else None

    def _wait(self, block: Block, alive: Any) -> Any:
        """Early stopping: which have been good enough, and no better for so many epochs."""
        loss = self._loss(8)
        is_better = (loss < block.best - block.min_delta) & alive
        np.copyto(block.best, loss, where=is_better)
        block.waited += alive
        block.waited[is_better] = 0
        is_tired = (block.waited >= block.patience) & (block.patience > 0)
        return is_tired & (block.best < block.target) & alive


def _near(at_first: Singles, first: Singles, second: Singles, bias: Singles, out: Singles) -> None:
    """The points (1, .1), (1, .9), (.9, .9) and (.1, .9) into out[4:8]."""
    most = second * NINE_TENTHS
    np.add(at_first, second * TENTH, out=out[4])
    np.add(at_first, most, out=out[5])
    most += bias
    np.add(most, first * NINE_TENTHS, out=out[6])
    np.add(most, first * TENTH, out=out[7])


def _add_rows(rows: Singles, out: Singles) -> None:
    np.add(rows[0], rows[1], out=out)
    out += rows[2]
    out += rows[3]
