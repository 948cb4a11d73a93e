"""The orders of a bag of words, the most probable first."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.data.text.vocabulary import EOS
from engine.errors import DataError
from engine.models.language import output_layer
from engine.models.language.lstm import LstmState
from engine.models.language.model import LanguageModel
from engine.models.language.scoring import perplexity, score
from engine.models.language.weights import Floats

WORD_LIMIT = 24
EVERY_LIMIT = 5040
"""orders that are all weighed: those of seven different words"""
WIDTH = 256
"""beginnings that are kept of more words than that"""


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
    """`possible` orders there are; with `is_complete` every one was weighed, else a search kept the best."""

    best: tuple[WordOrder, ...]
    possible: int
    is_complete: bool


def orders(model: LanguageModel, bag: Sequence[int], k: int) -> WordOrders:
    """Raises DataError for more than WORD_LIMIT words."""
    if len(bag) > WORD_LIMIT:
        raise DataError(
            f"A bag of {len(bag)} words has too many orders, expected at most {WORD_LIMIT} words."
        )
    possible = count(bag)
    if possible <= EVERY_LIMIT:
        all_orders = list(arrangements(bag))
        found = [
            WordOrder(tuple(ids), scored.full_logp)
            for ids, scored in zip(all_orders, score(model, all_orders, ranks=False), strict=True)
        ]
    else:
        found = _search(model, bag)
    found.sort(key=lambda order: (-order.logp, order.ids))
    return WordOrders(tuple(found[:k]), possible, possible <= EVERY_LIMIT)


def count(bag: Sequence[int]) -> int:
    """How many different orders there are."""
    return math.factorial(len(bag)) // math.prod(math.factorial(n) for n in Counter(bag).values())


def arrangements(bag: Sequence[int]) -> Iterator[list[int]]:
    """Every different order once, in the order of the numbers."""
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
class _Beginning:
    ids: tuple[int, ...]
    left: tuple[int, ...]
    logp: float


def _search(model: LanguageModel, bag: Sequence[int]) -> list[WordOrder]:
    """A beam over beginnings, in the model's reading order."""
    live, state = [_Beginning((), tuple(sorted(bag)), 0.0)], model.open()
    for _ in bag:
        weighed = _longer(live, _logps(model, state))
        weighed.sort(key=lambda item: (-item[1].logp, item[1].ids))
        rows = [row for row, _ in weighed[:WIDTH]]
        live = [beginning for _, beginning in weighed[:WIDTH]]
        state = model.further(state.of(rows), [beginning.ids[-1] for beginning in live])
    ends = _logps(model, state)[:, EOS]
    return [
        WordOrder(tuple(model.in_reading_order(beginning.ids)), beginning.logp + float(end))
        for beginning, end in zip(live, ends, strict=True)
    ]


def _longer(live: Sequence[_Beginning], logps: Floats) -> list[tuple[int, _Beginning]]:
    longer = []
    for row, beginning in enumerate(live):
        for word in dict.fromkeys(beginning.left):
            left = list(beginning.left)
            left.remove(word)
            logp = beginning.logp + float(logps[row, word])
            longer.append((row, _Beginning((*beginning.ids, word), tuple(left), logp)))
    return longer


def _logps(model: LanguageModel, state: LstmState) -> Floats:
    """(beginnings, V)."""
    scores = model.scores(state)
    found = scores.copy()
    return found - output_layer.log_sums(scores)[:, None]
