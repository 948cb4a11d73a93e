"""Beam search: the most probable sentences, and the search tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.data.text.vocabulary import EOS
from engine.errors import ParamError
from engine.models.language import output_layer
from engine.models.language.model import LanguageModel, ModelState
from engine.models.language.next_word import best
from engine.models.language.sampling import allowed_scores
from engine.sampling import SamplingParams, check_length

WIDTH_LIMIT = 64
LENGTH_LIMIT = 200
DROPPED = 2  # times the width: sentences of each level in the tree that were not kept
Continuation = tuple[float, float, int, int]
"""rank value, log-probability, row of the sentence it continues, word"""


@dataclass(frozen=True, slots=True)
class BeamNode:
    """One word in the tree. `parent` is the index of a node in the tree, -1 for the seed.

    `logp` is the sum over the words added so far, `score` that sum divided by the length penalty.
    """

    parent: int
    id: int
    depth: int
    logp: float
    score: float
    kept: bool


@dataclass(frozen=True, slots=True)
class BeamTree:
    """The best nodes of each level; `leaves` are the nodes at which the sentences found end, best first."""

    nodes: tuple[BeamNode, ...]
    leaves: tuple[int, ...]


def path(nodes: Sequence[BeamNode], place: int) -> list[int]:
    """The words from the seed to the node at index `place`, in the order in which they were added."""
    ids: list[int] = []
    while place >= 0:
        ids.append(nodes[place].id)
        place = nodes[place].parent
    return ids[::-1]


def penalty(words: int, alpha: float) -> float:
    """((5 + n) / 6) ** alpha, as in Google's translation system (Wu and others, 2016); alpha 0: none."""
    return float(((5 + words) / 6) ** alpha)


def search(
    model: LanguageModel, seed_ids: Sequence[int], width: int, sampling: SamplingParams, alpha: float = 0.6
) -> BeamTree:
    """Extend `width` sentences at once, keeping the best at each step. Of `sampling` it uses all but the
    drawing (temperature, top_k, top_p).

    An ended sentence leaves its place to others; the search stops when the length is reached, or when no open
    sentence can still beat the worst of `width` ended ones. Raises ParamError.
    """
    _check(width, alpha, sampling.length)
    check_length(sampling.length, len(seed_ids))
    return _Search(model, list(seed_ids), width, sampling, alpha).run()


def _check(width: int, alpha: float, length: int) -> None:
    if type(width) is not int or not 1 <= width <= WIDTH_LIMIT:
        raise ParamError(f"beam: expected a whole number from 1 to {WIDTH_LIMIT}, got {str(width)[:40]}.")
    if type(alpha) not in (int, float) or not 0 <= alpha <= 10:
        raise ParamError(f"length_penalty: expected a number from 0 to 10, got {str(alpha)[:40]}.")
    if length > LENGTH_LIMIT:
        raise ParamError(f"length: a beam goes up to {LENGTH_LIMIT} words, got {length:,}.")


class _Search:
    def __init__(
        self, model: LanguageModel, seed: list[int], width: int, sampling: SamplingParams, alpha: float
    ) -> None:
        self._model, self._seed, self._width = model, seed, width
        self._sampling, self._alpha = sampling, alpha
        self._nodes: list[BeamNode] = []
        self._open: list[int] = [-1]
        self._ended: list[int] = []

    def run(self) -> BeamTree:
        state = self._model.open(self._seed)
        for _ in range(self._sampling.length - len(self._seed)):
            continuations = self._continuations(state)
            rows = self._keep(continuations)
            if not self._open or self._is_final():
                break
            words = [self._nodes[place].id for place in self._open]
            state = self._model.advance(state.select(rows), words)
        leaves = sorted([*self._ended, *self._open], key=lambda place: -self._nodes[place].score)
        return BeamTree(tuple(self._nodes), tuple(leaves[: self._width]))

    def _continuations(self, state: ModelState) -> list[Continuation]:
        """The best continuations of the open sentences, best first."""
        scores = self._model.scores(state)
        continuations = []
        for row, place in enumerate(self._open):
            before = self._nodes[place].logp if place >= 0 else 0.0
            total = output_layer.log_sum(scores[row])
            text = self._seed + self._path(place)
            kept = allowed_scores(scores[row], self._sampling, text, len(text))
            for word in best(kept, self._width + 1):
                if np.isfinite(kept[word]):
                    rank, logp = (before + float(of[word]) - total for of in (kept, scores[row]))
                    continuations.append((rank, logp, row, word))
        return sorted(continuations, key=lambda item: (-item[0], item[2], item[3]))

    def _keep(self, continuations: list[Continuation]) -> list[int]:
        """Add the best continuations to the tree and open them; add some more that are not kept.

        Returns the rows that the open ones continue.
        """
        parents, self._open = self._open, []
        rows: list[int] = []
        dropped = 0
        for _, logp, row, word in continuations:
            kept = len(rows) < self._width
            dropped += not kept
            if dropped > DROPPED * self._width:
                break
            self._nodes.append(self._node(parents[row], word, logp, kept))
            if kept and word == EOS:
                self._ended.append(len(self._nodes) - 1)
            elif kept:
                self._open.append(len(self._nodes) - 1)
                rows.append(row)
        return rows

    def _node(self, parent: int, word: int, logp: float, kept: bool) -> BeamNode:
        depth = self._nodes[parent].depth + 1 if parent >= 0 else 1
        return BeamNode(parent, word, depth, logp, logp / penalty(depth, self._alpha), kept)

    def _is_final(self) -> bool:
        """Whether no open sentence can win: log-probabilities only fall, the penalty is largest at full
        length."""
        if len(self._ended) < self._width:
            return False
        most = penalty(self._sampling.length - len(self._seed) + 1, self._alpha)
        bar = sorted((self._nodes[place].score for place in self._ended), reverse=True)[self._width - 1]
        return max(self._nodes[place].logp for place in self._open) / most <= bar

    def _path(self, place: int) -> list[int]:
        return path(self._nodes, place)
