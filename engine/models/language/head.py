"""The vocabulary head: from hidden units to a score for each word."""

from __future__ import annotations

import numpy as np

from engine.models.language.weights import Floats, Weights

SAFE = 60.0
"""exp of a float32 score within +-60 and the sum of a vocabulary of them neither overflow nor vanish"""


def features(weights: Weights, top: Floats) -> Floats:
    """What the head reads, (n, E or H), of the last layer's hidden units (n, H)."""
    if weights.projection is None:
        return top
    projected: Floats = top @ weights.projection.weight.T
    projected += weights.projection.bias
    return projected


def logits(weights: Weights, top: Floats) -> Floats:
    """Scores (n, V) of hidden units (n, H)."""
    return scores(weights, features(weights, top))


def scores(weights: Weights, read: Floats) -> Floats:
    """(n, V) of features (n, E or H). One row is a product of matrix and vector, which is faster."""
    if len(read) == 1:
        row: Floats = np.dot(weights.output, read[0])[None]
    else:
        row = read @ weights.output.T
    row += weights.output_bias
    return row


def log_sums(scores: Floats) -> Floats:
    """log(sum(exp(scores))) of each row. Overwrites `scores`."""
    peaks = scores.max(axis=1)
    is_safe = bool(peaks.min() > -SAFE and peaks.max() < SAFE)
    if not is_safe:
        scores -= peaks[:, None]
    np.exp(scores, out=scores)
    sums: Floats = np.log(scores.sum(axis=1))
    return sums if is_safe else sums + peaks


def log_sum(scores: Floats) -> float:
    """log(sum(exp(scores))) of one row (V,), in float64."""
    peak = float(scores.max())
    return peak + float(np.log(np.exp(scores - np.float32(peak)).sum(dtype=np.float64)))
