"""The next word; of a reversed model, the word before."""

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
from engine.models.language.sampling import offered, probabilities
from engine.models.language.sampling_params import SamplingParams

K_LIMIT = 1000
USUAL = SamplingParams()


@dataclass(frozen=True, slots=True)
class Candidate:
    """`p` is the model's own probability, over all words, <PAD> and <START> included; `logp` its log.

    `drawn` is the probability with which a sentence that is sampled goes on with it.
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
    model: LanguageModel, ids: Sequence[int], k: int = 10, sampling: SamplingParams = USUAL
) -> list[Candidate]:
    """The `k` most probable words after (of a reversed model: in front of) `ids`, best first.

    `sampling` is how sentences are sampled: it orders nothing, and says with which probability each is drawn.
    """
    check_k(k)
    scores = model.scores(model.open(ids))[0]
    log_sum = output_layer.log_sum(scores)
    drawn = probabilities(offered(scores, sampling, ids, len(ids)), sampling)
    return [
        Candidate(
            number, model.vocabulary.words[number], float(scores[number]) - log_sum, float(drawn[number])
        )
        for number in best(scores, k)
    ]


def best(scores: NDArray[Any], k: int) -> list[int]:
    """The numbers of the `k` best words, best first, the smaller number first among equals."""
    offered = scores.copy()
    offered[list(NEVER)] = -np.inf
    k = min(k, len(offered) - len(NEVER))
    if k < 1:
        return []
    bar = np.partition(offered, -k)[-k]
    rows = np.flatnonzero(offered >= bar)
    order = np.lexsort((rows, -offered[rows]))
    return [int(number) for number in rows[order[:k]]]


def check_k(k: object) -> None:
    if type(k) is not int or not 1 <= k <= K_LIMIT:
        raise ParamError(f"k: expected a whole number from 1 to {K_LIMIT:,}, got {str(k)[:40]}.")
