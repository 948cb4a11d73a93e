"""Drawing a word from a model's scores."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from engine.data.text.vocabulary import EOS, UNK
from engine.models.language.manner import Manner
from engine.models.language.model import NEVER
from engine.models.language.weights import Floats


def stream(seed: int, number: int = 0) -> np.random.Generator:
    """Random numbers that depend on `seed` and on the number of the stream alone, one for each word drawn."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, number], np.uint64)))


def offered(scores: Floats, manner: Manner, text: Collection[int], words: int) -> Floats:
    """The scores (V,) with -inf for what may not come, `words` being in the text already."""
    kept = scores.copy()
    kept[list(NEVER)] = -np.inf
    if not manner.unknown:
        kept[UNK] = -np.inf
    if manner.repetition != 1.0 and text:
        kept[list({number for number in text if number > EOS})] -= np.float32(np.log(manner.repetition))
    if not manner.until_end or words < manner.least:
        kept[EOS] = -np.inf
    return kept


def draw(kept: Floats, manner: Manner, random: np.random.Generator) -> int:
    """One word of the offered scores. Takes exactly one random number, whatever the temperature."""
    u = random.random()
    if manner.temperature == 0:
        return int(kept.argmax())
    shares = np.exp((kept.astype(np.float64) - float(kept.max())) / manner.temperature)
    shares = _nucleus(_best(shares, manner.top_k), manner.top_p)
    totals = np.cumsum(shares)
    return int(np.searchsorted(totals, u * totals[-1], side="right"))


def _best(shares: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    if not 0 < k < len(shares):
        return shares
    kept = np.zeros_like(shares)
    best = np.lexsort((np.arange(len(shares)), -shares))[:k]
    kept[best] = shares[best]
    return kept


def _nucleus(shares: NDArray[np.float64], p: float) -> NDArray[np.float64]:
    """The fewest best whose sum reaches `p` of the whole; always at least one."""
    if p >= 1:
        return shares
    order = np.lexsort((np.arange(len(shares)), -shares))
    totals = np.cumsum(shares[order])
    count = int(np.searchsorted(totals, p * totals[-1])) + 1
    kept = np.zeros_like(shares)
    kept[order[:count]] = shares[order[:count]]
    return kept
