"""An upright part of a wide widget.

Textual sends a changed row from the left edge of its widget on; a widget cut into slices sends only the
slices that changed, which is what counts on a slow line.
"""

from __future__ import annotations

from collections.abc import Callable

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.widgets.span import Cell

Change = tuple[int, list[Cell], list[Cell]]


class Slice(Widget):
    """Shows the columns it covers of the rows that `strip` makes; they start at its parent's left edge."""

    DEFAULT_CSS = """
    Slice { width: 1fr; height: 100%; }
    """

    def __init__(self, strip: Callable[[int], Strip]) -> None:
        super().__init__()
        self._strip = strip

    def render_line(self, y: int) -> Strip:
        left, right = self.columns
        return self._strip(y).crop(left, right)

    @property
    def columns(self) -> tuple[int, int]:
        left = self.virtual_region.x
        return left, left + self.size.width

    def refresh_changed(self, changes: list[Change]) -> None:
        """Repaint the rows that differ here, up to the last cell that does."""
        left, right = self.columns
        regions = []
        for y, old, new in changes:
            before, after = old[left:right], new[left:right]
            if before != after:
                end = max(x for x, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1])
                regions.append(Region(0, y, end + 1, 1))
        if regions:
            self.refresh(*regions)
