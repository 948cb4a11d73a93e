"""Prediction of the next word, or for a reversed model of the word before."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.text.vocabulary import EOS, UNK
from engine.errors import ParamError
from engine.models.language import output_layer
from engine.models.language.model import NEVER, LanguageModel
from engine.models.language.sampling import allowed_scores, probabilities
from engine.sampling import SamplingParams

K_LIMIT = 1000
DEFAULT_SAMPLING = SamplingParams()


@dataclass(frozen=True, slots=True)
class Candidate:
    """`p` is the model's probability over all words, <PAD> and <START> included; `logp` its log.

    `drawn` is the probability of the word in sampling.
    """

    id: int
    word: str
    logp: float
    drawn: float

    @property
    def p(self) -> float:
        return math.exp(self.logp)


def kind_of(number: int) -> str:
    """word, end (the sentence ends here) or unknown (any word that is not in the vocabulary)."""
    return {EOS: "end", UNK: "unknown"}.get(number, "word")


def predict(
    model: LanguageModel, ids: Sequence[int], k: int = 10, sampling: SamplingParams = DEFAULT_SAMPLING
) -> list[Candidate]:
    """The `k` most probable words after (of a reversed model: in front of) `ids`, best first.

    `sampling` does not change the order; it determines the probability with which each word is drawn.
    """
    check_k(k)
    scores = model.scores(model.open(ids))[0]
    log_sum = output_layer.log_sum(scores)
    drawn = probabilities(allowed_scores(scores, sampling, ids, len(ids)), sampling)
    return [
        Candidate(
            number, model.vocabulary.words[number], float(scores[number]) - log_sum, float(drawn[number])
        )
        for number in best(scores, k)
    ]


def best(scores: NDArray[Any], k: int) -> list[int]:
    """The numbers of the `k` best words, best first, the smaller number first among equals."""
    masked = scores.copy()
    masked[list(NEVER)] = -np.inf
    k = min(k, len(masked) - len(NEVER))
    if k < 1:
        return []
    bar = np.partition(masked, -k)[-k]
    rows = np.flatnonzero(masked >= bar)
    order = np.lexsort((rows, -masked[rows]))
    return [int(number) for number in rows[order[:k]]]


def check_k(k: object) -> None:
    if type(k) is not int or not 1 <= k <= K_LIMIT:
        raise ParamError(f"k: expected a whole number from 1 to {K_LIMIT:,}, got {str(k)[:40]}.")
