"""The parameters of the selected run; values other than the default are highlighted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len, chop_cells

from engine.protocol import RunSummary
from tui.data.value_text import (
    changed_params,
    data_folder_text,
    data_text,
    effective_params,
    format_value,
)
from tui.terminal.plain_text import plain
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span, justified

NAME = 11
LINES = 2
"""most lines of one value"""


class ParamsSheet(Sheet):
    """A row per parameter: name and value."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._run: RunSummary | None = None

    def update(self, run: RunSummary | None) -> None:
        self._run = run
        self.draw()

    def rows(self, width: int) -> Sequence[Row]:
        run = self._run
        if run is None:
            return ()
        changed = changed_params(run)
        rows: list[Row] = []
        for name, value in effective_params(run).items():
            rows += _pair(name, format_value(name, value), "accent" if name in changed else "text", width)
        rows.append(())
        for name, value in (
            ("seed", str(run.spec.seed)),
            ("framework", run.spec.framework),
            ("threads", str(run.spec.threads or "all")),
            ("device", run.spec.device),
            *([("data", data_text(run))] if run.data_fingerprint else []),
            *([("data folder", folder)] if (folder := data_folder_text(run)) else []),
            *([("executor", run.spec.executor)] if run.spec.executor != "local" else []),
            ("id", run.id),
        ):
            rows += _pair(name, value, "muted", width)
        return rows


def _pair(name: str, value: str, style_name: str, width: int) -> list[Row]:
    """Name and value; a value too long for its column begins further left, then is wrapped."""
    name, value = plain(name, limit=40), plain(value, limit=200)
    indent = max(cell_len(name) + 1, min(NAME + 1, width - cell_len(value)))
    room = max(10, width - indent)
    value = plain(value, limit=LINES * room)
    parts = chop_cells(value, room) or [""]
    heads = [justified(name, indent), *[" " * indent] * (len(parts) - 1)]
    return [(Span(head, "muted"), Span(part, style_name)) for head, part in zip(heads, parts, strict=True)]
