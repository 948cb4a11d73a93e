"""The legend of a chart in a dialog, for more curves than fit above the plot."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from tui.dialogs.dialog import Dialog, KeyLine
from tui.terminal.plain_text import plain
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span


class CurveSheet(Sheet):
    """A row for each curve, in the styles of the app."""

    def __init__(self, rows_of: Callable[[int], Sequence[Row]]) -> None:
        super().__init__()
        self._rows_of = rows_of

    def rows(self, width: int) -> Sequence[Row]:
        return [(Span(" "), *map(_with_app_style, row)) for row in self._rows_of(width - 1)]


class LegendScreen(Dialog[None]):
    """`rows_of` returns the rows for a width in cells."""

    def __init__(self, metric: str, rows_of: Callable[[int], Sequence[Row]]) -> None:
        super().__init__()
        self._metric, self._rows_of = metric, rows_of

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog widest") as box:
            box.border_title = f"curves: {plain(self._metric, limit=40)}"
            yield CurveSheet(self._rows_of)
            yield KeyLine((("dialog.cancel", "back"), ("pane.down", "scroll")))

    def key_i(self) -> None:
        self.dismiss(None)


def _with_app_style(span: Span) -> Span:
    """A span of a chart with the corresponding style name of the app."""
    style_name = (
        span.style_name.replace("series-", "hue-")
        if span.style_name.startswith("series-")
        else STYLES.get(span.style_name, "text")
    )
    return Span(span.text, style_name)


STYLES = {"value": "strong", "alert": "bad", "tag": "muted"}
