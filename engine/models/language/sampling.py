"""Drawing a word from a model's scores."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from engine.data.text.vocabulary import EOS, UNK
from engine.models.language.model import NEVER
from engine.models.language.sampling_params import SamplingParams
from engine.models.language.weights import Floats

BLOCK = 128
Ints = NDArray[np.int64]


def stream(seed: int, number: int = 0) -> np.random.Generator:
    """Random numbers that depend on `seed` and on the number of the stream alone, one for each word drawn."""
    return np.random.Generator(np.random.Philox(key=np.array([seed, number], np.uint64)))


def offered(scores: Floats, sampling: SamplingParams, text: Collection[int], words: int) -> Floats:
    """The scores (V,) with -inf for what may not come, `words` being in the text already."""
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
    """One word of the offered scores. Takes exactly one random number, whatever the temperature."""
    return _at(proportions(kept, sampling), random.random())


def proportions(kept: Floats, sampling: SamplingParams) -> Floats:
    """What the words (V,) of the offered scores are drawn in proportion to: temperature, top-k, top-p."""
    if sampling.temperature == 0:
        shares = np.zeros_like(kept)
        shares[kept.argmax()] = 1
        return shares
    shares = kept - kept.max()
    shares /= np.float32(sampling.temperature)
    np.exp(shares, out=shares)
    return _nucleus(_best(shares, sampling.top_k), sampling.top_p)


def probabilities(kept: Floats, sampling: SamplingParams) -> NDArray[np.float64]:
    """With which each word (V,) of the offered scores is drawn; all 0 where none is offered."""
    if not np.isfinite(kept).any():
        return np.zeros(len(kept))
    shares = proportions(kept, sampling).astype(np.float64)
    found: NDArray[np.float64] = shares / shares.sum()
    return found


def _at(shares: Floats, u: float) -> int:
    """The word at which the running sum of the shares passes `u` of the whole: its block first."""
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
    """The `k` best, or all; the smaller number first among equals."""
    if k is None or k >= len(shares):
        return shares
    bar = np.partition(shares, -k)[-k]
    return _only(shares, _ordered(shares, bar)[:k])


def _nucleus(shares: Floats, p: float) -> Floats:
    """The fewest best whose sum reaches `p` of the whole; always at least one.

    Only words that have a share above the mean of what may be left out are put in order: the others together
    cannot be missed.
    """
    if p >= 1:
        return shares
    whole = float(shares.sum(dtype=np.float64))
    order = _ordered(shares, min(float(shares.max()), (1 - p) * whole / len(shares)))
    totals = np.cumsum(shares[order], dtype=np.float64)
    return _only(shares, order[: int(np.searchsorted(totals, p * whole)) + 1])


def _ordered(shares: Floats, bar: float) -> Ints:
    """The words with a share of `bar` or more, the best first."""
    rows = np.flatnonzero(shares >= bar)
    return rows[np.lexsort((rows, -shares[rows]))]


def _only(shares: Floats, rows: Ints) -> Floats:
    kept = np.zeros_like(shares)
    kept[rows] = shares[rows]
    return kept
