"""A trained language model: states after words, and scores of the next word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.data.text.vocabulary import PAD, START, Vocabulary
from engine.errors import DataError
from engine.models.language import output_layer
from engine.models.language.lstm import LstmNetwork, Rows
from engine.models.language.model_description import Direction, ModelDescription
from engine.models.language.prefix_tree import PrefixTree
from engine.models.language.transformer import TransformerNetwork
from engine.models.language.weights import Floats, LstmWeights, ModelWeights

NEVER = (PAD, START)
"""reserved ids that are never predicted, drawn or counted in a rank"""


class ModelState(Protocol):
    """What a network knows after the words that it has read, of one or several sentences."""

    @property
    def top(self) -> Floats:
        """(sentences, H): the input of the output layer."""
        ...

    def select(self, rows: Rows) -> Any:
        """The states of some sentences; `rows` index them and may repeat."""
        ...


class Network(Protocol):
    """Reads words in the order of the model."""

    def read(self, ids: Sequence[int], state: Any = None) -> Any:
        """The state after `ids` of one sentence; continues from `state`, if given."""
        ...

    def advance(self, state: Any, ids: Sequence[int]) -> Any:
        """The state after one more word for each sentence of `state`."""
        ...

    def read_tree(self, tree: PrefixTree) -> Floats:
        """(prefixes, E or H): the features of every prefix in the tree, level by level."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LanguageModel:
    """`step` is the number of training updates behind the weights."""

    description: ModelDescription
    vocabulary: Vocabulary
    weights: ModelWeights
    step: int = 0
    network: Network = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "network", _network(self.weights))

    @property
    def is_reversed(self) -> bool:
        return self.description.direction is Direction.REVERSED

    def in_reading_order(self, ids: Sequence[int]) -> list[int]:
        """Ids in the order in which the model reads them; a second call restores the order."""
        return list(reversed(ids)) if self.is_reversed else list(ids)

    def open(self, ids: Sequence[int] = ()) -> ModelState:
        """The state after <START> and `ids`, given in the order in which they are written."""
        state: ModelState = self.network.read([START, *self.in_reading_order(ids)])
        return state

    def advance(self, state: ModelState, ids: Sequence[int]) -> ModelState:
        """The state after one more word for each sentence of `state`."""
        further: ModelState = self.network.advance(state, ids)
        return further

    def scores(self, state: ModelState) -> Floats:
        """(sentences, V): log-probabilities of the next word, up to a constant per row."""
        return output_layer.logits(self.weights, state.top)

    def read_tree(self, tree: PrefixTree) -> Floats:
        return self.network.read_tree(tree)


def _network(weights: ModelWeights) -> Network:
    return LstmNetwork(weights) if isinstance(weights, LstmWeights) else TransformerNetwork(weights)


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
