"""A trained language model: states after words, and scores of the next word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.data.text.vocabulary import PAD, START, Vocabulary
from engine.errors import DataError
from engine.models.language import lstm, output_layer
from engine.models.language.lstm import LstmState
from engine.models.language.model_description import Direction, ModelDescription
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


NEVER = (PAD, START)
"""reserved ids that are never predicted, drawn or counted in a rank"""


@dataclass(frozen=True, slots=True, eq=False)
class LanguageModel:
    """`step` is the number of training updates behind the weights."""

    description: ModelDescription
    vocabulary: Vocabulary
    weights: ModelWeights
    step: int = 0
    _inputs: InputCache = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_inputs", InputCache(self.weights))

    @property
    def is_reversed(self) -> bool:
        return self.description.direction is Direction.REVERSED

    def in_reading_order(self, ids: Sequence[int]) -> list[int]:
        """Ids in the order in which the model reads them; a second call restores the order."""
        return list(reversed(ids)) if self.is_reversed else list(ids)

    def read(self, ids: Sequence[int], state: LstmState | None = None) -> LstmState:
        """The state after `ids` in reading order; continues from `state`, if given."""
        inputs = lstm.project_inputs(self.weights, self.weights.embedding[np.asarray(ids, np.int64)])
        found = lstm.initial_state(self.weights, 1) if state is None else state
        for position in range(len(ids)):
            found = lstm.step(self.weights, inputs[position : position + 1], found)
        return found

    def open(self, ids: Sequence[int] = ()) -> LstmState:
        """The state after <START> and `ids`, given in the order in which they are written."""
        return self.read([START, *self.in_reading_order(ids)])

    def advance(self, state: LstmState, ids: Sequence[int]) -> LstmState:
        """The state after one more word for each sentence of `state`."""
        if len(ids) == 1:
            return lstm.step(self.weights, self._inputs.get(ids[0]), state)
        inputs = self.weights.embedding[np.asarray(ids, np.int64)]
        return lstm.step(self.weights, lstm.project_inputs(self.weights, inputs), state)

    def scores(self, state: LstmState) -> Floats:
        """(sentences, V): log-probabilities of the next word, up to a constant per row."""
        return output_layer.logits(self.weights, state.top)


def check_pair(forward: LanguageModel, reverse: LanguageModel) -> None:
    """Raises DataError unless one model reads forward, the other reversed, and both have the same
    vocabulary."""
    if forward.is_reversed or not reverse.is_reversed:
        raise DataError(
            f"Both ways needs a forward and a reversed model, got {forward.description.direction} and "
            f"{reverse.description.direction}."
        )
    if forward.vocabulary.words != reverse.vocabulary.words:
        raise DataError(
            f"The two models do not share a vocabulary ({len(forward.vocabulary):,} words of "
            f"{forward.description.corpus}, {len(reverse.vocabulary):,} of {reverse.description.corpus}).",
            "Train both on the same corpus with the same vocabulary size and tokeniser.",
        )
