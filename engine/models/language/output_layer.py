"""The output layer: from hidden units to a score for each word."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.models.language.weights import Floats, OutputWeights

SAFE = 60.0
"""exp of float32 scores within +-60, and their sum over a vocabulary, neither overflow nor underflow"""
SAFE_PRODUCT, SAFE_BIAS = 40.0, 25.0
"""the same where a score is a product and a bias, and exp is taken of each"""


TILE = (512, 1000)
"""rows and words of scores per tile: 2 MB"""

Ints = NDArray[np.int64]


def features(weights: OutputWeights, top: Floats) -> Floats:
    """Input (n, E or H) of the output layer from the hidden units (n, H) of the last layer."""
    if weights.projection is None:
        return top
    projected: Floats = top @ weights.projection.weight.T
    projected += weights.projection.bias
    return projected


def logits(weights: OutputWeights, top: Floats) -> Floats:
    """Scores (n, V) of hidden units (n, H)."""
    return scores(weights, features(weights, top))


def scores(weights: OutputWeights, read: Floats) -> Floats:
    """Scores (n, V) of features (n, E or H). A single row is a matrix-vector product, which is faster."""
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


def all_log_sums(weights: OutputWeights, read: Floats) -> Floats:
    """log(sum(exp(scores))) for each row of features (n, E or H), without keeping the scores.

    They are computed in tiles that stay in the cache of a core, where further operations cost little.
    """
    found = np.empty(len(read), np.float32)
    for start in range(0, len(read), TILE[0]):
        found[start : start + TILE[0]] = _tiled(weights, read[start : start + TILE[0]])
    return found


def _tiled(weights: OutputWeights, read: Floats) -> Floats:
    """exp of a score is exp of the product times exp of the bias: one product of a vector and the tile adds
    the biases and sums over the words."""
    totals = _totals(weights, read) if np.abs(weights.output_bias).max() < SAFE_BIAS else None
    if totals is None or totals.min() < np.exp(-SAFE_PRODUCT):
        return log_sums(scores(weights, read))
    return np.log(totals)


def _totals(weights: OutputWeights, read: Floats) -> Floats | None:
    """sum(exp(scores)) of each row; None where it might overflow."""
    rows, words = len(read), len(weights.output)
    factors, totals = np.exp(weights.output_bias), np.zeros(rows, np.float32)
    buffer = np.empty(rows * min(TILE[1], words), np.float32)
    for start in range(0, words, TILE[1]):
        matrix = weights.output[start : start + TILE[1]]
        tile = buffer[: rows * len(matrix)].reshape(len(matrix), rows)
        np.dot(matrix, read.T, out=tile)
        if tile.max() > SAFE_PRODUCT:
            return None
        np.exp(tile, out=tile)
        totals += factors[start : start + TILE[1]] @ tile
    return totals


def scores_of_words(weights: OutputWeights, read: Floats, rows: Ints, words: Ints) -> Floats:
    """Scores of single words: pairs of `rows` of the features and `words`."""
    found = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), TILE[0]):
        part = slice(start, start + TILE[0])
        found[part] = np.einsum("ij,ij->i", read[rows[part]], weights.output[words[part]])
    return found + weights.output_bias[words]


def log_sum(scores: Floats) -> float:
    """log(sum(exp(scores))) of one row (V,), in float64."""
    peak = float(scores.max())
    return peak + float(np.log(np.exp(scores - np.float32(peak)).sum(dtype=np.float64)))
