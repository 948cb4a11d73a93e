"""The learning rule of the perceptron, on inputs with a constant 1 for the bias."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids.phi import Floats


@dataclass(frozen=True, slots=True)
class PerceptronRun:
    weights: list[Floats]
    """at the start and after each mistake"""
    wrong: list[int]
    """the example of each mistake"""
    epochs: int
    """passes over the examples, the last one without a mistake where it settled"""
    settled: bool


def learn(
    inputs: Floats, targets: Floats, start: Floats, rate: float, most_epochs: int = 10_000
) -> PerceptronRun:
    """Δw = rate (t - y) x after each mistake; `inputs` (n, d) with the constant, `targets` (n,) 0 or 1."""
    weights: list[Floats] = [np.asarray(start, dtype=float)]
    wrong: list[int] = []
    for epoch in range(1, most_epochs + 1):
        before = len(wrong)
        for number in range(len(inputs)):
            error = targets[number] - float(inputs[number] @ weights[-1] > 0)
            if error:
                weights.append(weights[-1] + rate * error * inputs[number])
                wrong.append(number)
        if len(wrong) == before:
            return PerceptronRun(weights, wrong, epoch, True)
    return PerceptronRun(weights, wrong, most_epochs, False)


def right(inputs: Floats, targets: Floats, weights: Floats) -> int:
    """Examples that are classified rightly."""
    return int(((inputs @ weights > 0) == (targets == 1)).sum())


def separable_set(seed: int, points: int, margin: float) -> tuple[Floats, Floats, Floats]:
    """Points of the square (-1, 1)² with a constant, their classes, and a line of length 1 that parts them.

    No point is nearer to the line than `margin`.
    """
    source = np.random.default_rng(seed)
    turn, shift = source.uniform(0, 2 * np.pi), source.uniform(-0.3, 0.3)
    line = np.array([np.cos(turn), np.sin(turn), shift])
    found: list[Floats] = []
    while len(found) < points:
        point = np.append(source.uniform(-1, 1, 2), 1.0)
        if abs(point @ line) >= margin:
            found.append(point)
    inputs = np.array(found)
    return inputs, (inputs @ line > 0).astype(float), line / np.linalg.norm(line)
