"""Filling a blank with a forward model that reads what is before it and a reversed one that reads what is
after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.data.text.vocabulary import EOS, UNK
from engine.models.language import output_layer
from engine.models.language.model import NEVER, LanguageModel, check_pair
from engine.models.language.next_word import best, check_k
from engine.models.language.scoring import score

Logps = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BlankFilling:
    """`p` is the share of the product among all words; `forward` and `reversed` are its two factors.

    `logp` is the forward model's log-probability of the whole sentence with this word in the blank.
    """

    id: int
    p: float
    forward: float
    reversed: float
    logp: float


def fill(
    forward: LanguageModel, reverse: LanguageModel, left: Sequence[int], right: Sequence[int], k: int
) -> list[BlankFilling]:
    """The `k` words that fit best between `left` and `right`, best first.

    p(w) = F(w | left) R(w | right) / sum over all words v of F(v | left) R(v | right), with F the forward
    model's probability after <START> and `left`, R the reversed model's after <START> and `right`, read from
    its end. A blank is a word: <PAD>, <START>, <UNK> and <EOS> take no part. Neither factor is divided by how
    frequent the word is as such, so frequent words have an edge; `logp` scores each filling as a sentence.
    Raises DataError for models that are no pair.
    """
    check_k(k)
    check_pair(forward, reverse)
    before, after = _logps(forward, left), _logps(reverse, right)
    joint = before + after
    joint[[*NEVER, UNK, EOS]] = -np.inf
    shares = np.exp(joint - joint.max())
    shares /= shares.sum()
    words = [word for word in best(joint, k) if shares[word] > 0]
    sentences = score(forward, [[*left, word, *right] for word in words], ranks=False)
    return [
        BlankFilling(w, float(shares[w]), float(np.exp(before[w])), float(np.exp(after[w])), sentence.logp)
        for w, sentence in zip(words, sentences, strict=True)
    ]


def _logps(model: LanguageModel, ids: Sequence[int]) -> Logps:
    scores = model.scores(model.open(ids))[0]
    logps: Logps = scores.astype(np.float64) - output_layer.log_sum(scores)
    return logps
