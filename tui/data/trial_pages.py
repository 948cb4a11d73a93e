"""The fetched pages of the trials of a sweep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.sweep_protocol import TrialGroup, TrialPage, TrialQuery, TrialRow

PAGE = 200
PAGES_KEPT = 12
Entry = TrialRow | TrialGroup


class TrialPages:
    """Entries by their index in the table. Stale pages stay visible until they are fetched again."""

    def __init__(self, query: TrialQuery) -> None:
        self.sweep = ""
        self.query = query
        self.matching = 0
        self.total = 0
        self.loaded = False
        """whether a page was received for the current query"""
        self._pages: dict[int, tuple[Entry, ...]] = {}
        self._stale: set[int] = set()

    def set_query(self, sweep: str, query: TrialQuery) -> None:
        """Start again. Trials of another sweep, or groups instead of trials, drop the old entries at once."""
        if sweep != self.sweep or query.group != self.query.group:
            self._pages.clear()
            self.matching = 0
        self.sweep, self.query, self.loaded = sweep, query, False
        self.expire()

    def at(self, index: int) -> Entry | None:
        page = self._pages.get(index // PAGE)
        place = index % PAGE
        return page[place] if page is not None and 0 <= place < len(page) else None

    def known(self) -> Iterator[tuple[int, Entry]]:
        """The fetched entries with their index."""
        for number in sorted(self._pages):
            yield from enumerate(self._pages[number], number * PAGE)

    def index_of(self, key: object) -> int | None:
        return next((index for index, entry in self.known() if key_of(entry) == key), None)

    def missing(self, first: int, last: int) -> list[TrialQuery]:
        """The queries to send so that entries first..last are present and not stale."""
        pages = range(max(0, first) // PAGE, max(0, last) // PAGE + 1)
        return [
            replace(self.query, offset=number * PAGE, limit=PAGE)
            for number in pages
            if number not in self._pages or number in self._stale
        ]

    def put(self, sweep: str, query: TrialQuery, page: TrialPage) -> None:
        """Store a page. A page of an older query is ignored."""
        if sweep != self.sweep or replace(query, offset=0) != replace(
            self.query, offset=0, limit=query.limit
        ):
            return
        number = query.offset // PAGE
        if not self.loaded:
            self._pages.clear()
            self._stale.clear()
        self.matching, self.total, self.loaded = page.matching, page.total, True
        self._pages[number] = page.groups if query.group else page.rows
        self._stale.discard(number)
        self._drop_distant_pages(number)

    def expire(self) -> None:
        """Mark every page as stale."""
        self._stale = set(self._pages)

    def _drop_distant_pages(self, center: int) -> None:
        while len(self._pages) > PAGES_KEPT:
            distant = max(self._pages, key=lambda number: abs(number - center))
            del self._pages[distant]
            self._stale.discard(distant)


def key_of(entry: Entry | None) -> object:
    """The identity of an entry: its trial number, or the key of a group."""
    if isinstance(entry, TrialGroup):
        return tuple(entry.key.items())
    return entry.trial if entry is not None else None
