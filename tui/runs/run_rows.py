"""The rows of the run table: fetched page by page, and kept as the engine reports changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.widget import Widget

from engine.errors import DltuiError
from engine.protocol import RunSummary, Status
from engine.table_protocol import Page, Query
from tui.data.connection import Connection
from tui.data.run_pages import RunPages
from tui.messages import RunsChanged
from tui.ui.start_worker import start_worker
from tui.view_state import OPEN_SWEEPS_LIMIT

GROUP_SORTS = ("count", "spread")
"""what groups alone are sorted by"""
CONFIG = "config"
"""the field that is equal in runs that differ in the seed alone"""

if TYPE_CHECKING:
    from engine.sweep_protocol import SweepSummary


class RunRows:
    """Runs, and in their place sweeps or groups, by the filter, order and open rows of a query."""

    def __init__(
        self,
        owner: Widget,
        connection: Connection,
        query: Query,
        loaded: Callable[[Page], object],
        refused: Callable[[DltuiError], object],
    ) -> None:
        """`owner` runs the workers; `loaded` is called with every page, `refused` with an error."""
        self.pages = RunPages(query)
        self._owner, self._connection = owner, connection
        self._loaded, self._refused = loaded, refused
        self._requested: dict[Query, int] = {}
        self._trial_statuses: dict[str, Status] = {}
        """last known status of each trial below a sweep, and of each run of a group"""
        self.seconds = 0.0
        """that the last page took to load"""

    @property
    def query(self) -> Query:
        return self.pages.query

    # --- pages -------------------------------------------------------------------------------------------

    def fetch(self, queries: Sequence[Query]) -> None:
        """Load pages; one that is being loaded is loaded once more after that."""
        if self._connection.is_connected:
            for query in queries:
                if query not in self._requested:
                    start_worker(self._owner, self._load, query, group="pages")
                self._requested[query] = self._requested.get(query, 0) + 1

    async def _load(self, query: Query) -> None:
        """Repeated if it was requested again meanwhile: the response may be older than the change."""
        try:
            while self._requested.get(query, 1):
                self._requested[query] = 0
                began = time.monotonic()
                page = await self._connection.client.runs(query)
                self.seconds = time.monotonic() - began
                self.pages.put(query, page)
                self._loaded(page)
        except DltuiError as error:
            self._refused(error)
        finally:
            del self._requested[query]

    def fetch_again(self, first: int, last: int) -> None:
        """Load the pages of these rows again; the others are stale until they are visible."""
        self.pages.expire()
        self.fetch(self.pages.missing(first, max(first, min(last, self.pages.matching - 1))))

    # --- the query ---------------------------------------------------------------------------------------

    def filter(self, where: str) -> None:
        self.pages.set_query(replace(self.query, where=where))

    def sort(self, field: str, *, descending: bool) -> None:
        self.pages.set_query(replace(self.query, sort=field, descending=descending))

    def open_sweep(self, sweep: str, *, opened: bool) -> None:
        """List its trials below its row with the next page, or hide them."""
        others = [one for one in self.query.open_sweeps if one != sweep]
        now = [*others, sweep] if opened else others
        self.pages.set_query(replace(self.query, open_sweeps=tuple(now[-OPEN_SWEEPS_LIMIT:])))

    def group(self, is_grouped: bool) -> None:
        """Show runs that differ in the seed alone as one row, or each; without groups sweeps are rows."""
        sort = "created" if not is_grouped and self.query.sort in GROUP_SORTS else self.query.sort
        group = CONFIG if is_grouped else ""
        self.pages.set_query(replace(self.query, group=group, by_sweep=not is_grouped, sort=sort))

    def open_group(self, group: str, *, opened: bool) -> None:
        """List its runs below its row with the next page, or hide them."""
        others = [one for one in self.query.open_groups if one != group]
        now = [*others, group] if opened else others
        self.pages.set_query(replace(self.query, open_groups=tuple(now[-OPEN_SWEEPS_LIMIT:])))

    def want_statistics(self, names: tuple[str, ...]) -> bool:
        """Have the means of these fields in the rows of groups. Returns whether rows have to be fetched."""
        if not self.query.group or names == self.query.statistics:
            return False
        self.pages.set_query(replace(self.query, statistics=names))
        return True

    # --- changes -----------------------------------------------------------------------------------------

    def is_progress(self, message: RunsChanged) -> bool:
        """Whether it changes neither the status of a run nor which rows there are."""
        stays = all((old := self.pages.find(run.id)) and old.status is run.status for run in message.changed)
        return stays and not message.removed and message.total == self.pages.total

    def update(self, message: RunsChanged) -> tuple[list[int], bool]:
        """Returns the indices of the rows that changed, and whether rows have to be fetched again."""
        unknown = any([self._changes_rows(run) for run in message.changed])
        rows = self.pages.update(message.changed)
        for run in message.removed:
            self._trial_statuses.pop(run, None)
        moves = bool(rows) and (self.query.sort != "created" or bool(self.query.where))
        return rows, bool(message.removed) or unknown or message.total != self.pages.total or moves

    def _changes_rows(self, run: RunSummary) -> bool:
        """Whether the change adds a row to the table or changes the counts of a sweep or of a group."""
        sweep = run.spec.sweep
        if self.query.group:
            before, self._trial_statuses[run.id] = self._trial_statuses.get(run.id), run.status
            return before is not run.status
        if not sweep or self.pages.find_sweep(sweep) is None:
            return self.pages.index_of(run.id) is None
        before, self._trial_statuses[run.id] = self._trial_statuses.get(run.id), run.status
        return before is not run.status

    def is_outdated(self, sweep: SweepSummary) -> bool:
        """Whether the best value or the number of planned trials in its row is another one now."""
        row = self.pages.find_sweep(sweep.id)
        best = sweep.best.value if sweep.best is not None else None
        return row is not None and (row.best, row.planned) != (best, sweep.planned)
