"""200 networks at once on XOR: how many find a solution, and at which losses the others stop."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.computing_in_parts import Pieces, finish
from engine.aids.phi import Floats, sigmoid
from engine.aids.result import Aid
from engine.models.xor.initial_weights import draw
from engine.models.xor.xor_net import ROWS, TRUTH
from engine.params import flag, number

NETWORKS, EPOCHS, LR = 200, 3000, 0.05
EPOCHS_A_PIECE = 50
SOLVED = 0.05
"""mean cross-entropy below which a network counts as solved"""
LEVELS = {"at_347": math.log(2) / 2, "at_477": (3 * math.log(3) - 2 * math.log(2)) / 4, "at_693": math.log(2)}


@dataclass(frozen=True, slots=True)
class FailureMapParams:
    hidden: int = number(2, "Hidden units.", least=1, most=8)
    bypass: bool = flag(False, "Whether the inputs reach the output directly as well.")


PARAMS = FailureMapParams
VALUES = {
    "solved": "networks of 200 that solve XOR",
    "at_347": "networks that stop at a loss of .347",
    "at_477": "networks that stop at .477",
    "at_693": "networks that stop at .693",
    "elsewhere": "networks with another loss",
    "least": "least loss of all",
}


def compute(params: FailureMapParams, seed: int) -> Aid:
    """Seeds 1 to 200 of the networks, moved by 200 times `seed`, so 0 gives those of the XOR tab."""
    return finish(computing(params, seed))


def computing(params: FailureMapParams, seed: int) -> Pieces[Aid]:
    found = yield from training(params.hidden, params.bypass, 1 + NETWORKS * seed)
    values = {"solved": float((found < SOLVED).sum()), "least": float(found.min())}
    for name, level in LEVELS.items():
        values[name] = float((np.abs(found - level) < 0.02).sum())
    values["elsewhere"] = NETWORKS - sum(values[name] for name in ("solved", *LEVELS))
    cells = found.reshape(10, 20)
    heat = drawings.heat([""] * 10, [""] * 20, cells.tolist())
    return Aid(values, heat)


def training(hidden: int, bypass: bool, first_seed: int, epochs: int = EPOCHS) -> Pieces[Floats]:
    begun = draw(np.arange(first_seed, first_seed + NETWORKS, dtype=np.uint64), hidden, bypass, "xavier")
    weights = [
        np.ascontiguousarray(np.moveaxis(part, -1, 0), dtype=np.float64)
        for part in (begun.hidden_weight, begun.hidden_bias, begun.output_weight, begun.output_bias)
    ]
    means, squares = ([np.zeros_like(one) for one in weights] for _ in range(2))
    for step in range(1, epochs + 1):
        slopes = _slopes(weights, bypass)
        for w, g, m, v in zip(weights, slopes, means, squares, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            w -= LR * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        if step % EPOCHS_A_PIECE == 0:
            yield step / epochs
    z = _logits(weights, bypass)[1]
    wrong = np.where(TRUTH > 0.5, -z, z)
    made: Floats = (np.maximum(wrong, 0) + np.log1p(np.exp(-np.abs(wrong)))).mean(axis=1)
    return made


def _logits(weights: list[Floats], bypass: bool) -> tuple[Floats, Floats]:
    """What the output sees, (200, 4, m), and its logits, (200, 4)."""
    u, c, v, d = weights
    h = sigmoid(ROWS @ u.transpose(0, 2, 1) + c[:, None, :])
    if bypass:
        h = np.concatenate([np.broadcast_to(ROWS, (len(h), 4, 2)), h], axis=2)
    z: Floats = (h @ v[:, :, None])[:, :, 0] + d[:, None]
    return h, z


def _slopes(weights: list[Floats], bypass: bool) -> list[Floats]:
    seen, z = _logits(weights, bypass)
    error = (sigmoid(z) - TRUTH) / 4
    first = 2 if bypass else 0
    h = seen[:, :, first:]
    back = error[:, :, None] * weights[2][:, None, first:] * h * (1 - h)
    return [
        back.transpose(0, 2, 1) @ ROWS,
        back.sum(axis=1),
        (error[:, None, :] @ seen)[:, 0, :],
        error.sum(axis=1),
    ]
