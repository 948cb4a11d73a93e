"""What a language model said after each epoch, at three temperatures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_text

SAID = re.compile(r"After epoch (\d+), at ([\d.]+): (.*); at ([\d.]+): (.*); at ([\d.]+): (.*)", re.DOTALL)
WORDS = 200
MEANING = {"0.1": "close to its best", "1": "as it learned", "10": "close to chance"}


@dataclass(frozen=True, slots=True)
class Sample:
    """`said`: temperature and sentence."""

    epoch: int
    said: tuple[tuple[str, str], ...]


def samples_of(notes: Sequence[str]) -> list[Sample]:
    """Newest first."""
    found = []
    for note in reversed(notes):
        match = SAID.fullmatch(note[:2_000])
        if match:
            epoch, *said = match.groups()
            pairs = zip(said[::2], said[1::2], strict=True)
            found.append(
                Sample(int(epoch[:9]), tuple((heat, plain(text, limit=WORDS)) for heat, text in pairs))
            )
    return found


def sample_rows(samples: Sequence[Sample], width: int, height: int) -> list[Row]:
    """The newest whole, then as many older ones as fit."""
    if not samples:
        return [(Span("Sentences are sampled after each epoch.", "muted"),)]
    rows: list[Row] = []
    for sample in samples:
        block: list[Row] = []
        for number, (heat, text) in enumerate(sample.said):
            epoch = f"epoch {sample.epoch}" if number == 0 else ""
            head = (Span(f"{epoch:<9}", "strong"), Span(f"at {heat:<4} ", "accent"))
            lines = wrap_text(text or "(nothing)", width - 18, "text") or [()]
            block += [(*head, *lines[0]), *((Span(" " * 17), *line) for line in lines[1:])]
        if rows and len(rows) + len(block) > height:
            break
        rows += block
    return rows
