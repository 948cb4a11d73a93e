"""Augmented digits: one digit moved and noisy, and what a matcher of templates says of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.glyphs import digit, moved
from engine.aids.phi import Floats
from engine.aids.result import Aid
from engine.aids.softmax import softmax
from engine.params import number

COPIES = 40


@dataclass(frozen=True, slots=True)
class AugmentParams:
    digit: int = number(7, "Digit that is copied.", least=0, most=9)
    right: int = number(1, "Dots by which it moves to the right.", least=-8, most=8)
    down: int = number(0, "Dots by which it moves down.", least=-8, most=8)
    noise: float = number(0.2, "Deviation of the normal noise on every dot.", least=0, most=3)


PARAMS = AugmentParams
VALUES = {
    "p": "probability of its digit, of the copy that is shown",
    "said": "likeliest digit of that copy",
    "right_share": "share of 40 noisy copies whose likeliest digit is right",
    "distance": "distance of the copy from the original",
    "kept": "share of the ink that is still within the picture",
}


def compute(params: AugmentParams, seed: int) -> Aid:
    source, original = np.random.default_rng(seed), digit(params.digit)
    shifted = moved(original, params.right, params.down)
    copies = shifted + source.normal(0, 1, (COPIES, *shifted.shape)) * params.noise
    p = probabilities(copies)
    values = {
        "p": float(p[0, params.digit]),
        "said": float(p[0].argmax()),
        "right_share": float((p.argmax(axis=1) == params.digit).mean()),
        "distance": float(np.linalg.norm(copies[0] - original)),
        "kept": float(shifted.sum() / original.sum()),
    }
    shown = [("original", original.tolist()), ("copy", copies[0].tolist()), ("another", copies[1].tolist())]
    return Aid(values, drawings.pictures(shown))


def probabilities(pictures: Floats) -> Floats:
    """(n, 10): softmax of the cosines with the ten digits in the middle, ten times as steep."""
    templates = np.stack([digit(number).ravel() for number in range(10)])
    rows = pictures.reshape(len(pictures), -1)
    sizes = np.maximum(np.linalg.norm(rows, axis=1), 1e-12)[:, None] * np.linalg.norm(templates, axis=1)
    return softmax(10 * math.sqrt(2) * (rows @ templates.T) / sizes)
