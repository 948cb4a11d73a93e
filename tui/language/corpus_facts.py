"""Statistics of a corpus: splits, sentence lengths, word frequencies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import set_cell_size

from engine.session_protocol.corpus import CorpusSummary
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, fitted
from tui.ui.wrap import wrap_text

PARTS = (("train", "training"), ("validation", "validation"), ("test", "test"))
BESIDE = 92
"""least width in cells for two columns"""
BINS, BAR = 10, 22
WORD = 14


class CorpusFacts(Sheet):
    """A response of `corpus.tell`, or a message in its place."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._summary: CorpusSummary | None = None
        self._message = ""

    def update(self, summary: CorpusSummary | None, message: str = "") -> None:
        self._summary, self._message = summary, plain(message, limit=400)
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        if self._summary is None:
            return wrap_text(self._message, width, "muted")
        summary = self._summary
        room = width if width < BESIDE else width // 2 - 2
        about = wrap_text(plain(str(summary.about), limit=200), room, "text")
        left = [*about, *_sums(summary), (), *_parts(summary.facts), (), *_lengths(summary)]
        right = [*_zipf(summary), (), *_commonest(summary, min(width, 60))]
        if width < BESIDE:
            return [*left, (), *right, (), *_remarks(summary, width)]
        half = width // 2
        height = max(len(left), len(right))
        left, right = _filled(left, height), _filled(right, height)
        rows = [(*fitted(one, half), *other) for one, other in zip(left, right, strict=True)]
        return [*rows, (), *_remarks(summary, width)]


def _sums(summary: CorpusSummary) -> list[Row]:
    facts = summary.facts
    return [
        (
            _big(facts["sentences"]), Span(" sentences  ", "muted"), _big(facts["words"]),
            Span(" words", "muted"),
        ),
        (
            _big(facts["distinct_words"]), Span(" different, ", "muted"), _big(facts["vocabulary"]),
            Span(" in the vocabulary", "muted"),
        ),
    ]  # fmt: skip


def _parts(facts: Mapping[str, float]) -> list[Row]:
    rows: list[Row] = [(Span(f"{'part':<11}{'sentences':>10}{'unknown':>9}{'also in train':>15}", "muted"),)]
    for key, title in PARTS:
        twice = f"{int(facts[f'{key}_duplicates']):,}" if key != "train" else ""
        rows.append(
            (
                Span(f"{title:<11}", "text"), Span(f"{int(facts[f'{key}_sentences']):>10,}", "strong"),
                Span(f"{100 * facts[f'{key}_unknown']:>7.2f} %", "text"), Span(f"{twice:>15}", "warn"),
            )
        )  # fmt: skip
    words = f"{int(facts['duplicates']):,} duplicate sentences"
    return [*rows, (Span(words, "muted"),)]


def _lengths(summary: CorpusSummary) -> list[Row]:
    facts, counts = summary.facts, {int(words): int(times) for words, times in summary.lengths}
    top = max(int(facts["length_p99"]), min(counts) + BINS)
    size = max(1, math.ceil((top - min(counts) + 1) / BINS))
    bins: dict[int, int] = {}
    for words, times in counts.items():
        place = min((words - min(counts)) // size, BINS - 1)
        bins[place] = bins.get(place, 0) + times
    most = max(bins.values())
    rows: list[Row] = [(Span(f"words per sentence, median {facts['length_p50']:.0f}", "muted"),)]
    for place in range(max(bins) + 1):
        first, last = min(counts) + place * size, min(counts) + (place + 1) * size - 1
        label = f"{first}" if size == 1 else f"{first}-{last}"
        label = f"{first} +" if place == BINS - 1 else label
        rows.append(_bar(label, bins.get(place, 0), bins.get(place, 0) / most))
    return rows


def _zipf(summary: CorpusSummary) -> list[Row]:
    """Both axes logarithmic: a straight slope is Zipf's law."""
    ranks = [(int(rank), int(times)) for rank, times in summary.ranks if times > 0][:12]
    if not ranks:
        return []
    most = math.log(ranks[0][1] + 1)
    rows: list[Row] = [(Span("times a word occurs, by rank; log-log (Zipf)", "muted"),)]
    return rows + [_bar(f"{rank:,}", times, math.log(times + 1) / most) for rank, times in ranks]


def _commonest(summary: CorpusSummary, width: int) -> list[Row]:
    rows: list[Row] = [(Span("most frequent words", "muted"),)]
    beside = max(1, width // (WORD + 7))
    words = summary.commonest[: 6 * beside]
    deep = -(-len(words) // beside)
    for line in range(deep):
        spans: list[Span] = []
        for word, times in words[line::deep]:
            text = set_cell_size(plain(str(word), limit=WORD - 1), WORD - 6)
            spans += [Span(text, "text"), Span(f"{int(times):>8,}   ", "muted")]
        rows.append(tuple(spans))
    return rows


def _remarks(summary: CorpusSummary, width: int) -> list[Row]:
    lines = [(str(summary.notice), "warn"), *((str(one), "muted") for one in summary.remarks)]
    found = summary.found
    lines += [(f"From {found}", "muted")] if found else []
    return [
        row
        for text, style_name in lines
        if text
        for row in wrap_text(plain(text, limit=400), width, style_name)
    ]


def _bar(label: str, times: int, share: float) -> Row:
    full = max(round(share * BAR), 1 if times else 0)
    return (
        Span(f"{label:>7} ", "muted"), Span(glyphs().bar[0] * full, "accent"), Span(" " * (BAR - full)),
        Span(f" {times:>7,}", "text"),
    )  # fmt: skip


def _big(number: float) -> Span:
    return Span(f"{int(number):,}", "strong")


def _filled(rows: list[Row], height: int) -> list[Row]:
    return rows + [()] * (height - len(rows))
