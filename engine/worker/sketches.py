"""Sketches: small arrays of a model, logged at an interval that keeps the event file small."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from engine.protocol import Json, number_to_json

SECONDS = 0.25
"""between two sketches at the start of a run"""
SKETCHES_PER_INTERVAL = 256
"""sketches until the interval doubles"""
BYTES_PER_INTERVAL = 1 << 20
NUMBERS = 16_384
"""most numbers in one sketch"""

Numbers = float | Sequence[Any]
Parts = Callable[[], Mapping[str, Numbers]]


class SketchTooLarge(ValueError):
    """A sketch has more numbers than are allowed; a checkpoint can hold them."""


@dataclass(slots=True)
class SketchSchedule:
    """When the next sketch is due. The interval doubles after every 256 sketches or 1 MiB."""

    due_at: float = 0.0
    seconds: float = SECONDS
    count: int = 0
    size: int = 0

    def is_due(self, now: float) -> bool:
        return now >= self.due_at

    def record(self, now: float, size: int) -> None:
        self.count += 1
        self.size += size
        if self.count >= SKETCHES_PER_INTERVAL or self.size >= BYTES_PER_INTERVAL:
            self.seconds, self.count, self.size = 2 * self.seconds, 0, 0
        self.due_at = now + self.seconds


def sketch_to_json(parts: Mapping[str, Numbers]) -> Json:
    """The sketch as JSON, four significant digits. Raises SketchTooLarge."""
    found = sum(_count(part) for part in parts.values())
    if found > NUMBERS:
        raise SketchTooLarge(f"A sketch holds {found:,} numbers, expected {NUMBERS:,} at most.")
    return {name: _short(part) for name, part in parts.items()}


def _count(part: Numbers) -> int:
    if isinstance(part, list) and not set(map(type, part)) - {int, float}:
        return len(part)  # fast path for a row of numbers
    return sum(map(_count, part)) if isinstance(part, Sequence) else 1


def _short(part: Numbers) -> Any:
    if isinstance(part, list) and set(map(type, part)) == {int}:
        return part
    if isinstance(part, Sequence):
        return [_short(item) for item in part]
    if isinstance(part, int):
        return part
    return float(f"{part:.4g}") if isfinite(part) else number_to_json(part)
