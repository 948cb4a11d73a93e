"""Attention in its simplest form: softmax(Q Kᵀ / √d + mask) V."""

from __future__ import annotations

import math

import numpy as np

from engine.aids.phi import Floats
from engine.aids.softmax import softmax


def weights(q: Floats, k: Floats, causal: bool, scaled: bool = True) -> Floats:
    """(t, t): how much each row looks at each column; with a mask nothing behind it."""
    scores = q @ k.T / (math.sqrt(q.shape[1]) if scaled else 1.0)
    if causal:
        scores = np.where(np.tri(len(scores), dtype=bool), scores, -np.inf)
    return softmax(scores)
