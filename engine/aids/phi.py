"""Activation functions and their slopes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEAK = 0.01
"""slope of leaky ReLU below 0"""

_erf = np.vectorize(math.erf, otypes=[float])


def sigmoid(z: Floats) -> Floats:
    """The logistic function, without overflow."""
    e = np.exp(-np.abs(z))
    p: Floats = np.where(z >= 0, 1, e) / (1 + e)
    return p


def _sigmoid_slope(z: Floats) -> Floats:
    p = sigmoid(z)
    return p * (1 - p)


def _normal_density(z: Floats) -> Floats:
    density: Floats = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return density


def _normal_share(z: Floats) -> Floats:
    share: Floats = (1 + _erf(z / math.sqrt(2))) / 2
    return share


FUNCTIONS: dict[str, tuple[Callable[[Floats], Floats], Callable[[Floats], Floats]]] = {
    "step": (lambda z: np.where(z > 0, 1.0, 0.0), lambda z: np.zeros_like(z)),
    "sigmoid": (sigmoid, _sigmoid_slope),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "relu": (lambda z: np.maximum(z, 0), lambda z: np.where(z > 0, 1.0, 0.0)),
    "leaky": (lambda z: np.where(z > 0, z, LEAK * z), lambda z: np.where(z > 0, 1.0, LEAK)),
    "gelu": (lambda z: z * _normal_share(z), lambda z: _normal_share(z) + z * _normal_density(z)),
    "silu": (lambda z: z * sigmoid(z), lambda z: sigmoid(z) * (1 + z * (1 - sigmoid(z)))),
    "linear": (lambda z: z + 0.0, lambda z: np.ones_like(z)),
}
"""by name: the function and its derivative"""
NAMES = tuple(FUNCTIONS)


def value_of(name: str, z: object) -> Floats:
    return FUNCTIONS[name][0](np.asarray(z, dtype=np.float64))


def slope_of(name: str, z: object) -> Floats:
    return FUNCTIONS[name][1](np.asarray(z, dtype=np.float64))
