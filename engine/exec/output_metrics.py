"""Metrics in the output of a command: `--metric 'loss=(\\S+)'` is searched in every line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

LINE_LIMIT = 16 * 1024
"""bytes of a line that are searched"""
STEP = "step"
"""name of the group that holds the step"""
_LEADING_NAME = re.compile(r"[A-Za-z_][\w./-]*")
_LEADING_WORD = re.compile(r"[A-Za-z_]\w*(?![\w*+?{|])")
"""the literal beginning of a pattern; a search for a literal is fast"""
_OF_ONE_LINE = re.compile(r"\\[AZ0-9]|\(\?(?![P:])|\(\?P[=>]")
"""what means something else in a text of several lines or behind other groups"""
_AROUND = b" \t,;:()[]%"
"""what may stand around a number"""


@dataclass(frozen=True, slots=True)
class OutputMetric:
    pattern: re.Pattern[bytes]
    """of a line"""
    groups: tuple[tuple[int, str], ...]
    """number of a group and the name of its metric"""
    step: int | None = None
    """number of the group that holds the step; None: values are counted"""
    of_lines: re.Pattern[bytes] | None = None
    """the pattern as the first group of one for several lines at once; None: each line is searched"""


def parse_pattern(text: str) -> OutputMetric:
    """`loss=(\\S+)`, or groups that name their metrics: `(?P<step>\\d+) .* (?P<loss>\\S+)`.

    Raises ValueError.
    """
    try:
        found = re.compile(_as_whole_word(text))
    except re.error as error:
        raise ValueError(f"{text[:80]!r} is no regular expression: {error}") from error
    named = {number: name for name, number in found.groupindex.items() if name != STEP}
    leading = _LEADING_NAME.match(text)
    if not named and found.groups == 1 and STEP not in found.groupindex and leading:
        named = {1: leading[0].rstrip("./-")}
    if not named:
        raise ValueError(
            rf"{text[:80]!r} names no metric: write loss=(\S+), or name its group: (?P<loss>\S+)"
        )
    of_lines = None
    if not _OF_ONE_LINE.search(text):
        of_lines = re.compile(f"({found.pattern})".encode(), re.MULTILINE)
    pattern = re.compile(found.pattern.encode())
    return OutputMetric(pattern, tuple(named.items()), found.groupindex.get(STEP), of_lines)


def _as_whole_word(text: str) -> str:
    """The pattern, which does not match inside of a word: loss is not found in val_loss."""
    word = _LEADING_WORD.match(text)
    if word and "|" not in text:
        return f"{word[0]}(?<!\\w{word[0]}){text[word.end() :]}"
    return (r"(?<!\w)" if text[:1].isidentifier() else "") + text


@dataclass(frozen=True, slots=True)
class FoundValues:
    """Values of one metric, in their order."""

    name: str
    steps: Sequence[int] | None
    """None: each is the next one of this metric"""
    values: Sequence[float]


@dataclass(slots=True)
class OutputSearch:
    """Finds the metrics in the bytes that a command prints, line by line; \\r ends a line as well."""

    metrics: Sequence[OutputMetric]
    _partial: bytes = b""
    _is_skipping: bool = field(default=False)
    """the rest of a line that is longer than LINE_LIMIT is left out"""

    def feed(self, data: bytes) -> Iterator[FoundValues]:
        whole, newline, rest = (self._partial + data).replace(b"\r", b"\n").rpartition(b"\n")
        if newline and self._is_skipping:
            whole, self._is_skipping = whole.partition(b"\n")[2], False
        if whole:
            yield from self._find_in_lines(whole)
        self._partial = rest
        if len(rest) > LINE_LIMIT:
            if not self._is_skipping:
                yield from self._find(rest[:LINE_LIMIT])
            self._partial, self._is_skipping = b"", True

    def end(self) -> Iterator[FoundValues]:
        """Of a last line without an end."""
        rest, self._partial = self._partial, b""
        if rest and not self._is_skipping:
            yield from self._find(rest)

    def _find_in_lines(self, whole: bytes) -> Iterator[FoundValues]:
        is_short = _has_short_lines(whole)
        for metric in self.metrics:
            found = _find_at_once(metric, whole) if is_short and metric.of_lines else None
            if found is not None:
                yield from found
                continue
            for line in whole.split(b"\n"):
                if line:
                    yield from _find(metric, line[:LINE_LIMIT])

    def _find(self, line: bytes) -> Iterator[FoundValues]:
        for metric in self.metrics:
            yield from _find(metric, line)


def _find(metric: OutputMetric, line: bytes) -> Iterator[FoundValues]:
    for match in metric.pattern.finditer(line):
        step = _number(match[metric.step]) if metric.step else None
        if step is not None and not abs(step) < float("inf"):
            continue
        for group, name in metric.groups:
            value = _number(match[group])
            if value is not None:
                yield FoundValues(name, None if step is None else [int(step)], [value])


def _find_at_once(metric: OutputMetric, whole: bytes) -> list[FoundValues] | None:
    """None where each line has to be searched: a match goes beyond a line, or a group holds no number."""
    assert metric.of_lines is not None
    rows = metric.of_lines.findall(whole)
    if not rows:
        return []
    matches, *groups = zip(*rows, strict=True)
    if b"\n" in b"".join(matches):
        return None
    try:
        steps = None if metric.step is None else [int(text) for text in groups[metric.step - 1]]
        return [FoundValues(name, steps, _numbers(groups[group - 1])) for group, name in metric.groups]
    except ValueError:
        return None


def _has_short_lines(whole: bytes) -> bool:
    """Whether none is longer than LINE_LIMIT."""
    begin = 0
    while len(whole) - begin > LINE_LIMIT:
        begin = whole.rfind(b"\n", begin, begin + LINE_LIMIT + 1) + 1
        if not begin:
            return False
    return True


def _numbers(texts: Sequence[bytes]) -> list[float]:
    """Raises ValueError."""
    try:
        return list(map(float, texts))
    except ValueError:
        return [float(text.strip(_AROUND)) for text in texts]


def _number(text: bytes | None) -> float | None:
    try:
        return float((text or b"").strip(_AROUND))
    except ValueError:
        return None
