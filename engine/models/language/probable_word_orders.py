"""The orders of a bag of words, the most probable first."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.data.text.vocabulary import EOS
from engine.errors import DataError
from engine.models.language import output_layer
from engine.models.language.model import LanguageModel, ModelState
from engine.models.language.scoring import perplexity, score
from engine.models.language.weights import Floats

WORD_LIMIT = 24
EXHAUSTIVE_LIMIT = 5040
"""up to so many orders all are scored: those of seven different words"""
WIDTH = 256
"""prefixes kept per step in the search over more orders"""


@dataclass(frozen=True, slots=True)
class WordOrder:
    """Ids as written; `logp` of the whole sentence, its end included."""

    ids: tuple[int, ...]
    logp: float

    @property
    def perplexity(self) -> float:
        return perplexity(self.logp, len(self.ids) + 1)


@dataclass(frozen=True, slots=True)
class WordOrders:
    """`possible` is the number of orders; with `is_complete` all were scored, else found by a beam search."""

    best: tuple[WordOrder, ...]
    possible: int
    is_complete: bool


def orders(model: LanguageModel, bag: Sequence[int], k: int) -> WordOrders:
    """The `k` best orders of the words in `bag`. Raises DataError for more than WORD_LIMIT words."""
    if len(bag) > WORD_LIMIT:
        raise DataError(
            f"A bag of {len(bag)} words has too many orders, expected at most {WORD_LIMIT} words."
        )
    possible = count(bag)
    if possible <= EXHAUSTIVE_LIMIT:
        all_orders = list(arrangements(bag))
        found = [
            WordOrder(tuple(ids), scored.full_logp)
            for ids, scored in zip(all_orders, score(model, all_orders, ranks=False), strict=True)
        ]
    else:
        found = _search(model, bag)
    found.sort(key=lambda order: (-order.logp, order.ids))
    return WordOrders(tuple(found[:k]), possible, possible <= EXHAUSTIVE_LIMIT)


def count(bag: Sequence[int]) -> int:
    """The number of different orders."""
    return math.factorial(len(bag)) // math.prod(math.factorial(n) for n in Counter(bag).values())


def arrangements(bag: Sequence[int]) -> Iterator[list[int]]:
    """Every different order once, in lexicographic order of the ids."""
    ids = sorted(bag)
    while True:
        yield list(ids)
        low = next((n for n in range(len(ids) - 2, -1, -1) if ids[n] < ids[n + 1]), -1)
        if low < 0:
            return
        high = next(n for n in range(len(ids) - 1, low, -1) if ids[n] > ids[low])
        ids[low], ids[high] = ids[high], ids[low]
        ids[low + 1 :] = reversed(ids[low + 1 :])


@dataclass(frozen=True, slots=True)
class _Prefix:
    ids: tuple[int, ...]
    left: tuple[int, ...]
    logp: float


def _search(model: LanguageModel, bag: Sequence[int]) -> list[WordOrder]:
    """Beam search over prefixes, in the reading order of the model."""
    live, state = [_Prefix((), tuple(sorted(bag)), 0.0)], model.open()
    for _ in bag:
        continuations = _longer(live, _logps(model, state))
        continuations.sort(key=lambda item: (-item[1].logp, item[1].ids))
        rows = [row for row, _ in continuations[:WIDTH]]
        live = [prefix for _, prefix in continuations[:WIDTH]]
        state = model.advance(state.select(rows), [prefix.ids[-1] for prefix in live])
    ends = _logps(model, state)[:, EOS]
    return [
        WordOrder(tuple(model.in_reading_order(prefix.ids)), prefix.logp + float(end))
        for prefix, end in zip(live, ends, strict=True)
    ]


def _longer(live: Sequence[_Prefix], logps: Floats) -> list[tuple[int, _Prefix]]:
    longer = []
    for row, prefix in enumerate(live):
        for word in dict.fromkeys(prefix.left):
            left = list(prefix.left)
            left.remove(word)
            logp = prefix.logp + float(logps[row, word])
            longer.append((row, _Prefix((*prefix.ids, word), tuple(left), logp)))
    return longer


def _logps(model: LanguageModel, state: ModelState) -> Floats:
    """(prefixes, V)."""
    scores = model.scores(state)
    found = scores.copy()
    return found - output_layer.log_sums(scores)[:, None]
