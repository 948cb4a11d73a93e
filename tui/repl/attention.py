"""What a head of a transformer attends to, and what is read off behind each block, as tables of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len, set_cell_size

from engine.errors import ParamError
from engine.session_protocol.language import BlockWords, SentenceAttention
from tui.data.value_text import plural
from tui.drawings.words_with_numbers import CUT, Column, grid
from tui.terminal.glyphs import glyphs
from tui.ui.displayed_word import word_of
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_text

SHADES, ASCII_SHADES = " ░▒▓█", " .:*#"
BAR = 2
HEADER = 10
"""cells of a word above its column; its line has it whole"""


@dataclass(frozen=True, slots=True)
class ShownHead:
    """The head of a block that is shown, both counted from 0."""

    answer: SentenceAttention
    block: int = 0
    head: int = 0

    def select(self, *, head: int = 0, block: int = 0) -> ShownHead:
        """So many heads or blocks further; after the last comes the first."""
        blocks, heads = len(self.answer.attention), len(self.answer.attention[0])
        return replace(self, block=(self.block + block) % blocks, head=(self.head + head) % heads)


def first_shown(answer: SentenceAttention, head: int, block: int) -> ShownHead:
    """The head of a block, both counted from 1. Raises ParamError where there is none."""
    blocks, heads = len(answer.attention), len(answer.attention[0])
    for name, number, count in (("head", head, heads), ("block", block, blocks)):
        if not 1 <= number <= count:
            raise ParamError(f"The model has {plural(count, name)}: there is no {name} {number}.")
    return ShownHead(answer, block - 1, head - 1)


def head_rows(shown: ShownHead, width: int) -> list[Row]:
    """A line for each word, a column for each word that it may attend to; last, where it stays in view, which
    head it is."""
    answer = shown.answer
    heads, entropy = len(answer.attention[0]), answer.entropies[shown.block][shown.head]
    which: Row = (
        Span(f"head {shown.head + 1}", "strong"),
        Span(f" of {heads}, block {shown.block + 1} of {len(answer.attention)}", "muted"),
        Span(f" {glyphs().dot} entropy {entropy:.2f} bits", "muted"),
    )
    legend = "Each line is a word and what it attends to, in percent: itself and the words read before it."
    words = _spelled(answer.words, answer.direction)
    weights = answer.attention[shown.block][shown.head]
    columns = [
        [Span(_header(word), "strong"), *(_weight(row[place], place <= at) for at, row in enumerate(weights))]
        for place, word in enumerate(words)
    ]
    table = grid(("", *words), columns, width)
    if len(table) > len(words) + 1:  # it is wrapped
        table = grid(("", *words), columns, width, gap=1)
    return [*wrap_text(legend, width, "muted"), *table, which]


def block_rows(answer: BlockWords, width: int) -> list[Row]:
    """A column for each place: the most probable next word behind each block, and the vector's norm."""
    blocks = range(len(answer.best))
    names = ["embedding", *(f"block {number}" for number in blocks if number)]
    labels = ["", *names, *(f"norm {number}" for number in blocks)]
    columns: list[Column] = []
    for place, word in enumerate(_spelled(answer.words, answer.direction)):
        cells = [Span(word, "strong")]
        for number in blocks:
            first = answer.best[number][place][0]
            style_name = "accent" if number == blocks[-1] else "text"
            cells.append(Span(f"{word_of(first.word)} {first.p:.0%}", style_name))
        cells += [Span(f"{answer.norms[number][place]:.1f}", "muted") for number in blocks]
        columns.append(cells)
    sought = "word before it" if answer.direction == "reversed" else "next one"
    legend = f"Below each word the most probable {sought}, read off behind each block; then the norms."
    return [*wrap_text(legend, width, "muted"), *grid(labels, columns, width)]


def _header(word: str) -> str:
    return word if cell_len(word) <= HEADER else set_cell_size(word, HEADER - 1) + CUT


def _spelled(words: Sequence[str], direction: str) -> list[str]:
    return [word_of(word, reverse=direction == "reversed") for word in words]


def _weight(value: float, is_readable: bool) -> Span:
    if not is_readable:
        return Span("")
    table = ASCII_SHADES if glyphs().ascii_only else SHADES
    level = max(0, min(int(value * len(table)), len(table) - 1))
    return Span(f"{table[level] * BAR}{100 * value:3.0f}", "accent")
