"""One XOR network in NumPy: its outputs and losses, the lines of its units, the gates they compute.

Layout, as in the checkpoints of `xor`: hidden weights (k, 2), hidden biases (k,), output weights (m,) with
the two inputs first when they bypass the hidden layer, one output bias. All in float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import ParamError

Floats = NDArray[np.float64]

ROWS: Floats = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TRUTH: Floats = np.array([0.0, 1.0, 1.0, 0.0])
NEAR: Floats = np.array([[1.0, 0.1], [1.0, 0.9], [0.9, 0.9], [0.1, 0.9]])
"""points near the corners; together with the rows they are the validation points"""
NEAR_TRUTH: Floats = np.array([1.0, 0.0, 0.0, 1.0])
LOW, HIGH = -0.5, 1.5
"""both ends of either side of the square that is drawn"""
ACTIVATIONS = ("btu", "sigmoid", "tanh", "relu", "silu")
UNIT_LIMIT = 64
WORST = 3e38
"""losses from this value on stand for unknown or not finite"""

GATES = (
    "always 0", "AND", "x1 and not x2", "x1", "x2 and not x1", "x2", "XOR", "OR",
    "NOR", "XNOR", "not x2", "x1 or not x2", "not x1", "x2 or not x1", "NAND", "always 1",
)  # fmt: skip
"""indexed by the truth table over the four rows as a binary number, row (0, 0) first"""
UNDECIDED = "undecided"
"""the name where the output for a row is exactly one half"""
FLOORS = {
    (0, True): math.log(2),
    (1, False): (3 * math.log(3) - 2 * math.log(2)) / 4,
    (1, True): 0.0,
    (2, False): 0.0,
}
"""infimum of the mean cross-entropy over the four rows, in nats, by (hidden units, bypass)"""


@dataclass(frozen=True, slots=True)
class XorNet:
    hidden_weight: Floats
    hidden_bias: Floats
    output_weight: Floats
    output_bias: float
    bypass: bool = False
    activation: str = "btu"
    temperature: float = 0.001

    def hidden_input(self, points: Floats) -> Floats:
        """(n, 2) -> (n, k), zero on the line of a unit."""
        z: Floats = points @ self.hidden_weight.T + self.hidden_bias
        return z

    def hidden(self, points: Floats) -> Floats:
        """(n, 2) -> (n, k)"""
        z = self.hidden_input(points)
        if self.activation == "btu":
            return sigmoid(z / self.temperature)
        if self.activation == "sigmoid":
            return sigmoid(z)
        if self.activation == "silu":
            return z * sigmoid(z)
        changed: Floats = np.tanh(z) if self.activation == "tanh" else np.maximum(z, 0)
        return changed

    def logits(self, points: Floats) -> Floats:
        """(n, 2) -> (n,); the output is their sigmoid. For threshold units they are multiplied by 1/T."""
        seen = self.hidden(points)
        if self.bypass:
            seen = np.concatenate([points, seen], axis=1)
        z: Floats = seen @ self.output_weight + self.output_bias
        return z / self.temperature if self.activation == "btu" else z

    def output(self, points: Floats) -> Floats:
        """(n, 2) -> (n,), the probability of a 1."""
        return sigmoid(self.logits(points))


@dataclass(frozen=True, slots=True)
class Losses:
    sse: float
    mse: float
    bce: float
    """mean, in nats"""


def net(
    hidden_weight: Sequence[Sequence[float]],
    hidden_bias: Sequence[float],
    output_weight: Sequence[float],
    output_bias: float,
    bypass: bool = False,
    activation: str = "btu",
    temperature: float = 0.001,
) -> XorNet:
    """A network from lists. Raises ParamError for lengths that do not fit and values out of range."""
    if activation not in ACTIVATIONS:
        raise ParamError(
            f"activation: expected one of {', '.join(ACTIVATIONS)}, got {str(activation)[:80]!r}."
        )
    units = len(hidden_bias)
    hidden = _array("hidden_weight", hidden_weight, (units, 2))
    biases = _array("hidden_bias", hidden_bias, (units,))
    if units > UNIT_LIMIT or (units == 0 and not bypass):
        raise ParamError(f"hidden: expected 1 to {UNIT_LIMIT} units (0 with bypass), got {units}.")
    output = _array("output_weight", output_weight, (units + (2 if bypass else 0),))
    bias = float(_array("output_bias", output_bias, ()))
    sharp = float(_array("temperature", temperature, ()))
    if sharp <= 0:
        raise ParamError(f"temperature: expected a number above 0, got {sharp:g}.")
    return XorNet(hidden, biases, output, bias, bool(bypass), activation, sharp)


def _array(name: str, given: Any, shape: tuple[int, ...]) -> Floats:
    try:
        array = np.array(given, dtype=np.float64).reshape(shape)
    except (TypeError, ValueError) as error:
        size = " x ".join(map(str, shape)) or "one"
        raise ParamError(f"{name}: expected {size} numbers, got {str(given)[:80]}.") from error
    if not np.isfinite(array).all():
        raise ParamError(f"{name}: expected finite numbers, got {str(given)[:80]}.")
    return array


def sigmoid(z: Floats) -> Floats:
    """The logistic function without overflow: exactly 0 and 1 for large |z|."""
    e = np.exp(-np.abs(z))
    p: Floats = np.where(z >= 0, 1, e) / (1 + e)
    return p


def losses(net: XorNet, points: Floats, truth: Floats) -> Losses:
    logits = net.logits(points)
    squares = (sigmoid(logits) - truth) ** 2
    wrong = np.where(truth > 0.5, -logits, logits)
    bce = np.maximum(wrong, 0) + np.log1p(np.exp(-np.abs(wrong)))
    return Losses(float(squares.sum()), float(squares.mean()), float(bce.mean()))


def plane(net: XorNet, width: int, height: int) -> Floats:
    """The output at the centres of height x width cells of the square; the first row is the top."""
    x = LOW + (np.arange(width) + 0.5) * (HIGH - LOW) / width
    y = HIGH - (np.arange(height) + 0.5) * (HIGH - LOW) / height
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    return net.output(points).reshape(height, width)


def gate(is_on: Sequence[bool] | NDArray[np.bool_]) -> str:
    """The name of a truth table over the four rows."""
    return GATES[sum(8 >> row for row, on in enumerate(is_on) if on)]


def gate_of(inputs: Floats) -> str:
    """The gate of a unit from its inputs (4,) in the four rows: on above 0, off below; UNDECIDED where one is
    0."""
    return UNDECIDED if (inputs == 0).any() else gate(inputs > 0)


def unit_gates(net: XorNet) -> list[str]:
    """The gate that each hidden unit computes; none (empty) for SiLU, which is neither on nor off."""
    if net.activation == "silu":
        return [""] * len(net.hidden_bias)
    return [gate_of(column) for column in net.hidden_input(ROWS).T]


def clipped(a: float, b: float, c: float) -> list[list[float]] | None:
    """End points of the line a x + b y + c = 0 within the square, None where it does not cross the square."""
    ends = []
    for edge in (LOW, HIGH):
        if b:
            ends.append((edge, -(a * edge + c) / b))
        if a:
            ends.append((-(b * edge + c) / a, edge))
    inside = sorted({end for end in ends if all(LOW <= value <= HIGH for value in end)})
    return [list(inside[0]), list(inside[-1])] if len(inside) > 1 else None
