"""Begin with trained weights: descent on a new task from zero, and from the weights of a task like it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats
from engine.aids.result import OF, Aid
from engine.params import choice, number

INPUTS, EXAMPLES = 12, 48


@dataclass(frozen=True, slots=True)
class TransferParams:
    like: float = number(0.8, "Cosine between the weights of the two tasks.", least=-1, most=1)
    steps: int = number(40, "Steps on the new task.", least=1, most=300)
    lr: float = number(0.1, "Learning rate.", above=0, most=1)
    level: float = number(0.05, "Loss that is waited for.", above=0, most=0.5, log=True)
    of: str = choice("your run", "Your newest run that fits, or the small built-in example.", OF)


PARAMS = TransferParams
VALUES = {
    "first_new": "first loss, begun without trained weights",
    "first_begun": "first loss, begun with trained weights",
    "last_new": "loss after these steps, without trained weights",
    "last_begun": "with trained weights",
    "steps_new": "steps until the loss is below the level, without trained weights",
    "steps_begun": "with trained weights",
}


def compute(params: TransferParams, seed: int) -> Aid:
    x, old, new = tasks(params.like, seed)
    from_zero = losses(x, new, np.zeros(INPUTS), params.lr, params.steps)
    begun = losses(x, new, old, params.lr, params.steps)
    values = {
        "first_new": float(from_zero[0]),
        "first_begun": float(begun[0]),
        "last_new": float(from_zero[-1]),
        "last_begun": float(begun[-1]),
        "steps_new": steps_to(float(from_zero[0]), params.lr, params.level),
        "steps_begun": steps_to(float(begun[0]), params.lr, params.level),
    }
    steps = np.arange(params.steps + 1)
    lines = [("from zero", steps, from_zero), ("with trained weights", steps, begun)]
    return Aid(values, drawings.curves("step", "loss", lines))


def of_runs(
    new: tuple[Sequence[float], Sequence[float]], begun: tuple[Sequence[float], Sequence[float]]
) -> Aid:
    """Losses by step of a run that begins with trained weights and of one that does not; the last ones are
    those of the step up to which both have trained."""
    until = min(new[0][-1], begun[0][-1])
    values = {"first_new": float(new[1][0]), "first_begun": float(begun[1][0])}
    for name, (steps, found) in (("last_new", new), ("last_begun", begun)):
        values[name] = float([loss for step, loss in zip(steps, found, strict=True) if step <= until][-1])
    lines = [("from random weights", *new), ("with trained weights", *begun)]
    data = drawings.curves("step", "loss", lines) | {"unused": ["like", "steps", "lr", "level"]}
    return Aid(values, data)


def tasks(like: float, seed: int) -> tuple[Floats, Floats, Floats]:
    """Inputs (48, 12) without a direction of their own, and two vectors of weights of length 1."""
    source = np.random.default_rng(seed)
    basis, _ = np.linalg.qr(source.normal(size=(EXAMPLES, INPUTS)))
    old, other = np.linalg.qr(source.normal(size=(INPUTS, 2)))[0].T
    return basis * math.sqrt(EXAMPLES), old, like * old + math.sqrt(1 - like**2) * other


def losses(x: Floats, wanted: Floats, start: Floats, lr: float, steps: int) -> Floats:
    """Half the mean squared error before the first step and after each."""
    weights, found = start, []
    for _ in range(steps + 1):
        wrong = x @ (weights - wanted)
        found.append(float(wrong @ wrong) / (2 * len(x)))
        weights = weights - lr * x.T @ wrong / len(x)
    return np.array(found)


def steps_to(first: float, lr: float, level: float) -> float:
    """Steps after which the loss, first (1 - lr)^(2 t), is below a level."""
    if first < level:
        return 0.0
    if lr >= 1:
        return 1.0
    return float(math.floor(math.log(level / first) / (2 * math.log(1 - lr))) + 1)
