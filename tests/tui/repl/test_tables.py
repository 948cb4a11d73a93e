"""Responses as rows of tables."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.session_protocol.language import (
    BeamSearch,
    BeamSentence,
    ComparedModel,
    ComparedModels,
    CountedScore,
    RankedOrder,
    RankedOrders,
    Scores,
    ScoreTotal,
    SentenceScore,
    TreeNode,
    WordScore,
)
from tui.drawings import beam_tree, sentence_surprisal
from tui.drawings.words_with_numbers import grid
from tui.repl import tables
from tui.ui.displayed_word import word_of
from tui.ui.span import Span, row_text, row_width

HEAD: dict[str, Any] = {
    "run": "r", "direction": "forward", "step": 1, "epoch": None, "weights": "", "is_running": False,
    "notice": "",
}  # fmt: skip
"""of every answer of a model"""


def word(text: str, bits: float | None) -> WordScore:
    known = bits is not None
    share = 0.5**bits if bits is not None else None
    return WordScore(text, share, bits, 1 if known else None, known)


def scored(text: str, perplexity: float, unknown: int = 0) -> SentenceScore:
    words = [word(one, 2.0) for one in text.split()]
    counted = CountedScore(-9.0, 9 * perplexity)
    return SentenceScore(text, [*words, word("<EOS>", 1.0)], -3.0, perplexity, unknown, counted)


@given(some.lists(some.text(min_size=1, max_size=40), min_size=1, max_size=30), some.integers(10, 200))
def test_no_row_of_a_grid_is_wider_than_its_room_and_no_column_is_lost(words: list[str], width: int) -> None:
    columns = [(Span(word_of(one)), Span("1.0")) for one in words]
    rows = grid(("", "bits"), columns, width)
    assert all(row_width(row) <= max(width + 2, 6 + 26) for row in rows)
    assert sum(row_text(row).count("1.0") for row in rows if row_text(row).startswith("bits")) == len(words)


@pytest.mark.parametrize(("bits", "sign"), [(0.0, "0.0"), (9.94, "9.9"), (10.0, "10.0!"), (25.2, "25.2!")])
def test_high_surprisal_is_marked_without_colour(bits: float, sign: str) -> None:
    assert sentence_surprisal.bits_text(bits) == sign


def test_unknown_words_are_marked_and_counted() -> None:
    told = replace(scored("a b", 4.0, 1), words=[word("a", 1.0), word("b", None)])
    text = "\n".join(row_text(row) for row in sentence_surprisal.scored_rows(told, 80))
    assert "?" in text and "1 unknown word ? not counted; counted as <UNK>: perplexity 36.0" in text
    assert "log-probability -4.3 bits (-3.00 nats)" in text


def compared(name: str, vocabulary: int, perplexity: float, unknown: int) -> ComparedModel:
    return ComparedModel(
        **{**HEAD, "run": name}, name=name, framework="torch", layers=1, embedding=8, hidden=8, tied=False,
        tokeniser="plain", corpus="captions", vocabulary=vocabulary, vocabulary_sha256=f"{vocabulary:064}",
        candidates=[], sentence=scored("love i cupcakes", perplexity, unknown),
    )  # fmt: skip


def test_models_of_other_vocabularies_are_not_compared_by_perplexity() -> None:
    answer = ComparedModels([compared("large", 3_000, 17_170.7, 0), compared("small", 1_000, 11.9, 3)])
    rows = tables.side_by_side(answer, 100)
    text = "\n".join(row_text(row) for row in rows)
    assert "3 unknown words ? not counted; counted as <UNK>: perplexity 107.1" in text
    assert "The vocabularies differ, so the perplexities cannot be compared (3,000 and 1,000 words)." in text
    assert {span.style_name for row in rows for span in row if span.text.strip() in ("17,170.7", "11.9")} == {
        "muted"
    }
    alike = ComparedModels([compared("one", 3_000, 20.0, 0), compared("other", 3_000, 30.0, 0)])
    rows = tables.side_by_side(alike, 100)
    assert "cannot be compared" not in "\n".join(map(row_text, rows))
    assert {span.style_name for row in rows for span in row if span.text.strip() in ("20.0", "30.0")} == {
        "strong"
    }


def test_orders_of_a_long_sentence_are_whole_and_the_typed_one_is_among_them() -> None:
    words = [f"word{number}" for number in range(12)]
    one = RankedOrder(1, "", words, -30.0, 10.0, given=False)
    typed = replace(one, rank=None, words=words[::-1], given=True)
    answer = RankedOrders(
        **HEAD, words=words, unknown=[], orders=[one], typed=typed, possible=479_001_600, complete=False
    )
    rows = [row_text(row) for row in tables.orders(answer, 60)]
    assert all(len(row) <= 60 for row in rows)
    assert " ".join(" ".join(rows).split()).count("word11") == 2
    assert "as typed" in rows[-2]


def test_a_batch_sorts_both_ways() -> None:
    sentences = [scored("b", 30.0), scored("a", 3.0), scored("c", 300.0)]
    answer = Scores(**HEAD, sentences=sentences, total=ScoreTotal(3, 3, 0, -9.0, 30.0), skipped=[])

    def order(number: int) -> str:
        return "".join(row_text(row).strip()[-1] for row in tables.batch(answer, number, 80)[2:])

    assert [order(0), order(1), order(2)] == ["bac", "abc", "cba"]


def beam(depth: int) -> BeamSearch:
    nodes = [
        TreeNode(n, n - 1, f"w{n}", n + 1, p=0.5, logp=-1.0, score=-1.0, kept=True, kind="word")
        for n in range(depth)
    ]
    found = BeamSentence("", ["w"], -1.0, -1.0, ended=False, node=depth - 1)
    return BeamSearch(**HEAD, text="", words=[], unknown=[], nodes=nodes, sentences=[found])


def test_a_tree_has_each_word_once_and_keeps_to_its_width() -> None:
    rows = beam_tree.tree_rows(beam(3), 80)
    assert len(rows) == 1 and [row_text(rows[0]).count(f"w{n}") for n in range(3)] == [1, 1, 1]
    assert all(row_width(row) <= 40 for row in beam_tree.tree_rows(beam(200), 40))


@pytest.mark.parametrize(
    ("logp", "said"),
    [(0.0, "1"), (-2.0, "0.14"), (-9.0, "1.2e-4"), (-39.5, "7.0e-18"), (-5000.0, "3.4e-2172"),
     (-11.5129, "1.0e-5")],
)  # fmt: skip
def test_a_probability_is_formatted_however_small_it_is(logp: float, said: str) -> None:
    assert sentence_surprisal.probability_text(logp) == said


@pytest.mark.parametrize("width", [12, 20, 40])
def test_a_branch_that_is_cut_keeps_the_number_of_its_sentence(width: int) -> None:
    (row,) = beam_tree.tree_rows(beam(30), width)
    assert row_text(row).rstrip().endswith("(1)") and row_width(row) <= width


def test_a_branch_is_drawn_below_its_parent() -> None:
    one = beam(2)
    nodes = [*one.nodes, replace(one.nodes[1], id=2, word="other")]
    answer = replace(one, nodes=nodes, sentences=[*one.sentences, replace(one.sentences[0], node=2)])
    first, second = (row_text(row) for row in beam_tree.tree_rows(answer, 80))
    assert first.index("w1") == second.index("other")


@pytest.mark.parametrize(("direction", "said"), [("forward", "w …"), ("reversed", "… w")])
def test_a_sentence_without_its_end_has_an_ellipsis(direction: str, said: str) -> None:
    row = beam_tree.sentence_rows(replace(beam(1), direction=direction))[1]
    assert row_text(row).endswith(f" {said}")


def test_a_tree_without_words_is_its_seed() -> None:
    assert row_text(beam_tree.tree_rows(replace(beam(0), sentences=[]), 40)[0]).strip() == "(start)"
