"""A beam that is wide enough finds the most probable sentence there is."""

from __future__ import annotations

import math

import pytest

from engine.errors import ParamError
from engine.models.language.beam_search import path, penalty, search
from engine.models.language.generation import generate
from engine.sampling import SamplingParams
from tests.engine.models.language import oracle, samples

KIND = samples.description(8)
MODEL, ARRAYS = samples.model(KIND, 2), samples.arrays(KIND, 2)


def test_a_wide_beam_finds_what_trying_everything_finds() -> None:
    tree = search(MODEL, [], 64, SamplingParams(length=4))
    everything = oracle.best_sentences(ARRAYS, [4, 5, 6, 7], 4)
    found = [(tree.nodes[leaf].logp, tuple(path(tree.nodes, leaf))) for leaf in tree.leaves[:5]]
    assert [words for _, words in found] == [words for _, words in everything[:5]]
    assert [logp for logp, _ in found] == pytest.approx([logp for logp, _ in everything[:5]], rel=1e-5)


def test_a_beam_of_one_is_the_best_word_each_time() -> None:
    tree = search(MODEL, [5], 1, SamplingParams(length=6))
    greedy = [drawn.id for drawn in generate(MODEL, [5], SamplingParams(length=6, temperature=0), 1)]
    assert path(tree.nodes, tree.leaves[0]) == greedy


def test_the_tree_marks_what_was_kept_and_what_was_dropped() -> None:
    tree = search(MODEL, [5], 3, SamplingParams(length=5))
    for depth in range(1, 5):
        level = [node for node in tree.nodes if node.depth == depth]
        kept, dropped = ([n.logp for n in level if n.kept is is_kept] for is_kept in (True, False))
        assert len(kept) == 3
        assert max(dropped) <= min(kept)
        assert all(depth == 1 or tree.nodes[node.parent].kept for node in level)


def test_ended_sentences_compete_with_open_ones_by_the_length_penalty() -> None:
    tree = search(MODEL, [5], 4, SamplingParams(length=9, until_end=True), alpha=0.8)
    scores = [tree.nodes[leaf].score for leaf in tree.leaves]
    assert scores == sorted(scores, reverse=True)
    assert any(tree.nodes[leaf].id == oracle.EOS for leaf in tree.leaves)
    for leaf in tree.leaves:
        node = tree.nodes[leaf]
        assert node.score == pytest.approx(node.logp / penalty(node.depth, 0.8))
        assert math.isfinite(node.logp)


@pytest.mark.parametrize(
    ("width", "alpha", "length", "said"),
    [
        (0, 0.6, 7, "beam: expected a whole number from 1 to 64, got 0"),
        (65, 0.6, 7, "beam: expected"),
        (4, float("nan"), 7, "length_penalty: expected a number from 0 to 10, got nan"),
        (4, 0.6, 201, "length: a beam goes up to 200 words, got 201"),
    ],
)
def test_a_beam_that_cannot_be_is_refused(width: int, alpha: float, length: int, said: str) -> None:
    with pytest.raises(ParamError, match=said):
        search(MODEL, [5], width, SamplingParams(length=length), alpha)
