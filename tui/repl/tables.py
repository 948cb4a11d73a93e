"""Rows of tables: fillings of a blank, word orders, scores of a batch, two models side by side."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size

from engine.session_protocol.language import (
    ComparedModel,
    ComparedModels,
    FilledBlank,
    RankedOrder,
    RankedOrders,
    Scores,
    ScoreTotal,
    WordScore,
)
from tui.drawings.sentence_surprisal import (
    bits_text,
    percent,
    perplexity_text,
    style_of_bits,
    unknown_words_note,
)
from tui.drawings.words_with_numbers import Column, grid
from tui.repl.model_line import size_of
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.displayed_word import word_of
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_text

BAR = 20
DIFFERENT = "The vocabularies differ, so the perplexities cannot be compared"
ORDERS = ("as pasted", "most probable first", "least probable first")
"""how a batch can be sorted"""


def bar(share: float, width: int = BAR) -> Row:
    full = round(min(1.0, max(0.0, share)) * width)
    sign = glyphs().bar[0]
    return (Span(sign * full, "accent"), Span(" " * (width - full)))


def fillings(response: FilledBlank, width: int) -> list[Row]:
    """Each word with the probabilities of the two models and their product."""
    found = response.fillings
    widest = max((cell_len(word_of(one.word)) for one in found), default=4)
    most = max((one.p for one in found), default=1.0) or 1.0
    rows: list[Row] = [(Span(f"{'':{widest}}      %  {'':{BAR}}   left  right", "muted"),)]
    for place, one in enumerate(found):
        rows.append(
            (
                Span(set_cell_size(word_of(one.word), widest), "strong" if place == 0 else "text"),
                Span(f"  {percent(one.p):>5}  ", "strong" if place == 0 else "text"),
                *bar(one.p / most),
                Span(f"  {percent(one.forward):>5}  {percent(one.reversed):>5}", "muted"),
            )
        )
    left, right = (" ".join(map(word_of, words)) for words in (response.left, response.right))
    best = f"{left} {word_of(found[0].word)} {right}".strip() if found else ""
    legend = "% is left x right, normalised; left: forward model, right: reversed model"
    return [*rows, (Span(best, "strong"),), *wrap_text(legend, width, "muted")]


def orders(response: RankedOrders, width: int) -> list[Row]:
    rows: list[Row] = [(Span("     perplexity  log p", "muted"),)]
    typed = response.typed
    for one in [*response.orders, *([typed] if typed else [])]:
        rows += _order(one, width)
    how = "all scored" if response.complete else "the best of a search"
    possible = response.possible
    return [*rows, (Span(f"{possible:,} {'order' if possible == 1 else 'orders'}, {how}", "muted"),)]


def _order(one: RankedOrder, width: int) -> list[Row]:
    """A sentence that is too long for a line is wrap_text."""
    style_name = "key" if one.given else "strong" if one.rank == 1 else "text"
    rank = f"{one.rank:>4} " if one.rank else "     "
    value = f"{perplexity_text(one.perplexity):>10} {one.logp:6.1f}  "
    text = " ".join(map(word_of, one.words)) + (f"  {glyphs().mark} as typed" if one.given else "")
    first, *rest = wrap_text(text, width - len(rank) - len(value), style_name)
    indent = Span(" " * (len(rank) + len(value)))
    return [(Span(rank, "muted"), Span(value, "text"), *first), *((indent, *row) for row in rest)]


def batch(response: Scores, order: int, width: int) -> list[Row]:
    """Many sentences, one line each."""
    rows = list(response.sentences)
    if order:
        rows.sort(key=lambda one: one.perplexity, reverse=order == 2)
    total = response.total
    head: Row = (
        Span(f"{total.sentences:,} sentences", "strong"), Span(f", {ORDERS[order]}", "muted"),
        Span(f" {glyphs().dot} together ", "muted"), Span(_overall(total), "strong"),
        Span(f" {glyphs().dot} {total.unknown:,} unknown of {total.words:,} words", "muted"),
    )  # fmt: skip
    keys = "esc, then o : sorted otherwise"
    lines: list[Row] = [head, (Span(f"perplexity  words  unknown  {keys}", "muted"),)]
    for one in rows:
        value = one.perplexity
        lines.append(
            (
                Span(f"{perplexity_text(value):>10}", _ink(value)),
                Span(f"  {len(one.words) - 1:>5}", "muted"),
                Span(f"  {one.unknown or '':>7}  ", "warn"),
                Span(plain(one.text, limit=max(1, width - 28)), "text"),
            )
        )  # fmt: skip
    return lines


def side_by_side(response: ComparedModels, width: int) -> list[Row]:
    """The surprisal of each word by each model, then their next words."""
    models = response.models
    marks = [chr(ord("A") + place) for place in range(len(models))]
    are_alike = len({model.vocabulary_sha256 for model in models}) == 1
    rows: list[Row] = []
    for mark, model in zip(marks, models, strict=True):
        rows += [_named(mark, model, are_alike), *_unknown_of(model, width)]
    if not are_alike:
        sizes = " and ".join(f"{model.vocabulary:,}" for model in models)
        rows += wrap_text(f"{DIFFERENT} ({sizes} words).", width, "warn")
    columns: list[Column] = []
    sentences = [model.sentence.words for model in models]
    if len({len(words) for words in sentences}) == 1:
        for same in zip(*sentences, strict=True):
            columns.append((Span(_shared_name(same, models), "strong"), *map(_bits, same)))
    rows += [(), *grid(("", *(f"{mark} bits" for mark in marks)), columns, width), ()]
    return rows + _next(marks, models, width)


def _shared_name(same: Sequence[WordScore], models: Sequence[ComparedModel]) -> str:
    """Name of one column: <EOS> is the end for a forward model and the start for a reversed one."""
    names = (
        word_of(word.word, reverse=model.direction == "reversed")
        for word, model in zip(same, models, strict=True)
    )
    return " / ".join(dict.fromkeys(names))


def _next(marks: Sequence[str], models: Sequence[ComparedModel], width: int) -> list[Row]:
    sides = ["before" if model.direction == "reversed" else "next" for model in models]
    each = max(20, min(36, width // max(1, len(models))))
    rows: list[Row] = [
        tuple(Span(f"{mark} {side}".ljust(each), "muted") for mark, side in zip(marks, sides, strict=True))
    ]
    for place in range(5):
        spans: list[Span] = []
        for model in models:
            found = model.candidates
            if place < len(found):
                is_reversed = model.direction == "reversed"
                share, word = found[place].p, word_of(found[place].word, reverse=is_reversed)
                spans += [Span(set_cell_size(word, each - 8)), Span(f"{percent(share):>5}%  ", "muted")]
        rows.append(tuple(spans))
    return rows


def _unknown_of(model: ComparedModel, width: int) -> list[Row]:
    """The perplexity with the unknown words counted as <UNK>; no rows when all words are known."""
    if not model.sentence.unknown:
        return []
    return [(Span("  "), *row) for row in wrap_text(unknown_words_note(model.sentence), width - 2, "warn")]


def _named(mark: str, model: ComparedModel, is_compared: bool) -> Row:
    sentence, name = model.sentence, plain(model.name or model.run, limit=40)
    facts = [fact for fact in (model.framework, size_of(model), model.direction) if fact not in name]
    return (
        Span(f"{mark} ", "key"), Span(name, "strong"),
        Span("  " + ", ".join(facts), "muted"),
        Span("  perplexity ", "muted"),
        Span(perplexity_text(sentence.perplexity), "strong" if is_compared else "muted"),
    )  # fmt: skip


def _bits(word: WordScore) -> Span:
    bits = word.surprisal
    return Span("?", "warn") if bits is None else Span(bits_text(bits), style_of_bits(bits))


def _overall(total: ScoreTotal) -> str:
    value = total.perplexity
    return "no known word" if value is None else perplexity_text(value)


def _ink(value: float) -> str:
    return "good" if value < 30 else "text" if value < 200 else "warn" if value < 2000 else "bad"
