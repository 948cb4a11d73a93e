"""The fetched pages of a list that is too long to be held whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from tui.ui.start_worker import start_worker

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from engine.sweep_protocol import TrialQuery
    from engine.table_protocol import Query

QueryT = TypeVar("QueryT", bound="Query | TrialQuery")
EntryT = TypeVar("EntryT")
RequestT = TypeVar("RequestT", bound=Hashable)
PAGES_KEPT = 12


class Pages(Generic[QueryT, EntryT]):
    """Entries by their index in the list. Stale pages stay visible until they are fetched again."""

    def __init__(self, query: QueryT, size: int, key_of: Callable[[EntryT], object]) -> None:
        """`size` is the number of entries of a page; `key_of` returns what identifies an entry."""
        self.query = query
        self.matching = 0
        """entries of the whole list"""
        self.total = 0
        """entries, or what they stand for, without the filter"""
        self.loaded = False
        """whether a page was received for the current query"""
        self._size, self._key_of = size, key_of
        self._pages: dict[int, tuple[EntryT, ...]] = {}
        self._stale: set[int] = set()
        self._places: dict[object, int] = {}

    def set_query(self, query: QueryT) -> None:
        """Start again with another filter or order."""
        self.query, self.loaded = query, False
        self.expire()

    def clear(self) -> None:
        """Drop every entry: the list is another one."""
        self._pages.clear()
        self._stale.clear()
        self._places.clear()
        self.matching = 0

    def expire(self) -> None:
        """Mark every page as stale."""
        self._stale = set(self._pages)

    def at(self, index: int) -> EntryT | None:
        page = self._pages.get(index // self._size)
        place = index % self._size
        return page[place] if page is not None and place < len(page) else None

    def index_of(self, key: object) -> int | None:
        """The index of the entry of that key, where it was fetched."""
        index = self._places.get(key)
        return index if index is not None and index < self.matching else None

    def entry(self, key: object) -> EntryT | None:
        index = self.index_of(key)
        return self.at(index) if index is not None else None

    def entries(self) -> list[EntryT]:
        """Every fetched entry, in order."""
        return [entry for number in sorted(self._pages) for entry in self._pages[number]]

    def missing(self, first: int, last: int) -> list[QueryT]:
        """The queries to send so that entries first..last are present and not stale."""
        pages = range(max(0, first) // self._size, max(0, last) // self._size + 1)
        return [
            replace(self.query, offset=number * self._size, limit=self._size)
            for number in pages
            if number not in self._pages or number in self._stale
        ]

    def put_entries(self, query: QueryT, entries: Sequence[EntryT], matching: int, total: int) -> bool:
        """Store a page. Returns whether it belongs to the current query; one that does not is ignored."""
        if replace(query, offset=0) != replace(self.query, offset=0, limit=query.limit):
            return False
        number = query.offset // self._size
        if not self.loaded:
            self._pages.clear()
            self._stale.clear()
        self.matching, self.total, self.loaded = matching, total, True
        self._pages.pop(number, None)
        self._pages[number] = tuple(entries)
        self._stale.discard(number)
        self._drop_distant_pages(number)
        self._places = {
            self._key_of(entry): page * self._size + place
            for page, found in self._pages.items()
            for place, entry in enumerate(found)
        }
        return True

    def update(self, entries: Iterable[EntryT]) -> list[int]:
        """Replace entries that changed; returns their indices."""
        changed = []
        for entry in entries:
            index = self.index_of(self._key_of(entry))
            if index is not None and self.at(index) != entry:
                page = list(self._pages[index // self._size])
                page[index % self._size] = entry
                self._pages[index // self._size] = tuple(page)
                changed.append(index)
        return changed

    def _drop_distant_pages(self, center: int) -> None:
        while len(self._pages) > PAGES_KEPT:
            distant = max(self._pages, key=lambda number: abs(number - center))
            del self._pages[distant]
            self._stale.discard(distant)


class PageRequests(Generic[RequestT]):
    """Loads pages in workers, each at most once at a time."""

    def __init__(self, node: DOMNode, load: Callable[[RequestT], Awaitable[None]], group: str) -> None:
        """`load` fetches and shows a page; `group` is that of the workers, which belong to `node`."""
        self._node, self._load, self._group = node, load, group
        self._is_due: dict[RequestT, bool] = {}

    def add(self, request: RequestT) -> None:
        """Load the page; once more where it is loading: the response may be older than the change."""
        is_loading = request in self._is_due
        self._is_due[request] = True
        if not is_loading:
            start_worker(self._node, self._load_while_due, request, group=self._group)

    async def _load_while_due(self, request: RequestT) -> None:
        try:
            while self._is_due[request]:
                self._is_due[request] = False
                await self._load(request)
        finally:
            del self._is_due[request]
