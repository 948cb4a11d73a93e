"""Retention: which checkpoints may go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FLOOR = 2


@dataclass(frozen=True, slots=True)
class Keep:
    """The newest `last`, the best one, and the pinned ones stay."""

    last: int = 3
    best: int | None = None
    pinned: frozenset[int] = frozenset()


def doomed(steps: Iterable[int], keep: Keep) -> list[int]:
    """The steps that may go, oldest first. At least FLOOR newest ones always stay."""
    ordered = sorted(steps)
    newest = set(ordered[-max(keep.last, FLOOR) :])
    return [step for step in ordered if step not in newest | keep.pinned and step != keep.best]
