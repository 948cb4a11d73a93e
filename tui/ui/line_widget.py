"""A widget of one line that repaints only from its first to its last changed cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from tui.ui.span import Row, Span, clipped, fitted, row_width
from tui.ui.styles import PIXELS, Styles, styles_of


def merge_spans(row: Sequence[Span]) -> Row:
    """The same cells in fewer spans, each of which costs a change of colour: blanks need none."""
    spans: list[Span] = []
    for span in row:
        last = spans[-1] if spans else None
        if _has_background(span) or (last is not None and _has_background(last)):
            spans.append(span)
        elif last is not None and (last.style_name == span.style_name or not span.text.strip()):
            spans[-1] = Span(last.text + span.text, last.style_name)
        elif last is not None and not last.text.strip():
            spans[-1] = Span(last.text + span.text, span.style_name)
        else:
            spans.append(span)
    return tuple(spans)


def _has_background(span: Span) -> bool:
    """Whether its blanks are visible."""
    return span.style_name == "picked" or span.style_name.startswith(("ground-", PIXELS))


def fit_or_cut(row: Row, width: int) -> Row:
    """The row in exactly `width` cells; an ellipsis marks text that was cut."""
    last = row[-1].text if row else ""
    if row_width(row) > width and (not last.strip() or last.endswith(" ")):
        row = _without_trailing_blanks(row)
    return fitted(clipped(row, width), width)


def _without_trailing_blanks(row: Row) -> Row:
    kept = list(row)
    while kept and not kept[-1].text.strip() and not _has_background(kept[-1]):
        kept.pop()
    if kept and not _has_background(kept[-1]):
        kept[-1] = Span(kept[-1].text.rstrip(), kept[-1].style_name)
    return tuple(kept)


def strip_of(row: Sequence[Span], styles: Styles) -> Strip:
    text = styles["text"]
    return Strip([Segment(span.text, styles[span.style_name] if span.style_name else text) for span in row])


def changed_cells(old: Row, new: Row) -> tuple[int, int] | None:
    """First cell and number of cells that hold every difference; None where there is none."""
    if old == new:
        return None
    first = 0
    for before, after in zip(old, new, strict=False):
        if before != after:
            break
        first += cell_len(before.text)
    width, last = max(row_width(old), row_width(new)), 0
    if row_width(old) != row_width(new):
        return (first, width - first) if width > first else (0, width)
    for before, after in zip(reversed(old), reversed(new), strict=False):
        if before != after:
            break
        last += cell_len(before.text)
    return (first, width - first - last) if width - first - last > 0 else (0, width)


class Line(Widget):
    """One line of spans, parts of which may be clickable."""

    DEFAULT_CSS = "Line { height: 1; width: 1fr; }"

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._row: Row = ()
        self._actions: list[tuple[range, str]] = []

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._restyle, init=False)
        self.call_later(self.draw)  # its size may have come before it was mounted

    def _restyle(self) -> None:
        self.refresh()

    def on_resize(self) -> None:
        self.draw()

    def draw(self) -> None:
        """Compose the row again and repaint the cells that differ."""
        if not self.is_mounted or not self.size.width:
            return
        old, self._row = self._row, merge_spans(fit_or_cut(self.row(self.size.width), self.size.width))
        change = changed_cells(old, self._row)
        if change is not None:
            self.refresh(Region(change[0], 0, change[1], 1))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return 1

    def row(self, width: int) -> Row:
        """The spans of the line; what exceeds `width` cells is cut."""
        return ()

    def render_line(self, y: int) -> Strip:
        return strip_of(self._row, styles_of(self.app)).apply_style(self.rich_style)

    def make_clickable(self, actions: list[tuple[range, str]]) -> None:
        """Run an action when one of its cells is clicked."""
        self._actions = actions

    async def on_click(self, event: events.Click) -> None:
        for cells, action in self._actions:
            if event.x in cells:
                await self.run_action(action)
                return


def left_and_right(left: Row, right: Row, width: int) -> Row:
    """One row at the left edge, one at the right; the left one is cut where they meet."""
    room = width - row_width(right)
    if room < 1:
        return fit_or_cut(left, width)
    return (*fit_or_cut(left, room), *right)
