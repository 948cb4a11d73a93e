"""Drawing a word from the scores of a model."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from engine.data.text.vocabulary import EOS, UNK
from engine.models.language.model import NEVER
from engine.models.language.weights import Floats
from engine.sampling import SamplingParams

BLOCK = 128
Ints = NDArray[np.int64]


def stream(seed: int, number: int = 0) -> np.random.Generator:
    """Random numbers of stream `number` of `seed`; each word drawn takes one."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, number], np.uint64)))


def allowed_scores(scores: Floats, sampling: SamplingParams, text: Collection[int], words: int) -> Floats:
    """The scores (V,) with -inf for words that must not be drawn; the text has `words` words so far."""
    kept = scores.copy()
    kept[list(NEVER)] = -np.inf
    if not sampling.unknown:
        kept[UNK] = -np.inf
    if sampling.repetition != 1.0 and text:
        kept[list({number for number in text if number > EOS})] -= np.float32(np.log(sampling.repetition))
    if not sampling.until_end or words < sampling.least:
        kept[EOS] = -np.inf
    return kept


def draw(kept: Floats, sampling: SamplingParams, random: np.random.Generator) -> int:
    """Draw one word from allowed scores. Takes exactly one random number at every temperature."""
    return _at(proportions(kept, sampling), random.random())


def proportions(kept: Floats, sampling: SamplingParams) -> Floats:
    """Unnormalised probabilities (V,) of allowed scores after temperature, top-k and top-p."""
    if sampling.temperature == 0:
        shares = np.zeros_like(kept)
        shares[kept.argmax()] = 1
        return shares
    shares = kept - kept.max()
    shares /= np.float32(sampling.temperature)
    np.exp(shares, out=shares)
    return _nucleus(_best(shares, sampling.top_k), sampling.top_p)


def probabilities(kept: Floats, sampling: SamplingParams) -> NDArray[np.float64]:
    """The probability (V,) with which each word is drawn; all 0 where none is allowed."""
    if not np.isfinite(kept).any():
        return np.zeros(len(kept))
    shares = proportions(kept, sampling).astype(np.float64)
    found: NDArray[np.float64] = shares / shares.sum()
    return found


def _at(shares: Floats, u: float) -> int:
    """The word at which the cumulative sum of the shares passes `u` of the total; found by blocks."""
    blocks = np.add.reduceat(shares, np.arange(0, len(shares), BLOCK), dtype=np.float64)
    ends = np.cumsum(blocks)
    goal = u * ends[-1]
    block = int(np.searchsorted(ends, goal, side="right"))
    inside = shares[block * BLOCK : (block + 1) * BLOCK]
    sums = np.cumsum(inside, dtype=np.float64) + (ends[block] - blocks[block])
    last = int(
        np.flatnonzero(inside)[-1]
    )  # where rounding would let the sum of the block fall short of its end
    return block * BLOCK + min(int(np.searchsorted(sums, goal, side="right")), last)


def _best(shares: Floats, k: int | None) -> Floats:
    """The shares of the `k` best words, or all, others 0; among equals the smaller id first."""
    if k is None or k >= len(shares):
        return shares
    bar = np.partition(shares, -k)[-k]
    return _only(shares, _ordered(shares, bar)[:k])


def _nucleus(shares: Floats, p: float) -> Floats:
    """The fewest best words whose sum reaches `p` of the total, at least one; others 0.

    Only words with a share above the mean of what may be left out are sorted: the others together are less
    than 1 - p.
    """
    if p >= 1:
        return shares
    whole = float(shares.sum(dtype=np.float64))
    order = _ordered(shares, min(float(shares.max()), (1 - p) * whole / len(shares)))
    totals = np.cumsum(shares[order], dtype=np.float64)
    return _only(shares, order[: int(np.searchsorted(totals, p * whole)) + 1])


def _ordered(shares: Floats, bar: float) -> Ints:
    """Words with a share of at least `bar`, best first."""
    rows = np.flatnonzero(shares >= bar)
    return rows[np.lexsort((rows, -shares[rows]))]


def _only(shares: Floats, rows: Ints) -> Floats:
    kept = np.zeros_like(shares)
    kept[rows] = shares[rows]
    return kept
