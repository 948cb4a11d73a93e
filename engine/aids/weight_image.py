"""Weights as a picture: a perceptron that tells one digit from the others, and what its weights look like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.glyphs import SIDE, digit, examples
from engine.aids.phi import Floats
from engine.aids.result import OF, Aid
from engine.params import choice, number

EACH = 20
"""pictures of each digit"""


@dataclass(frozen=True, slots=True)
class WeightImageParams:
    digit: int = number(3, "Digit that is told from the others.", least=0, most=9)
    epochs: int = number(5, "Passes over the 200 pictures.", least=0, most=30)
    of: str = choice("your run", "Your newest run that fits, or the small built-in example.", OF)


PARAMS = WeightImageParams
VALUES = {
    "mistakes": "mistakes that were corrected in all epochs",
    "last_mistakes": "mistakes in the last epoch",
    "right": "share of pictures that are right at the end",
    "ink": "mean weight where the digit has ink",
    "elsewhere": "mean weight where it has none",
    "contrast": "the first less the second",
    "norm": "length of the weights",
}


def compute(params: WeightImageParams, seed: int) -> Aid:
    x, digits = examples(np.random.default_rng(seed), EACH)
    targets = (digits == params.digit).astype(float)
    weights, bias, mistakes = learn(x, targets, params.epochs)
    ink = digit(params.digit).ravel() > 0
    right = ((x @ weights + bias > 0) == (targets > 0)).mean()
    values = {
        "mistakes": float(sum(mistakes)),
        "last_mistakes": float(mistakes[-1]) if mistakes else 0.0,
        "right": float(right),
        "ink": float(weights[ink].mean()),
        "elsewhere": float(weights[~ink].mean()),
        "contrast": float(weights[ink].mean() - weights[~ink].mean()),
        "norm": float(np.linalg.norm(weights)),
    }
    shown = [
        ("the digit", digit(params.digit).tolist()),
        ("weights", weights.reshape(SIDE, SIDE).tolist()),
    ]
    return Aid(values, drawings.pictures(shown, signed=True))


def of_run(digit_mean: Floats, weights: Floats, right: float) -> Aid:
    """The weights (side, side) of a class of a trained network without a hidden layer, and the mean picture
    of that digit; its ink is where the mean picture is brighter than half of its brightest."""
    ink = digit_mean > digit_mean.max() / 2
    values = {
        "right": right,
        "ink": float(weights[ink].mean()),
        "elsewhere": float(weights[~ink].mean()),
        "contrast": float(weights[ink].mean() - weights[~ink].mean()),
        "norm": float(np.linalg.norm(weights)),
    }
    shown = [("the digit, mean", digit_mean.tolist()), ("weights", weights.tolist())]
    return Aid(values, drawings.pictures(shown, signed=True) | {"unused": ["epochs"]})


def learn(x: Floats, targets: Floats, epochs: int) -> tuple[Floats, float, list[int]]:
    """The perceptron rule from zero with rate 1: weights, bias, and the mistakes of each epoch."""
    weights, bias = np.zeros(x.shape[1]), 0.0
    mistakes = []
    for _ in range(epochs):
        wrong = 0
        for row, target in zip(x, targets, strict=True):
            error = target - float(row @ weights + bias > 0)
            if error:
                weights, bias, wrong = weights + error * row, bias + error, wrong + 1
        mistakes.append(wrong)
    return weights, bias, mistakes
