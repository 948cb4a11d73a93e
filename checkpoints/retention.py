"""Retention: which checkpoints may be removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

MIN_KEPT = 2


@dataclass(frozen=True, slots=True)
class Keep:
    """Keep the newest `last`, the best one and the pinned ones."""

    last: int = 3
    best: int | None = None
    pinned: frozenset[int] = frozenset()


def removable(steps: Iterable[int], keep: Keep) -> list[int]:
    """The steps that may be removed, oldest first. At least the MIN_KEPT newest ones are kept."""
    ordered = sorted(steps)
    newest = set(ordered[-max(keep.last, MIN_KEPT) :])
    return [step for step in ordered if step not in newest | keep.pinned and step != keep.best]
