"""Computations in pieces: generators that yield the share done, from 0 to 1, and return what they made."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Pieces: TypeAlias = Generator[float, None, T]
SLICE_SECONDS = 0.05


def finish(pieces: Generator[Any, None, T]) -> T:
    """Compute to the end."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            made: T = end.value
            return made


def in_slices(
    pieces: Pieces[T], seconds: float = SLICE_SECONDS, clock: Callable[[], float] = time.monotonic
) -> Pieces[T]:
    """The same in larger pieces: it yields once for every `seconds` of work, and not at all before that."""
    end = clock() + seconds
    while True:
        try:
            done = next(pieces)
        except StopIteration as finished:
            made: T = finished.value
            return made
        if clock() >= end:
            yield done
            end = clock() + seconds
