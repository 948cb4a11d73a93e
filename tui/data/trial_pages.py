"""The fetched pages of the trials of a sweep."""

from __future__ import annotations

from engine.sweep_protocol import TrialGroup, TrialPage, TrialQuery, TrialRow
from tui.ui.pages import Pages

PAGE = 200
Entry = TrialRow | TrialGroup


class TrialPages(Pages[TrialQuery, Entry]):
    """Trials or groups of the sweep of that id. `total` counts trials."""

    def __init__(self, query: TrialQuery) -> None:
        super().__init__(query, PAGE, key_of)
        self.sweep = ""

    def set_sweep(self, sweep: str, query: TrialQuery) -> None:
        """Start again. Trials of another sweep, or groups instead of trials, drop the old entries at once."""
        if sweep != self.sweep or query.group != self.query.group:
            self.clear()
        self.sweep = sweep
        self.set_query(query)

    def put(self, sweep: str, query: TrialQuery, page: TrialPage) -> None:
        """Store a page. A page of another sweep or an older query is ignored."""
        if sweep == self.sweep:
            self.put_entries(query, page.groups if query.group else page.rows, page.matching, page.total)


def key_of(entry: Entry | None) -> object:
    """The identity of an entry: its trial number, or the key of a group."""
    if isinstance(entry, TrialGroup):
        return tuple(entry.key.items())
    return entry.trial if entry is not None else None
