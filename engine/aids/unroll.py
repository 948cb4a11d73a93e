"""Unrolled in time: a small LSTM word by word, and how much of the loss at the end reaches each word."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.computing_in_parts import Pieces, finish
from engine.aids.phi import Floats, sigmoid
from engine.aids.result import OF, Aid
from engine.params import choice, number, text

HIDDEN, WORDS = 6, 8
NUDGE = 1e-5


@dataclass(frozen=True, slots=True)
class UnrollParams:
    length: int = number(12, "Words that are read.", least=2, most=40)
    bias: float = number(1.0, "Bias of the forget gate.", least=-6, most=10)
    scale: float = number(0.5, "Deviation of the weights.", above=0, most=3)
    of: str = choice("your run", "Your newest run that fits, or the small built-in example.", OF)
    words: str = text(
        "a man is riding a wave on a board", "Words that your LSTM reads; the last is foreseen."
    )


PARAMS = UnrollParams
VALUES = {
    "loss": "loss of the last word; in the example half the squared length of the last output",
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
    into, recurrent = weights[:, words].T + biases, weights[:, WORDS:]
    steps = read(into, recurrent)
    by_hand = yield from differences(into, recurrent, steps, _half_square, range(HIDDEN))
    names = [str(place + 1) for place in range(params.length)]
    end = steps[-1].h
    return shown(names, recurrent, steps, _half_square(end), end, by_hand, ("words",))


def _half_square(h: Floats) -> float:
    return float(h @ h) / 2


def shown(
    words: Sequence[str],
    recurrent: Floats,
    steps: list[Step],
    loss: float,
    at_end: Floats,
    by_hand: dict[tuple[int, int], float],
    unused: Sequence[str],
) -> Aid:
    """`at_end` is the gradient at the last output, `by_hand` some numbers of dL/dh by place and unit."""
    outputs, cells = gradients(recurrent, steps, at_end)
    lengths, cell_lengths = (np.linalg.norm(one, axis=1) for one in (outputs, cells))
    values = {
        "loss": loss,
        "last": float(lengths[-1]),
        "first": float(lengths[0]),
        "share": float(lengths[0] / lengths[-1]),
        "cell_share": float(cell_lengths[0] / cell_lengths[-1]),
        "forget": float(np.mean([step.f.mean() for step in steps])),
        "error": max(abs(float(outputs[at]) - found) for at, found in by_hand.items()),
    }
    most = sorted(np.argsort(-np.abs(np.ptp([step.h for step in steps], axis=0)))[:HIDDEN].tolist())
    heights = [[float(step.h[unit]) for step in steps] for unit in most]
    decades = [math.log10(length) if length > 0 else None for length in lengths.tolist()]
    rows = [*(f"h{unit + 1}" for unit in most), "log10 ‖dL/dh‖"]
    return Aid(values, drawings.heat(rows, words, [*heights, decades]) | {"unused": list(unused)})


def read(into: Floats, recurrent: Floats, state: tuple[Floats, Floats] | None = None) -> list[Step]:
    """An LSTM of H units: `into` (T, 4H) is what each word adds to the gates, biases too, in the order i,
    f, g, o; `recurrent` (4H, H); `state` are output and cell before the first word."""
    units = recurrent.shape[1]
    h, c = state if state is not None else (np.zeros(units), np.zeros(units))
    steps = []
    for row in into:
        z = (row + recurrent @ h).reshape(4, units)
        i, f, o = (sigmoid(z[gate]) for gate in (0, 1, 3))
        g, before = np.tanh(z[2]), c
        c = f * before + i * g
        h = o * np.tanh(c)
        steps.append(Step(i, f, g, o, before, c, h))
    return steps


def gradients(recurrent: Floats, steps: list[Step], at_end: Floats) -> tuple[Floats, Floats]:
    """dL/dh and dL/dc behind each word, (T, H): an output acts through the gates of the next word alone."""
    back_h, back_c = at_end, np.zeros_like(at_end)
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
        back_h, back_c = recurrent.T @ slopes, whole_c * step.f
    return np.array(outputs[::-1]), np.array(cells[::-1])


def differences(
    into: Floats,
    recurrent: Floats,
    steps: list[Step],
    loss: Callable[[Floats], float],
    units: Iterable[int],
) -> Pieces[dict[tuple[int, int], float]]:
    """dL/dh of these units by central differences; `loss` is that of the last output."""
    found = {}
    for place, step in enumerate(steps):
        for unit in units:
            sides = []
            for move in (NUDGE, -NUDGE):
                h = step.h.copy()
                h[unit] += move
                rest = read(into[place + 1 :], recurrent, (h, step.c))
                sides.append(loss(rest[-1].h if rest else h))
            found[place, unit] = (sides[0] - sides[1]) / (2 * NUDGE)
        yield (place + 1) / len(steps)
    return found
