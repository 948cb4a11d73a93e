"""The loaded sweeps, the selected one with its view, and the fetched pages of its trials."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine.errors import DltuiError
from engine.sweep_protocol import SweepSummary, TrialGroup, TrialQuery
from tui.data.connection import Connection
from tui.data.trial_pages import TrialPages
from tui.plots.brush import combined, equals
from tui.sweeps.saved_view import SavedViews, SweepView
from tui.terminal.plain_text import plain


class LoadedSweeps:
    """Fetches sweeps, trials and analyses. The pages are of the selected sweep and follow its view."""

    def __init__(self, connection: Connection, saved: Mapping[str, Any]) -> None:
        self._connection = connection
        self._wanted = plain(str(saved.get("sweep", "")), limit=200)
        self._known: dict[str, SweepSummary] = {}
        self.loaded = False
        self.views = SavedViews(saved.get("of"))
        self.pages = TrialPages(TrialQuery())
        self.metrics: dict[str, None] = {}
        """names of the metrics of the fetched trials"""

    # --- sweeps ----------------------------------------------------------------------------------------

    async def fetch(self) -> None:
        """Raises DltuiError."""
        self._known = {sweep.id: sweep for sweep in await self._connection.client.sweeps()}
        self.loaded = True

    def update(self, changed: Iterable[SweepSummary], removed: Iterable[str]) -> None:
        self._known.update((sweep.id, sweep) for sweep in changed)
        for sweep_id in removed:
            self._known.pop(sweep_id, None)

    @property
    def all(self) -> list[SweepSummary]:
        """Newest first."""
        return sorted(self._known.values(), key=lambda sweep: sweep.spec.order, reverse=True)

    @property
    def chosen(self) -> SweepSummary | None:
        """The selected sweep; the newest where that one does not exist; None without sweeps."""
        return self._known.get(self._wanted) or next(iter(self.all), None)

    @property
    def chosen_id(self) -> str:
        """The id of the selected sweep; empty without sweeps."""
        return self.chosen.id if self.chosen is not None else ""

    @property
    def place(self) -> int:
        """The index of the selected sweep in `all`."""
        return next((place for place, sweep in enumerate(self.all) if sweep is self.chosen), 0)

    def select(self, sweep_id: str) -> None:
        self._wanted = sweep_id

    def select_at(self, place: int) -> None:
        found = self.all
        if found:
            self._wanted = found[max(0, min(place, len(found) - 1))].id

    # --- the view of the selected sweep ----------------------------------------------------------------

    @property
    def view(self) -> SweepView:
        return self.views.of(self.chosen_id)

    @property
    def is_largest_best(self) -> bool:
        return self.chosen is not None and self.chosen.spec.goal == "max"

    def sort_by(self, name: str) -> None:
        """Sort by a column, the best value first; in the other direction where it is sorted by it."""
        view = self.view
        best_first = name == "value" and self.is_largest_best
        view.descending = not view.descending if view.sort == name else best_first
        view.sort = name

    @property
    def groups(self) -> list[str]:
        """The columns by whose values trials are grouped."""
        return [name for name in self.view.group.split(",") if name]

    def group_by(self, names: list[str]) -> None:
        view = self.view
        view.group = ",".join(names)
        view.sort, view.descending = ("value", self.is_largest_best) if names else ("trial", False)

    def filter_by_group(self, group: TrialGroup) -> None:
        """Show the trials of a group instead of the groups."""
        view = self.view
        clauses = [equals(name, value) for name, value in group.key.items() if value is not None]
        view.where = " and ".join([view.where, *clauses] if view.where else clauses)
        self.group_by([])

    # --- trials ----------------------------------------------------------------------------------------

    def apply_view(self) -> None:
        """Start the pages again with filter, brushes, order and groups of the view."""
        view = self.view
        if self.chosen_id != self.pages.sweep:
            self.metrics = {}
        where = combined(view.where, view.brushed)
        query = TrialQuery(where, view.sort or "trial", view.descending, 0, 200, view.group)
        self.pages.set_sweep(self.chosen_id, query)

    async def fetch_page(self, sweep: str, query: TrialQuery) -> bool:
        """Returns whether trials have a metric that none had so far. Raises DltuiError."""
        page = await self._connection.client.sweep_trials(sweep, query)
        self.pages.put(sweep, query, page)
        known = dict.fromkeys(name for row in page.rows[:20] for name in row.metrics)
        is_new = not known.keys() <= self.metrics.keys()
        self.metrics |= known
        return is_new

    async def filter_error(self, sweep: str, error: str) -> str:
        """The error of the filter as it was typed, without the brushes; `error` where it has none."""
        if self.view.brushed and self.view.where:
            try:
                await self._connection.client.sweep_trials(sweep, TrialQuery(self.view.where, limit=1))
            except DltuiError as typed_error:
                return str(typed_error)
        return error

    async def fetch_analysis(
        self, sweep: str, kind: str, pair: Mapping[str, str]
    ) -> tuple[Mapping[str, Any], bool]:
        """The analysis that a plot is drawn from, and whether it leaves trials out. Raises DltuiError.

        Parallel coordinates also draw the trials outside the brushes; all other plots leave them out.
        """
        view = self.view
        where = view.where if kind == "parallel" else combined(view.where, view.brushed)
        return await self._connection.client.sweep_analysis(sweep, kind, where, **pair), bool(where)
