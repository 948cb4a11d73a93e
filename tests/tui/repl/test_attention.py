"""Attention as a table of words: a sentence of nine words fits beside its column of words."""

from __future__ import annotations

import pytest

from engine.errors import ParamError
from engine.session_protocol.language import BlockWords, ProbableNextWord, SentenceAttention
from tui.repl.attention import ShownHead, block_rows, first_shown, head_rows

WORDS = ("<START>", "a", "man", "riding", "a", "wave", "on", "a", "surfboard")


def shown(*words: str) -> ShownHead:
    size = len(words)
    weights = [[1 / (row + 1) if column <= row else 0.0 for column in range(size)] for row in range(size)]
    answer = SentenceAttention(
        run="r", direction="forward", step=1, epoch=None, weights="", is_running=False, notice="",
        words=words, unknown=(), attention=[[weights]], entropies=[[1.0]],
    )  # fmt: skip
    return ShownHead(answer)


def lines(width: int, *words: str) -> list[str]:
    return ["".join(span.text for span in row).rstrip() for row in head_rows(shown(*words), width)]


@pytest.mark.parametrize("width", [74, 76])
def test_every_word_of_a_sentence_has_its_column_in_one_table(width: int) -> None:
    found = lines(width, *WORDS)
    header = next(line for line in found if "(start)" in line)
    assert header.split() == ["(start)", *WORDS[1:]]
    last = found[-2]
    assert last.startswith("surfboard") and last.count(" 11") == 9
    assert max(map(len, found)) <= width


def test_where_there_is_room_columns_stand_two_cells_apart() -> None:
    assert "(start)  a      man" in "\n".join(lines(120, *WORDS))


def test_a_long_word_is_cut_above_its_column_and_whole_in_its_line() -> None:
    found = lines(76, "<START>", "hippopotamuses")
    assert "hippopota~" in next(line for line in found if "(start)" in line)
    assert found[-2].startswith("hippopotamuses")


def test_which_head_it_is_stands_below_the_table_where_it_stays_in_view() -> None:
    assert lines(76, *WORDS)[-1] == "head 1 of 1, block 1 of 1 · entropy 1.00 bits"


@pytest.mark.parametrize(
    ("head", "block", "error"),
    [
        (2, 1, "has 1 head: there is no head 2"),
        (0, 1, "no head 0"),
        (1, 3, "has 1 block: there is no block 3"),
    ],
)
def test_a_head_or_a_block_that_is_not_there_is_refused(head: int, block: int, error: str) -> None:
    answer = shown(*WORDS).answer
    assert first_shown(answer, 1, 1) == ShownHead(answer)
    with pytest.raises(ParamError, match=error):
        first_shown(answer, head, block)


@pytest.mark.parametrize(("direction", "sought"), [("forward", "next one"), ("reversed", "word before it")])
def test_the_legend_of_the_blocks_says_which_word_is_read_off(direction: str, sought: str) -> None:
    answer = BlockWords(
        run="r", direction=direction, step=1, epoch=None, weights="", is_running=False, notice="",
        words=("<START>",), unknown=(), best=[[[ProbableNextWord("a", 0.5)]]], norms=[[1.0]],
    )  # fmt: skip
    assert f"the most probable {sought}," in "".join(span.text for span in block_rows(answer, 120)[0])
