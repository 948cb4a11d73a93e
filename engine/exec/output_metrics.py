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


@dataclass(frozen=True, slots=True)
class OutputMetric:
    pattern: re.Pattern[bytes]
    groups: tuple[tuple[int, str], ...]
    """number of a group and the name of its metric"""
    step: int | None = None
    """number of the group that holds the step; None: values are counted"""


def parse_pattern(text: str) -> OutputMetric:
    """`loss=(\\S+)`, or groups that name their metrics: `(?P<step>\\d+) .* (?P<loss>\\S+)`.

    Raises ValueError.
    """
    try:
        found = re.compile((r"(?<!\w)" if text[:1].isidentifier() else "") + text)
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
    pattern = re.compile(found.pattern.encode())
    return OutputMetric(pattern, tuple(named.items()), found.groupindex.get(STEP))


@dataclass(frozen=True, slots=True)
class FoundValue:
    name: str
    step: int | None
    """None: the next one of this metric"""
    value: float


@dataclass(slots=True)
class OutputSearch:
    """Finds the metrics in the bytes that a command prints, line by line; \\r ends a line as well."""

    metrics: Sequence[OutputMetric]
    _partial: bytes = b""
    _is_skipping: bool = field(default=False)
    """the rest of a line that is longer than LINE_LIMIT is left out"""

    def feed(self, data: bytes) -> Iterator[FoundValue]:
        *lines, rest = (self._partial + data).replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            if line and not self._is_skipping:
                yield from self._find(line[:LINE_LIMIT])
            self._is_skipping = False
        self._partial = rest
        if len(rest) > LINE_LIMIT:
            if not self._is_skipping:
                yield from self._find(rest[:LINE_LIMIT])
            self._partial, self._is_skipping = b"", True

    def end(self) -> Iterator[FoundValue]:
        """Of a last line without an end."""
        rest, self._partial = self._partial, b""
        if rest and not self._is_skipping:
            yield from self._find(rest)

    def _find(self, line: bytes) -> Iterator[FoundValue]:
        for metric in self.metrics:
            for match in metric.pattern.finditer(line):
                step = _number(match[metric.step]) if metric.step else None
                for group, name in metric.groups:
                    value = _number(match[group])
                    if value is not None:
                        yield FoundValue(name, None if step is None else int(step), value)


def _number(text: bytes | None) -> float | None:
    try:
        return float((text or b"").strip(b" \t,;:()[]%"))
    except ValueError:
        return None
