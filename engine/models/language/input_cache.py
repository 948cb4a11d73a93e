"""What each word adds to the gates of the first layer, kept once it has been worked out."""

from __future__ import annotations

import numpy as np

from engine.models.language import lstm
from engine.models.language.weights import Floats, ModelWeights

ROOM = 256 << 20
"""bytes at most of all words together; pages of words that never came are never touched"""


class InputCache:
    """Always by the same product of one row: a sentence has the same bits whatever was asked before."""

    def __init__(self, weights: ModelWeights) -> None:
        self._weights = weights
        shape = (len(weights.embedding), len(weights.layers[0].bias))
        is_kept = 4 * shape[0] * shape[1] <= ROOM
        self._rows = np.empty(shape if is_kept else (0, shape[1]), np.float32)
        self._known = np.zeros(len(self._rows), bool)

    def of(self, word: int) -> Floats:
        """(1, 4H), not to be written to."""
        if word >= len(self._rows):
            return lstm.projected(self._weights, self._weights.embedding[word : word + 1])
        if not self._known[word]:
            self._rows[word] = lstm.projected(self._weights, self._weights.embedding[word : word + 1])[0]
            self._known[word] = True
        return self._rows[word : word + 1]
