"""Small pictures of a model while it trains: too few to weigh on the run or its event file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from engine.protocol import Json, number_to_json

SECONDS = 0.25
"""between two sketches of a run that begins"""
PER_PACE = 256
"""sketches until the time between them doubles"""
BYTES_PER_PACE = 1 << 20
NUMBERS = 16_384
"""in one sketch at most"""

Numbers = float | Sequence[Any]
Parts = Callable[[], Mapping[str, Numbers]]


class SketchTooLarge(ValueError):
    """A sketch is for numbers a person can look at; more belong into a checkpoint."""


@dataclass(slots=True)
class ImagePace:
    """When the next sketch is due. Twice as rare after every 256 sketches or megabyte."""

    due_at: float = 0.0
    seconds: float = SECONDS
    count: int = 0
    size: int = 0

    def is_due(self, now: float) -> bool:
        return now >= self.due_at

    def drawn(self, now: float, size: int) -> None:
        self.count += 1
        self.size += size
        if self.count >= PER_PACE or self.size >= BYTES_PER_PACE:
            self.seconds, self.count, self.size = 2 * self.seconds, 0, 0
        self.due_at = now + self.seconds


def drawn(parts: Mapping[str, Numbers]) -> Json:
    """As JSON, four significant digits. Raises SketchTooLarge."""
    found = sum(_count(part) for part in parts.values())
    if found > NUMBERS:
        raise SketchTooLarge(f"A sketch holds {found:,} numbers, expected {NUMBERS:,} at most.")
    return {name: _short(part) for name, part in parts.items()}


def _count(part: Numbers) -> int:
    if isinstance(part, list) and not set(map(type, part)) - {int, float}:
        return len(part)  # a row, as most are: at the speed of C
    return sum(map(_count, part)) if isinstance(part, Sequence) else 1


def _short(part: Numbers) -> Any:
    if isinstance(part, list) and set(map(type, part)) == {int}:
        return part
    if isinstance(part, Sequence):
        return [_short(item) for item in part]
    if isinstance(part, int):
        return part
    return float(f"{part:.4g}") if isfinite(part) else number_to_json(part)
