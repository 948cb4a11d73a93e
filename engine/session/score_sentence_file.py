"""Scores of a file of sentences, streamed in parts of LINES lines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

from engine.data.regular_file import open_regular
from engine.data.text.decoding import INVALID_BYTE
from engine.data.text.text_file import TextFile
from engine.errors import DataError
from engine.models.language.model import LanguageModel
from engine.models.language.prompt import Prompt, tokenise
from engine.models.language.scoring import ScoredSentence, perplexity, score
from engine.session import language_responses as responses
from engine.session.language_runs import OpenedModel
from engine.session_protocol.language import LineScore, ScoredFile, ScoredLines, ScoreTotal, SkippedLine

LINES = 256
"""of one part"""


@dataclass(slots=True)
class _Part:
    """Lines to score, and the errors of those that cannot be scored."""

    read: list[tuple[int, str, Prompt]] = field(default_factory=list)
    skipped: list[SkippedLine] = field(default_factory=list)


@dataclass(slots=True)
class _Total:
    lines: int = 0
    sentences: int = 0
    words: int = 0
    unknown: int = 0
    counted: int = 0
    skipped: int = 0
    logp: float = 0.0

    def add(self, part: _Part, scored: list[ScoredSentence]) -> None:
        self.sentences += len(scored)
        self.skipped += len(part.skipped)
        for one in scored:
            self.words += len(one.ids) - 1
            self.unknown += one.unknown
            self.counted += len(one.ids) - one.unknown
            self.logp += one.logp

    def result(self, found: OpenedModel) -> ScoredFile:
        value = perplexity(self.logp, self.counted) if self.counted else None
        total = ScoreTotal(self.sentences, self.words, self.unknown, self.logp, value)
        return ScoredFile(**responses.head(found), total=total, skipped=self.skipped, lines=self.lines)


def scored(found: OpenedModel, path: Path) -> Iterator[ScoredLines | ScoredFile]:
    """Raises DataError, before the first part, when the file cannot be read or is empty."""
    try:
        is_file = path.is_file()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    if not is_file:
        raise DataError(f"{path} is not a file, expected a text with a sentence on each line.")
    with open_regular(path) as stream:
        size = os.fstat(stream.fileno()).st_size
    if not size:
        raise DataError(f"{path} is empty, expected a sentence on each line.")
    return _scored(found, path, size)


def _scored(found: OpenedModel, path: Path, size: int) -> Iterator[ScoredLines | ScoredFile]:
    """The file is decoded as a training corpus: the same encodings, line ends and invisible characters."""
    opened: list[BufferedReader] = []

    def opener() -> BufferedReader:
        opened[:] = [open_regular(path)]
        return opened[0]

    total, lines = _Total(), TextFile(str(path), size, opener).lines()
    while part := _next_part(found.model, lines, total):
        rows = score(found.model, [prompt.ids for _, _, prompt in part.read], ranks=False)
        total.add(part, rows)
        yield ScoredLines(
            sentences=[_row(*line, one) for line, one in zip(part.read, rows, strict=True)],
            skipped=part.skipped,
            lines=total.lines,
            bytes=size if opened[0].closed else opened[0].tell(),
            size=size,
        )
    yield total.result(found)


def _next_part(model: LanguageModel, lines: Iterator[tuple[int, str]], total: _Total) -> _Part | None:
    """None at the end of the file. Empty lines are neither scored nor skipped."""
    part, any_line = _Part(), False
    for number, line in lines:
        any_line, total.lines = True, number
        if line.strip():
            _add_line(model, part, number, line)
        if len(part.read) + len(part.skipped) >= LINES:
            break
    return part if any_line else None


def _add_line(model: LanguageModel, part: _Part, number: int, line: str) -> None:
    if INVALID_BYTE in line:
        place = len(line[: line.index(INVALID_BYTE)].encode()) + 1
        part.skipped.append(SkippedLine(number, f"Byte {place} is not UTF-8."))
        return
    text = line.strip()
    try:
        part.read.append((number, text, tokenise(model.vocabulary, text)))
    except DataError as error:
        part.skipped.append(SkippedLine(number, error.message))


def _row(number: int, text: str, prompt: Prompt, one: ScoredSentence) -> LineScore:
    return LineScore(line=number, text=text, words=len(prompt.words), **responses.sums(one))
