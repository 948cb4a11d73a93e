"""Sentences found in lines, in paragraphs and in prose."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.text.sentence_splitting import (
    LONGEST_PARAGRAPH,
    SentenceLayout,
    Splitter,
    detect_layout,
    split_paragraph,
)

CAPTIONS = (
    "A man rides a horse.\nTwo dogs play in snow\na cat sits on a mat.\nPeople eat pizza at a table\n" * 5
)
WRAPPED = (
    "It was the best of times, it was the worst of times, it was the age\n"
    "of wisdom, it was the age of foolishness. It was the epoch of belief,\n"
    "it was the epoch of incredulity, it was the season of Light. It was\n"
    "the season of Darkness, it was the spring of hope; it was the winter\n"
    "of despair.\n\n"
) * 4
ARTICLES = "He was born in Rome. He died in Paris. Nobody knew why.\nShe sang. They danced. All slept.\n" * 5
REAL = os.environ.get("DLTUI_DATA")


def split(text: str, layout: SentenceLayout, size: int = 10_000) -> list[str]:
    splitter = Splitter(layout)
    lines = text.splitlines(keepends=True)
    blocks = ["".join(lines[first : first + size]) for first in range(0, len(lines), size)]
    found = [sentence for block in blocks for sentence in splitter.feed(block)]
    return [sentence.strip() for sentence in [*found, *splitter.close()] if sentence.strip()]


@pytest.mark.parametrize(
    ("text", "layout"),
    [
        (CAPTIONS, SentenceLayout.LINES),
        (CAPTIONS.lower().replace(".", ""), SentenceLayout.LINES),
        (WRAPPED, SentenceLayout.PROSE),
        (ARTICLES, SentenceLayout.PARAGRAPHS),
        ("One line. With three. Sentences.", SentenceLayout.PARAGRAPHS),
        ("", SentenceLayout.PARAGRAPHS),
    ],
)
def test_the_layout_is_found_out(text: str, layout: SentenceLayout) -> None:
    assert detect_layout(text) is layout


@pytest.mark.skipif(not REAL, reason="DLTUI_DATA is not set")
def test_the_real_captions_are_lines() -> None:
    text = (Path(REAL or "") / "text" / "coco-captions.txt").read_text()
    assert detect_layout(text[:65536]) is SentenceLayout.LINES


@pytest.mark.parametrize(
    "sentences",
    [
        ["Mr. Smith met Dr. J. R. Brown. ", "They ate, e.g. Bread."],
        ["It cost 3.50 in all. ", "“Really?” ", "Yes!"],
        ["Wait... what? ", "So it is… ", "Or not."],
        ["He said it. ", "(Twice.) ", "Yes."],
        ["Who am I? ", "It is I. ", "Good."],
        ["no end mark at all"],
    ],
)
def test_a_paragraph_is_split_where_sentences_end(sentences: list[str]) -> None:
    assert list(split_paragraph("".join(sentences))) == sentences


def test_prose_flows_over_line_ends_but_not_over_empty_lines() -> None:
    text = "A title\n\nThe first goes\non here. The second ends.\n  \nNo stop\n\nLast one."
    assert split(text, SentenceLayout.PROSE) == [
        "A title", "The first goes on here.", "The second ends.", "No stop", "Last one.",
    ]  # fmt: skip


@given(st.integers(1, 7))
def test_where_blocks_are_cut_changes_nothing(size: int) -> None:
    for layout in SentenceLayout:
        assert split(WRAPPED + ARTICLES, layout, size) == split(WRAPPED + ARTICLES, layout)


def test_prose_without_an_end_is_ended_and_never_held() -> None:
    splitter = Splitter(SentenceLayout.PROSE)
    found = []
    for _ in range(20):
        found += list(splitter.feed("word " * (LONGEST_PARAGRAPH // 10)))
        assert len(splitter._open) <= LONGEST_PARAGRAPH
    assert sum(map(len, [*found, *splitter.close()])) == 20 * 5 * (LONGEST_PARAGRAPH // 10)


@given(st.text(alphabet="aB.!? \n'\")", max_size=200), st.sampled_from(SentenceLayout))
def test_no_sign_but_white_space_is_lost(text: str, layout: SentenceLayout) -> None:
    assert "".join("".join(split(text, layout)).split()) == "".join(text.split())
