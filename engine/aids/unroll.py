"""Unrolled in time: a small LSTM word by word, and how much of the loss at the end reaches each word."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats, sigmoid
from engine.aids.pieces import Pieces, finish
from engine.aids.result import Aid
from engine.params import number

HIDDEN, WORDS = 6, 8
NUDGE = 1e-5


@dataclass(frozen=True, slots=True)
class UnrollParams:
    length: int = number(12, "Words that are read.", least=2, most=40)
    bias: float = number(1.0, "Bias of the forget gate.", least=-6, most=10)
    scale: float = number(0.5, "Deviation of the weights.", above=0, most=3)


PARAMS = UnrollParams
VALUES = {
    "loss": "half the squared length of the last output, which stands for a loss",
    "last": "length of its gradient at the output of the last word",
    "first": "at the output of the first word",
    "share": "the second over the first",
    "cell_share": "the same for the cell: what the forget gates let through",
    "forget": "mean of the forget gates",
    "error": "largest difference from central differences",
}


@dataclass(frozen=True, slots=True)
class Step:
    """Gates and state of one word; all (6,)."""

    i: Floats
    f: Floats
    g: Floats
    o: Floats
    c_before: Floats
    c: Floats
    h: Floats


def compute(params: UnrollParams, seed: int) -> Aid:
    return finish(computing(params, seed))


def computing(params: UnrollParams, seed: int) -> Pieces[Aid]:
    source = np.random.default_rng(seed)
    weights = source.normal(0, params.scale, (4 * HIDDEN, WORDS + HIDDEN))
    biases = np.repeat([0.0, params.bias, 0.0, 0.0], HIDDEN)
    words = source.integers(0, WORDS, params.length)
    steps = read(weights, biases, words)
    outputs, cells = gradients(weights, steps)
    by_hand = yield from differences(weights, biases, words, steps)
    lengths = np.linalg.norm(outputs, axis=1)
    cell_lengths = np.linalg.norm(cells, axis=1)
    values = {
        "loss": float(steps[-1].h @ steps[-1].h) / 2,
        "last": float(lengths[-1]),
        "first": float(lengths[0]),
        "share": float(lengths[0] / lengths[-1]),
        "cell_share": float(cell_lengths[0] / cell_lengths[-1]),
        "forget": float(np.mean([step.f.mean() for step in steps])),
        "error": float(np.abs(outputs - by_hand).max()),
    }
    rows = [f"h{unit + 1}" for unit in range(HIDDEN)]
    heights = [[float(step.h[unit]) for step in steps] for unit in range(HIDDEN)]
    decades = [math.log10(length) if length > 0 else None for length in lengths.tolist()]
    names = [str(place + 1) for place in range(params.length)]
    return Aid(values, drawings.heat([*rows, "log10 ‖dL/dh‖"], names, [*heights, decades]))


def read(
    weights: Floats,
    biases: Floats,
    words: np.ndarray[tuple[int], np.dtype[np.int64]],
    state: tuple[Floats, Floats] | None = None,
) -> list[Step]:
    """Gates in the order i, f, g, o; `state` are output and cell before the first word."""
    h, c = state if state is not None else (np.zeros(HIDDEN), np.zeros(HIDDEN))
    steps = []
    for word in words:
        z = weights[:, word] + weights[:, WORDS:] @ h + biases
        i, f, o = (sigmoid(z[k * HIDDEN : (k + 1) * HIDDEN]) for k in (0, 1, 3))
        g, before = np.tanh(z[2 * HIDDEN : 3 * HIDDEN]), c
        c = f * before + i * g
        h = o * np.tanh(c)
        steps.append(Step(i, f, g, o, before, c, h))
    return steps


def gradients(weights: Floats, steps: list[Step]) -> tuple[Floats, Floats]:
    """dL/dh and dL/dc behind each word, (T, 6): an output acts through the gates of the next word alone."""
    back_h, back_c = steps[-1].h, np.zeros(HIDDEN)
    outputs, cells = [], []
    for step in reversed(steps):
        tanh = np.tanh(step.c)
        whole_c = back_c + back_h * step.o * (1 - tanh**2)
        outputs.append(back_h)
        cells.append(whole_c)
        slopes = np.concatenate(
            [
                whole_c * step.g * step.i * (1 - step.i),
                whole_c * step.c_before * step.f * (1 - step.f),
                whole_c * step.i * (1 - step.g**2),
                back_h * tanh * step.o * (1 - step.o),
            ]
        )
        back_h, back_c = weights[:, WORDS:].T @ slopes, whole_c * step.f
    return np.array(outputs[::-1]), np.array(cells[::-1])


def differences(
    weights: Floats,
    biases: Floats,
    words: np.ndarray[tuple[int], np.dtype[np.int64]],
    steps: list[Step],
) -> Pieces[Floats]:
    """dL/dh by central differences."""
    found = np.zeros((len(steps), HIDDEN))
    for place, step in enumerate(steps):
        for unit in range(HIDDEN):
            sides = []
            for move in (NUDGE, -NUDGE):
                h = step.h.copy()
                h[unit] += move
                rest = read(weights, biases, words[place + 1 :], (h, step.c))
                end = rest[-1].h if rest else h
                sides.append(float(end @ end) / 2)
            found[place, unit] = (sides[0] - sides[1]) / (2 * NUDGE)
        yield (place + 1) / len(steps)
    return found
