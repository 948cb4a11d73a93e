"""The fetched pages of the run table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from engine.protocol import Page, Query, RunSummary, SweepRow

PAGE = 100
PAGES_KEPT = 12
TableRow = RunSummary | SweepRow


class RunPages:
    """Rows by their index in the table. Stale pages stay visible until they are fetched again."""

    def __init__(self, query: Query = Query()) -> None:  # noqa: B008  frozen
        self.query = query
        self.matching = 0
        """rows: runs, and sweeps in place of their trials"""
        self.passing = 0
        """runs that pass the filter"""
        self.total = 0
        self.loaded = False
        """whether a page was received for the current query"""
        self._pages: dict[int, tuple[TableRow, ...]] = {}
        self._stale: set[int] = set()
        self._places: dict[str, int] = {}

    def set_query(self, query: Query) -> None:
        """Start again with another filter or order."""
        self.query = query
        self.expire()
        self.loaded = False

    def at(self, index: int) -> TableRow | None:
        page = self._pages.get(index // PAGE)
        place = index % PAGE
        return page[place] if page is not None and place < len(page) else None

    def find(self, run: str) -> RunSummary | None:
        row = self._row(run)
        return row if isinstance(row, RunSummary) else None

    def find_sweep(self, sweep: str) -> SweepRow | None:
        """The row of a sweep, where it was fetched."""
        row = self._row(sweep)
        return row if isinstance(row, SweepRow) else None

    def _row(self, row: str) -> TableRow | None:
        index = self.index_of(row)
        return self.at(index) if index is not None else None

    def index_of(self, row: str) -> int | None:
        """The index of the run or sweep of that id, where it was fetched."""
        index = self._places.get(row)
        return index if index is not None and index < self.matching else None

    def known(self) -> list[RunSummary]:
        """Every fetched run, in order."""
        rows = (row for number in sorted(self._pages) for row in self._pages[number])
        return [row for row in rows if isinstance(row, RunSummary)]

    def missing(self, first: int, last: int) -> list[Query]:
        """The queries to send so that rows first..last are present and not stale."""
        pages = range(max(0, first) // PAGE, max(0, last) // PAGE + 1)
        return [
            replace(self.query, offset=number * PAGE, limit=PAGE)
            for number in pages
            if number not in self._pages or number in self._stale
        ]

    def put(self, query: Query, page: Page) -> None:
        """Store a page. A page of an older query is ignored."""
        if replace(query, offset=0) != replace(self.query, offset=0, limit=query.limit):
            return
        number = query.offset // PAGE
        if not self.loaded:
            self._pages.clear()
            self._stale.clear()
        self.matching = page.matching if page.length is None else page.length
        self.passing, self.total, self.loaded = page.matching, page.total, True
        self._pages.pop(number, None)
        self._pages[number] = page.rows
        self._stale.discard(number)
        self._drop_distant_pages(number)
        self._places = {
            row.id: page * PAGE + place
            for page, rows in self._pages.items()
            for place, row in enumerate(rows)
        }

    def update(self, runs: Iterable[RunSummary]) -> list[int]:
        """Replace runs that changed; returns the indices of their rows."""
        rows = []
        for run in runs:
            index = self.index_of(run.id)
            if index is not None and self.at(index) != run:
                page = list(self._pages[index // PAGE])
                page[index % PAGE] = run
                self._pages[index // PAGE] = tuple(page)
                rows.append(index)
        return rows

    def expire(self) -> None:
        """Mark every page as stale."""
        self._stale = set(self._pages)

    def _drop_distant_pages(self, center: int) -> None:
        while len(self._pages) > PAGES_KEPT:
            distant = max(self._pages, key=lambda number: abs(number - center))
            del self._pages[distant]
            self._stale.discard(distant)
