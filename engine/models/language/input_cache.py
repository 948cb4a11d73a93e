"""Cache of what each word adds to the gates of the first layer."""

from __future__ import annotations

import numpy as np

from engine.models.language import lstm
from engine.models.language.weights import Floats, ModelWeights

MAX_BYTES = 256 << 20
"""bytes of all words together, at most; memory pages of words that do not occur are never touched"""


class InputCache:
    """Every entry comes from a product of one row, so results do not depend on earlier requests."""

    def __init__(self, weights: ModelWeights) -> None:
        self._weights = weights
        shape = (len(weights.embedding), len(weights.layers[0].bias))
        is_kept = 4 * shape[0] * shape[1] <= MAX_BYTES
        self._rows = np.empty(shape if is_kept else (0, shape[1]), np.float32)
        self._known = np.zeros(len(self._rows), bool)

    def get(self, word: int) -> Floats:
        """(1, 4H) of a word; must not be modified."""
        if word >= len(self._rows):
            return lstm.project_inputs(self._weights, self._weights.embedding[word : word + 1])
        if not self._known[word]:
            self._rows[word] = lstm.project_inputs(self._weights, self._weights.embedding[word : word + 1])[0]
            self._known[word] = True
        return self._rows[word : word + 1]
