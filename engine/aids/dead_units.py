"""Dead units: those without a gradient on any example, layer by layer, after training on two spirals."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.computing_in_parts import Pieces, finish
from engine.aids.phi import Floats, sigmoid, slope_of, value_of
from engine.aids.result import Aid
from engine.params import choice, number

WIDTH, LAYERS = 64, 3
STEPS_A_PIECE = 20


@dataclass(frozen=True, slots=True)
class DeadUnitsParams:
    lr: float = number(0.5, "Learning rate of full-batch descent.", above=0, most=20, log=True)
    act: str = choice("relu", "Activation function.", ("relu", "leaky"))
    steps: int = number(400, "Steps.", least=1, most=1000, log=True)


PARAMS = DeadUnitsParams
VALUES = {
    "first": "dead units of 64 in the first layer",
    "second": "in the second layer",
    "third": "in the third layer",
    "most": "dead units in the worst layer",
    "loss": "mean cross-entropy at the end",
    "diverged": "1 where numbers left every bound, or a whole layer is dead and nothing can learn",
}


def compute(params: DeadUnitsParams, seed: int) -> Aid:
    return finish(computing(params, seed))


def computing(params: DeadUnitsParams, seed: int) -> Pieces[Aid]:
    source = np.random.default_rng(seed)
    x, t = spirals(source)
    sizes = [2, *[WIDTH] * LAYERS, 1]
    weights = [source.normal(0, math.sqrt(2 / a), (a, b)) for a, b in itertools.pairwise(sizes)]
    biases = [np.zeros(size) for size in sizes[1:]]
    diverged = False
    for step in range(1, params.steps + 1):
        if not _descend(x, t, weights, biases, params):
            diverged = True
            break
        if step % STEPS_A_PIECE == 0:
            yield step / params.steps
    return _result(x, t, weights, biases, params.act, diverged)


def _descend(
    x: Floats, t: Floats, weights: list[Floats], biases: list[Floats], params: DeadUnitsParams
) -> bool:
    """One step, in place; returns whether all weights are finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        zs, hs = _forward(x, weights, biases, params.act)
        delta = (sigmoid(zs[-1]) - t) / len(x)
        for layer in range(LAYERS, -1, -1):
            back = delta @ weights[layer].T
            weights[layer] = weights[layer] - params.lr * hs[layer].T @ delta
            biases[layer] = biases[layer] - params.lr * delta.sum(axis=0)
            if layer:
                delta = back * slope_of(params.act, zs[layer - 1])
        return all(bool(np.isfinite(w).all()) for w in weights)


def _result(
    x: Floats, t: Floats, weights: list[Floats], biases: list[Floats], act: str, diverged: bool
) -> Aid:
    with np.errstate(over="ignore", invalid="ignore"):
        zs, _ = _forward(x, weights, biases, act)
        z = zs[-1]
        loss = float((np.maximum(z, 0) - t * z + np.log1p(np.exp(-np.abs(z)))).mean())
    dead = [float((slope_of(act, one) == 0).all(axis=0).sum()) for one in zs[:-1]]
    diverged = diverged or not math.isfinite(loss) or loss > 10 or WIDTH in dead
    values = dict(zip(("first", "second", "third"), dead, strict=True)) | {
        "most": max(dead),
        "diverged": float(diverged),
    }
    if math.isfinite(loss):
        values["loss"] = loss
    bars = [(f"layer {number + 1}", count) for number, count in enumerate(dead)]
    return Aid(values, drawings.bars(bars, unit="dead of 64"))


def _forward(
    x: Floats, weights: list[Floats], biases: list[Floats], act: str
) -> tuple[list[Floats], list[Floats]]:
    zs, hs = [], [x]
    for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
        zs.append(hs[-1] @ w + b)
        if layer < LAYERS:
            hs.append(value_of(act, zs[-1]))
    return zs, hs


def spirals(source: np.random.Generator, each: int = 100) -> tuple[Floats, Floats]:
    """Two spirals of one and a half turns, and their classes (n, 1)."""
    r = np.linspace(0.1, 1, each)
    turn = 3 * np.pi * r
    one = np.stack([r * np.cos(turn), r * np.sin(turn)], axis=1)
    points = np.concatenate([one, -one]) / 2 + source.normal(0, 0.02, (2 * each, 2))
    return points, np.repeat([[0.0], [1.0]], each, axis=0)
