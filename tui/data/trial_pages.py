"""The trials of one sweep as far as they were fetched: windows on a list that may be very long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.sweep_protocol import TrialGroup, TrialPage, TrialQuery, TrialRow

PAGE = 200
PAGES_KEPT = 12
Entry = TrialRow | TrialGroup


class TrialPages:
    """Entries by their place. What is no longer true stays visible until it is fetched anew."""

    def __init__(self, query: TrialQuery) -> None:
        self.sweep = ""
        self.query = query
        self.matching = 0
        self.total = 0
        self.loaded = False
        """whether a first page has come"""
        self._pages: dict[int, tuple[Entry, ...]] = {}
        self._stale: set[int] = set()

    def ask(self, sweep: str, query: TrialQuery) -> None:
        """Begin anew. Trials of another sweep, or groups in place of trials, go at once."""
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
        """What was fetched, with its place."""
        for number in sorted(self._pages):
            yield from enumerate(self._pages[number], number * PAGE)

    def index_of(self, key: object) -> int | None:
        return next((index for index, entry in self.known() if key_of(entry) == key), None)

    def wanted(self, first: int, last: int) -> list[TrialQuery]:
        """What has to be asked so that the entries first..last are there and true."""
        pages = range(max(0, first) // PAGE, max(0, last) // PAGE + 1)
        return [
            replace(self.query, offset=number * PAGE, limit=PAGE)
            for number in pages
            if number not in self._pages or number in self._stale
        ]

    def put(self, sweep: str, query: TrialQuery, page: TrialPage) -> None:
        """Take in an answer. One to an older question is left out."""
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
        self._drop_far_ones(number)

    def expire(self) -> None:
        """Everything has to be asked again; until then the old stays visible."""
        self._stale = set(self._pages)

    def _drop_far_ones(self, near: int) -> None:
        while len(self._pages) > PAGES_KEPT:
            far = max(self._pages, key=lambda number: abs(number - near))
            del self._pages[far]
            self._stale.discard(far)


def key_of(entry: Entry | None) -> object:
    """What tells an entry from the others, wherever it stands."""
    if isinstance(entry, TrialGroup):
        return tuple(entry.key.items())
    return entry.trial if entry is not None else None
