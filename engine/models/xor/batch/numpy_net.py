"""Forward and backward pass of many networks in NumPy, in as few passes over memory as possible.

Every operation is elementwise over the networks and every sum has one order, so the bits of a network do not
depend on the others. The inputs are 0, 1 or a few tenths, so the input of a unit is a sum of weights. A
sigmoid is computed as (1 + tanh(z / 2)) / 2, its constants folded into the weights. A threshold unit is a
sigmoid of weights multiplied by 1/T. The bypass is one more unit, with the identity as activation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.xor.batch.arrays import Singles
from engine.models.xor.batch.group import NetGroup

ONE, HALF, POINT_NINE = np.float32(1), np.float32(0.5), np.float32(0.9)
LARGE = np.float32(80)
"""from this score on the loss equals the score"""
POINTS = 8
"""(0, 1), (1, 0), (0, 0), (1, 1), (1, .9), (1, .1), (.9, .9), (.1, .9), in this order"""
ONES = {4: (slice(0, 2),), POINTS: (slice(0, 2), slice(5, 8, 2))}
"""slices of the points whose answer is 1, by the number of points"""
SHARES = np.array([-0.25, -0.25, 0.25, 0.25], np.float32)[:, None]
"""factor of each row in the mean, with the sign of its error"""


def order(group: NetGroup) -> NDArray[np.intp]:
    """Row indices of the weights in the order used here: first inputs, second inputs and biases of all units
    (the bypass last), then those of the output. Without bypass it is the order of NetArrays."""
    k, last = group.hidden, group.size - 1
    if not group.bypass:
        return np.arange(group.size)
    ends = (group.bypass_row, group.bypass_row + 1, last)
    units = [row for part, end in enumerate(ends) for row in (*range(part * k, part * k + k), end)]
    return np.array([*units, *range(group.output_row, last)])


class NumpyNet:
    """Weights, in `order`, and working memory for one group and width; not thread-safe."""

    def __init__(self, group: NetGroup, width: int) -> None:
        self.group = group
        k, units = group.hidden, group.hidden + group.bypass
        self._is_soft = group.activation in ("sigmoid", "btu")
        self.weights, self.gradient = _rows(group.size, width), _rows(group.size, width)
        self.last = 3 * units - 1 if group.bypass else group.size - 1
        """the row of the output's bias"""
        is_btu = group.activation == "btu"
        self._used = _rows(group.size, width) if is_btu else self.weights
        self._slabs = self._used[: 3 * units].reshape(3, units, width)
        self._outputs = self._used[3 * units : 3 * units + k]
        spare = _rows(4 * units, width)  # used by the forward and by the backward pass
        self._inputs, self._scaled_inputs = spare[: 4 * units].reshape(2, 2, units, width)
        self._products = spare[: 4 * k].reshape(4, k, width)
        self._values = np.empty((group.points, units, width), np.float32)
        self._hidden, self._rows = self._values[:, :k], self._values[:4, :k]
        self._output_weights, self._halves = (_rows(k, width) for _ in range(2))
        self._scores, self._terms = _rows(group.points, width), _rows(group.points, width)
        self._base, self._row = _rows(2, width)
        if group.bypass:
            self._base = self._values[2, k]
        self._ones = [self._scores[ones] for ones in ONES[group.points]]
        self._errors, self._sums = _rows(4, width), _rows(3, width)
        self._steps = self.gradient[: 3 * units].reshape(3, units, width)
        self._output_step = self.gradient[3 * units : 3 * units + k]

    # --- forward --------------------------------------------------------------------------------------------

    def forward(self, sharpness: Singles) -> None:
        group, scores = self.group, self._scores
        if self._used is not self.weights:
            np.multiply(self.weights, sharpness, out=self._used)
        self._unit_inputs()
        if group.activation == "relu":
            np.maximum(self._hidden, 0, out=self._hidden)
        else:
            np.tanh(self._hidden, out=self._hidden)
        if group.hidden:
            np.einsum("pkw,kw->pw", self._hidden, self._output_weights, out=scores)
            scores += self._values[:, group.hidden] if group.bypass else self._base
        else:
            np.copyto(scores, self._values[:, 0])
        for ones in self._ones:
            np.negative(ones, out=ones)

    def _unit_inputs(self) -> None:
        """The inputs of the units at the points, and of the output at all of them."""
        z, inputs = self._values, self._inputs
        first, second = inputs
        for own, out in ((self._slabs[2], z[2]), (self._slabs[:2], inputs)):
            self._scale_inputs(own, out)
        self._output_base()
        np.add(z[2], first, out=z[1])
        np.add(z[2:0:-1], second, out=z[0:4:3])
        if len(z) == 4:
            return
        first, second = np.multiply(inputs, POINT_NINE, out=self._scaled_inputs)
        np.add(z[1:3], second, out=z[4:8:2])
        np.subtract(z[3], second, out=z[5])
        np.subtract(z[4], first, out=z[7])
        z[6] += first

    def _scale_inputs(self, own: Singles, out: Singles) -> None:
        """Copy weights, halved where they lead into a sigmoid."""
        if not self._is_soft:
            np.copyto(out, own)
            return
        k = self.group.hidden
        np.multiply(own[..., :k, :], HALF, out=out[..., :k, :])
        if self.group.bypass:
            np.copyto(out[..., k, :], own[..., k, :])

    def _output_base(self) -> None:
        """The bias of the output, with the constant 1/2 of every sigmoid added."""
        last = self._used[self.last]
        if self._is_soft:
            np.multiply(self._outputs, HALF, out=self._output_weights)
            np.add.reduce(self._output_weights, axis=0, out=self._row)
            np.add(last, self._row, out=self._base)
        else:
            np.copyto(self._output_weights, self._outputs)
            np.copyto(self._base, last)

    # --- backward -------------------------------------------------------------------------------------------

    def backward(self, sharpness: Singles, shares: Singles) -> Singles:
        """The gradient of the four rows; `shares` is SHARES times a factor of the gradient. Overwrites the
        unit values."""
        group, sums = self.group, self._sums
        errors = self._score_errors(shares)
        _sum_rows(errors, sums)
        if group.hidden:
            self._backward_hidden(errors)
        if group.bypass:
            np.copyto(self._steps[:, group.hidden], sums)
        else:
            np.copyto(self.gradient[self.last], sums[2])
        if group.activation == "btu":
            self.gradient *= sharpness
        return self.gradient

    def _score_errors(self, shares: Singles) -> Singles:
        """The derivative of the loss by the scores, (4, W)."""
        errors = np.negative(self._scores[:4], out=self._errors)
        np.exp(errors, out=errors)
        errors += ONE
        if self.group.loss == "bce":
            return np.divide(shares, errors, out=errors)
        wrong = np.divide(ONE, errors, out=errors)
        slopes = ONE - wrong
        slopes *= wrong
        slopes *= wrong
        return np.multiply(slopes, 2 * shares, out=errors)

    def _backward_hidden(self, errors: Singles) -> None:
        """Gradients of the output weights and, through the hidden units, of their input weights."""
        group, values, products = self.group, self._rows, self._products
        np.multiply(values, errors[:, None], out=products)
        output = np.add.reduce(products, axis=0, out=self._output_step)
        steps = self._steps[:, : group.hidden]
        if group.activation == "relu":
            np.multiply(values > 0, errors[:, None], out=products)
            _sum_rows(products, steps)
            steps *= self._output_weights
            return
        products *= values
        _sum_rows(products, steps)
        np.subtract(self._sums[:, None], steps, out=steps)
        output_weights = self._output_weights
        if self._is_soft:
            output += self._sums[2]
            output *= HALF
            output_weights = np.multiply(output_weights, HALF, out=self._halves)
        steps *= output_weights

    # --- evaluation -----------------------------------------------------------------------------------------

    def correct(self) -> Any:
        """(W,) rows of the four with the right answer."""
        return (self._scores[:4] < 0).sum(axis=0)

    def loss(self, points: int) -> Singles:
        """(W,) mean over the first `points` points, summed in one order."""
        scores, terms = self._scores[:points], self._terms[:points]
        if self.group.loss == "mse":
            np.negative(scores, out=terms)
            np.exp(terms, out=terms)
            terms += ONE
            np.divide(ONE, terms, out=terms)
            terms *= terms
        else:
            np.exp(scores, out=terms)
            np.log1p(terms, out=terms)
        mean: Singles = np.add.reduce(terms, axis=0)
        if not np.isfinite(mean).all():
            mean = self._large_losses(points, mean)
        mean *= np.float32(1 / points)
        return mean

    def _large_losses(self, points: int, found: Singles) -> Singles:
        """The loss sums, with those that overflowed exp computed from the scores."""
        scores = self._scores[:points]
        terms = np.where(scores > LARGE, scores, self._terms[:points])
        return np.where(np.isfinite(found), found, np.add.reduce(terms, axis=0))


def _rows(count: int, width: int) -> Singles:
    return np.zeros((count, width), np.float32)


def _sum_rows(rows: Singles, out: Singles) -> None:
    """Sums over the four rows for the weights of first inputs, of second inputs, and for biases."""
    np.add(rows[1], rows[3], out=out[0])
    np.add(rows[0], rows[3], out=out[1])
    np.add(rows[0], rows[2], out=out[2])
    out[2] += out[0]
