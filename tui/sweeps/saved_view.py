"""The saved view of each sweep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from engine.protocol import Bounds, Count, fitting, to_json
from tui.terminal.plain_text import plain

Share = Annotated[float, Bounds(0, 1)]
"""of the width of an axis"""
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
    trial: Count = 0
    axis: Count = 0
    brushes: dict[str, tuple[Share, Share]] = field(default_factory=dict)
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
        return to_json(self._views)


def _read(saved: Any) -> SweepView:
    view = fitting(saved, SweepView)
    for name in ("where", "brushed", "sort", "group", "column"):
        setattr(view, name, plain(getattr(view, name), limit=1000))
    view.marked = [plain(name, limit=80) for name in view.marked]
    if not view.brushes:
        view.brushed = ""
    return view
