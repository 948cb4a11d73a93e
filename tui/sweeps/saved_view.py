"""The saved view of each sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tui.sweeps.brush import Interval
from tui.terminal.plain_text import plain

KEPT = 30
"""number of sweeps whose view is kept"""


@dataclass(slots=True)
class SweepView:
    """The view of one sweep; missing or wrong fields of a file have these defaults."""

    where: str = ""
    brushed: str = ""
    """the filter of the brushes"""
    sort: str = "trial"
    descending: bool = False
    group: str = ""
    marked: list[str] = field(default_factory=list)
    column: str = "value"
    trial: int = 0
    axis: int = 0
    brushes: dict[str, Interval] = field(default_factory=dict)
    log: bool | None = None
    pair: tuple[str, str] = ("", "")


class SavedViews:
    def __init__(self, saved: Any) -> None:
        found = saved if isinstance(saved, dict) else {}
        self._views = {plain(str(name), limit=200): _read(view) for name, view in found.items()}

    def of(self, sweep: str) -> SweepView:
        """The view of a sweep, moved to the end; of more than KEPT the oldest are dropped."""
        view = self._views.pop(sweep, None) or SweepView()
        self._views[sweep] = view
        for old in list(self._views)[:-KEPT]:
            del self._views[old]
        return view

    def saved(self) -> dict[str, Any]:
        return {
            name: {key: getattr(view, key) for key in SweepView.__slots__}
            for name, view in self._views.items()
        }


def _read(saved: Any) -> SweepView:
    view = SweepView()
    if not isinstance(saved, Mapping):
        return view
    for name in ("where", "brushed", "sort", "group", "column"):
        if isinstance(saved.get(name), str):
            setattr(view, name, plain(saved[name], limit=1000))
    for name in ("trial", "axis"):
        if type(saved.get(name)) is int:
            setattr(view, name, max(0, saved[name]))
    view.descending = saved.get("descending") is True
    view.log = saved.get("log") if isinstance(saved.get("log"), bool) else None
    view.marked = [plain(name, limit=80) for name in _listed(saved.get("marked")) if isinstance(name, str)]
    pair = [name for name in _listed(saved.get("pair")) if isinstance(name, str)]
    view.pair = (pair[0], pair[1]) if len(pair) == 2 else ("", "")
    view.brushes = _brushes(saved.get("brushes"))
    if not view.brushes:
        view.brushed = ""
    return view


def _listed(saved: Any) -> list[Any]:
    return saved if isinstance(saved, list) else []


def _brushes(saved: Any) -> dict[str, Interval]:
    found = saved.items() if isinstance(saved, Mapping) else ()
    return {
        str(name): (float(ends[0]), float(ends[1]))
        for name, ends in found
        if isinstance(ends, list)
        and len(ends) == 2
        and all(isinstance(end, int | float) and 0 <= end <= 1 for end in ends)
    }
