"""Cache of a session: opened models, data sets and reports, least recently used out first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from engine.places import Places

CAPACITY = 12

T = TypeVar("T")


class SessionCache:
    """Holds at most `capacity` entries; one that was used recently is returned without being made again."""

    def __init__(self, places: Places, capacity: int = CAPACITY) -> None:
        self.places = places
        self._capacity = capacity
        self._entries: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The entry of `key`, made when there is none; the least recently used one is then dropped."""
        if key in self._entries:
            self._entries.move_to_end(key)
        else:
            self._entries[key] = make()
            while len(self._entries) > self._capacity:
                self._entries.popitem(last=False)
        found: T = self._entries[key]
        return found

    def drop(self, key: Hashable) -> None:
        """Does nothing where there is no such entry."""
        self._entries.pop(key, None)
