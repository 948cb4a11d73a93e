"""The rule of the perceptron on XOR: it never settles, its weights come back, and a pocket keeps the best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.perceptron_rule import learn, right
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.params import flag, number

EPOCHS = 60


@dataclass(frozen=True, slots=True)
class XorCyclesParams:
    rate: float = number(1.0, "Learning rate.", above=0, most=100, log=True)
    shuffled: bool = flag(False, "Whether the four rows are taken in an order that the seed draws.")
    spread: float = number(0.0, "Spread of random weights at the start; 0 begins at zero.", least=0, most=3)


PARAMS = XorCyclesParams
VALUES = {
    "period": "epochs after which the weights repeat",
    "longest": "greatest length of the weights",
    "right": "rows that are right at the end",
    "pocket": "rows that are right with the weights in the pocket, after 400 rows drawn at random",
    "mistakes": "mistakes in the last epoch",
}


def compute(params: XorCyclesParams, seed: int) -> Aid:
    source = np.random.default_rng(seed)
    rows = np.array([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    truth = np.array([0.0, 1, 1, 0])
    order = source.permutation(4) if params.shuffled else np.arange(4)
    rows, truth = rows[order], truth[order]
    w = source.normal(0, params.spread, 3) if params.spread else np.zeros(3)
    ends, weights, mistakes = [w], [w], 0
    for _ in range(EPOCHS):
        run = learn(rows, truth, ends[-1], params.rate, 1)
        weights += run.weights[1:]
        ends.append(run.weights[-1])
        mistakes = len(run.wrong)
    values = {
        "longest": float(max(np.linalg.norm(one) for one in weights)),
        "right": float(right(rows, truth, ends[-1])),
        "pocket": float(pocket(rows, truth, params.rate, source)),
        "mistakes": float(mistakes),
    }
    same = [n for n in range(1, EPOCHS) if np.allclose(ends[-1], ends[-1 - n], atol=1e-9 * params.rate)]
    if same:
        values["period"] = float(same[0])
    shown = weights[:60]
    lines = [
        (name, range(len(shown)), [one[place] for one in shown])
        for place, name in enumerate(("w1", "w2", "b"))
    ]
    return Aid(values, drawings.curves("mistakes", "weights", lines))


def pocket(rows: Floats, truth: Floats, rate: float, source: np.random.Generator) -> int:
    """Rows that are right with the best weights that the rule meets on rows in a random order."""
    drawn = source.integers(0, 4, 400)
    run = learn(rows[drawn], truth[drawn], np.zeros(3), rate, 1)
    return max(right(rows, truth, one) for one in run.weights)
