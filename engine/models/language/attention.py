"""A look into a transformer: what each word attends to, and what is read off behind each block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.data.text.vocabulary import START
from engine.errors import ParamError
from engine.models.language import output_layer
from engine.models.language.model import LanguageModel
from engine.models.language.next_word import best, check_k
from engine.models.language.transformer import TransformerNetwork, layer_norm
from engine.models.language.weights import Floats

WORD_LIMIT = 64
"""words of a text: each head has a weight for each pair of them"""


@dataclass(frozen=True, slots=True, eq=False)
class AttentionWeights:
    """`ids` in reading order, <START> first, T of them; `weights` (blocks, heads, T, T), row i what word i
    attends to; `entropies` (blocks, heads): of the rows, in bits, their mean."""

    ids: tuple[int, ...]
    weights: Floats
    entropies: Floats


@dataclass(frozen=True, slots=True)
class ProbableWord:
    id: int
    p: float


@dataclass(frozen=True, slots=True, eq=False)
class BlockReadings:
    """Before the first block and behind each one, at each place of T: the most probable next `words`, and the
    `norms` (blocks + 1, T) of the word vectors.

    The words are those that the last norm and the output layer make of the vectors there.
    """

    ids: tuple[int, ...]
    words: tuple[tuple[tuple[ProbableWord, ...], ...], ...]
    norms: Floats


def attention(model: LanguageModel, ids: Sequence[int]) -> AttentionWeights:
    """Raises ParamError for an LSTM, and for more than WORD_LIMIT words."""
    network, read = _network(model, ids), (START, *model.in_reading_order(ids))
    weights = network.look_into(read).weights
    surprise = np.log2(np.where(weights > 0, weights, 1))
    entropies: Floats = -(weights * surprise).sum(axis=-1).mean(axis=-1)
    return AttentionWeights(read, weights, entropies)


def behind_blocks(model: LanguageModel, ids: Sequence[int], k: int) -> BlockReadings:
    """The `k` most probable words at each place. Raises ParamError as `attention` does."""
    check_k(k)
    network, read = _network(model, ids), (START, *model.in_reading_order(ids))
    stream = network.look_into(read).stream
    found = tuple(
        tuple(_probable(scores, k) for scores in output_layer.scores(model.weights, normed))
        for normed in layer_norm(network.weights.norm, stream)
    )
    return BlockReadings(read, found, np.linalg.norm(stream, axis=-1))


def _probable(scores: Floats, k: int) -> tuple[ProbableWord, ...]:
    total = output_layer.log_sum(scores)
    return tuple(ProbableWord(word, float(np.exp(scores[word] - total))) for word in best(scores, k))


def _network(model: LanguageModel, ids: Sequence[int]) -> TransformerNetwork:
    if not isinstance(model.network, TransformerNetwork):
        raise ParamError("The model is an LSTM: it has no attention.", "Its gates: /gates in the REPL.")
    if len(ids) > WORD_LIMIT:
        raise ParamError(f"text: expected at most {WORD_LIMIT} words, got {len(ids)}.")
    return model.network
