"""What is open in a session: models, data sets, reports."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from engine.places import Places

KEPT = 12

T = TypeVar("T")


class SessionCache:
    """Keeps what was opened last, so that the next question about it is answered at once."""

    def __init__(self, places: Places, kept: int = KEPT) -> None:
        self.places = places
        self._kept = kept
        self._open: OrderedDict[Hashable, Any] = OrderedDict()

    def keep(self, key: Hashable, make: Callable[[], T]) -> T:
        """What lies under `key`, made when it is not there; the least recently used makes room."""
        if key in self._open:
            self._open.move_to_end(key)
        else:
            self._open[key] = make()
            while len(self._open) > self._kept:
                self._open.popitem(last=False)
        found: T = self._open[key]
        return found

    def drop(self, key: Hashable) -> None:
        """Forget what lies under `key`, if anything does."""
        self._open.pop(key, None)
