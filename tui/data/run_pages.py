"""The fetched pages of the run table."""

from __future__ import annotations

from engine.protocol import RunSummary
from engine.table_protocol import GroupRow, Page, Query, SweepRow
from tui.ui.pages import Pages

PAGE = 100
TableRow = RunSummary | SweepRow | GroupRow


class RunPages(Pages[Query, TableRow]):
    """Rows: runs, and in their place sweeps or groups of two or more. `total` counts runs."""

    def __init__(self, query: Query = Query()) -> None:  # noqa: B008  frozen
        super().__init__(query, PAGE, lambda row: row.id)
        self.passing = 0
        """runs that pass the filter"""

    def put(self, query: Query, page: Page) -> None:
        """Store a page. A page of an older query is ignored."""
        matching = page.matching if page.length is None else page.length
        rows = [
            row.newest if isinstance(row, GroupRow) and row.count == 1 and row.newest else row
            for row in page.rows
        ]
        if self.put_entries(query, rows, matching, page.total):
            self.passing = page.matching

    def find(self, run: str) -> RunSummary | None:
        row = self.entry(run)
        return row if isinstance(row, RunSummary) else None

    def find_sweep(self, sweep: str) -> SweepRow | None:
        """The row of a sweep, where it was fetched."""
        row = self.entry(sweep)
        return row if isinstance(row, SweepRow) else None

    def find_group(self, group: str) -> GroupRow | None:
        """The row of a group, where it was fetched."""
        row = self.entry(group)
        return row if isinstance(row, GroupRow) else None

    def known(self) -> list[RunSummary]:
        """Every fetched run, in order."""
        return [row for row in self.entries() if isinstance(row, RunSummary)]
