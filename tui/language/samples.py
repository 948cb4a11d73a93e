"""Sentences sampled from a language model after each epoch, at three temperatures, parsed from its notes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_text

SAMPLE_NOTE = re.compile(
    r"After epoch (\d+), at ([\d.]+): (.*); at ([\d.]+): (.*); at ([\d.]+): (.*)", re.DOTALL
)
SENTENCE_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Sample:
    """`sentences`: pairs of temperature and sentence."""

    epoch: int
    sentences: tuple[tuple[str, str], ...]


def samples_of(notes: Sequence[str]) -> list[Sample]:
    """Newest first."""
    found = []
    for note in reversed(notes):
        match = SAMPLE_NOTE.fullmatch(note[:2_000])
        if match:
            epoch, *sentences = match.groups()
            pairs = zip(sentences[::2], sentences[1::2], strict=True)
            found.append(
                Sample(
                    int(epoch[:9]), tuple((heat, plain(text, limit=SENTENCE_LIMIT)) for heat, text in pairs)
                )
            )
    return found


def sample_rows(samples: Sequence[Sample], width: int, height: int) -> list[Row]:
    """The newest sample, then as many older ones as fit as a whole."""
    if not samples:
        return [(Span("Sentences are sampled after each epoch.", "muted"),)]
    rows: list[Row] = []
    for sample in samples:
        block: list[Row] = []
        for number, (heat, text) in enumerate(sample.sentences):
            epoch = f"epoch {sample.epoch}" if number == 0 else ""
            head = (Span(f"{epoch:<9}", "strong"), Span(f"at {heat:<4} ", "accent"))
            lines = wrap_text(text or "(nothing)", width - 18, "text") or [()]
            block += [(*head, *lines[0]), *((Span(" " * 17), *line) for line in lines[1:])]
        if rows and len(rows) + len(block) > height:
            break
        rows += block
    return rows
