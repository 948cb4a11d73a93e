"""Sentences with the surprisal of each word, -log2 p, and their perplexity."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engine.session_protocol.language import GeneratedWord, SentenceScore, WordScore
from tui.drawings.words_with_numbers import Column, grid
from tui.terminal.glyphs import glyphs
from tui.ui.displayed_word import in_order, word_of
from tui.ui.numbers import short
from tui.ui.span import Row, Span, row_width
from tui.ui.wrap import wrap_text

EXPECTED, FAIR, SURPRISING = 2.0, 6.0, 10.0
"""bits: 1 in 4, 1 in 64, 1 in 1,024"""
LEGEND = "bits = -log2 p: 1 bit is p = 0.5, each further bit halves p; ! 10 or more"


def style_of_bits(bits: float | None) -> str:
    if bits is None:
        return "muted"
    return "good" if bits < EXPECTED else "text" if bits < FAIR else "warn" if bits < SURPRISING else "bad"


def bits_text(bits: float) -> str:
    """The bits with one decimal; `!` from SURPRISING on."""
    return f"{bits:.1f}" + ("!" if bits >= SURPRISING else "")


def typed_word(word: str, *, known: bool = True) -> Column:
    """The column of a typed word, which has no surprisal; `?` where it is not in the vocabulary."""
    return (Span(word_of(word), "strong" if known else "warn"), Span("" if known else "?", "warn"))


def generated_word(part: GeneratedWord) -> Column:
    """The column of a word that a model generated."""
    bits = part.surprisal
    word = word_of(part.word, reverse=part.side == "left")
    return (Span(word, style_of_bits(bits)), Span(bits_text(bits), style_of_bits(bits)))


def generated_rows(columns: Sequence[Column], width: int) -> list[Row]:
    return grid(("", "bits"), columns, width)


def scored_rows(sentence: SentenceScore, width: int, *, reverse: bool = False) -> list[Row]:
    """`reverse`: scored by a model that reads backwards."""
    columns = [_scored_word(word, reverse=reverse) for word in in_order(sentence.words, reverse=reverse)]
    return [*grid(("", "bits", "%", "rank"), columns, width), (), *total_rows(sentence, width)]


def total_rows(sentence: SentenceScore, width: int) -> list[Row]:
    dot = f" {glyphs().dot} "
    value = sentence.perplexity
    share: Row = (
        Span("perplexity ", "muted"), Span(perplexity_text(value), "strong"),
        Span(f"{dot}probability ", "muted"), Span(probability_text(sentence.logp), "strong"),
    )  # fmt: skip
    log: Row = (Span("log-probability ", "muted"), Span(logp_text(sentence.logp), "strong"))
    whole: Row = (*share, Span(dot, "muted"), *log)
    rows: list[Row] = [whole] if row_width(whole) <= width else [share, log]
    return rows + (wrap_text(unknown_words_note(sentence), width, "warn") if sentence.unknown else [])


def unknown_words_note(sentence: SentenceScore) -> str:
    """The number of unknown words, which the perplexity leaves out, and the perplexity with them."""
    unknown = sentence.unknown
    words = f"{unknown} unknown {'word' if unknown == 1 else 'words'} ? not counted"
    return f"{words}; counted as <UNK>: perplexity {perplexity_text(sentence.counted.perplexity)}"


def perplexity_text(value: float) -> str:
    """With one decimal below a million, so that columns are aligned."""
    return f"{value:,.1f}" if value < 1e6 else short(value)


def logp_text(logp: float) -> str:
    """A natural log-probability in bits and in nats: -30.1 bits (-20.87 nats)."""
    return f"{logp / math.log(2):.1f} bits ({logp:.2f} nats)"


def probability_text(logp: float) -> str:
    """A probability from its natural logarithm, also below the smallest float: 0.12, 3.4e-18."""
    if logp > math.log(0.001):
        return f"{math.exp(logp):.2g}"
    power = math.floor(logp / math.log(10))
    share = round(10 ** (logp / math.log(10) - power), 1)
    return f"1.0e{power + 1}" if share >= 10 else f"{share}e{power}"


def _scored_word(word: WordScore, *, reverse: bool) -> Column:
    text = word_of(word.word, reverse=reverse)
    if word.p is None or word.surprisal is None:
        return (Span(text, "warn"), Span("?", "warn"), Span(""), Span(""))
    bits, rank = word.surprisal, word.rank
    style_name = style_of_bits(bits)
    return (
        Span(text, style_name), Span(bits_text(bits), style_name), Span(percent(word.p), "muted"),
        Span(f"{rank:,}" if rank else "", "muted"),
    )  # fmt: skip


def percent(share: float) -> str:
    """A share in percent, in at most four characters: 97, 5.1, 0.45, <.01, 0"""
    value = 100 * share
    if not share:
        return "0"
    if value >= 9.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 0.995 else f"{value:.2f}" if value >= 0.00995 else "<.01"
