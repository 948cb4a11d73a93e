"""Partial updates that repaint only the changed cells, from the widgets that cover them.

Textual renders every widget between the uppermost and the lowermost change and sends a changed row from the
left edge of its widget. That is most of the bytes of a live curve.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.control import Control
from textual._compositor import Compositor, CompositorUpdate, ReflowResult
from textual.geometry import Region, Size
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

Stretch = tuple[int, int]
"""first column, column after the last"""


@dataclass(frozen=True, slots=True)
class Piece:
    """Cells `first` to before `last` of row `y` belong to a widget that covers `region`."""

    widget: Widget
    region: Region
    y: int
    first: int
    last: int


class CellsUpdate(CompositorUpdate):
    """Strips and where they begin, as (x, y, strip)."""

    def __init__(self, cells: list[tuple[int, int, Strip]]) -> None:
        self.cells = cells

    def render_segments(self, console: Console) -> str:
        return "".join(
            Control.move_to(x, y).segment.text + strip.render(console) for x, y, strip in self.cells
        )


class PartialCompositor(Compositor):
    def __init__(self) -> None:
        super().__init__()
        self._sizes: dict[Widget, Size] = {}
        """of every widget after the last layout"""

    def reflow(self, parent: Widget, size: Size) -> ReflowResult:
        """Lay out anew. Widgets that are new or of another size since the last layout get a Resize event.

        Textual compares with its map, which is also made anew when a region is asked for between an update
        and the layout: widgets that it has by then would get no Resize event and stay blank.
        """
        found = super().reflow(parent, size)
        before, self._sizes = self._sizes, {widget: at.region.size for widget, at in self._full_map.items()}
        shown = self._sizes.keys() - before.keys()
        resized = {widget for widget, size in self._sizes.items() if before.get(widget, size) != size}
        return found._replace(shown=found.shown | shown, resized=found.resized | resized)

    def render_partial_update(self) -> CellsUpdate | None:  # type: ignore[override]
        screen = self.size.region
        regions = [found for region in self._dirty_regions if (found := region.intersection(screen))]
        self._dirty_regions.clear()
        pieces = [piece for span in self._regions_to_spans(regions) for piece in self._topmost(*span)]
        strips = _rendered(pieces)
        cells = [_cut(strips[piece.widget, piece.y], piece) for piece in pieces]
        return CellsUpdate(cells) if cells else None

    def _topmost(self, y: int, first: int, last: int) -> Iterator[Piece]:
        """The topmost widgets of these cells of a row."""
        free: list[Stretch] = [(first, last)]
        for widget, (region, clip) in self.visible_widgets.items():
            if not free:
                return
            seen = region.intersection(clip)
            if seen.y <= y < seen.bottom:
                taken = [
                    (max(a, seen.x), min(b, seen.right)) for a, b in free if a < seen.right and b > seen.x
                ]
                for a, b in taken:
                    yield Piece(widget, region, y, a, b)
                if taken:
                    free = list(_without(free, seen.x, seen.right))


def _without(free: Iterable[Stretch], first: int, last: int) -> Iterator[Stretch]:
    for a, b in free:
        if a < min(b, first):
            yield a, min(b, first)
        if max(a, last) < b:
            yield max(a, last), b


def _rendered(pieces: list[Piece]) -> dict[tuple[Widget, int], Strip]:
    """The rows of each widget, rendered in one call: unchanged rows in between come from its cache."""
    rows: dict[Widget, list[Piece]] = {}
    for piece in pieces:
        rows.setdefault(piece.widget, []).append(piece)
    strips: dict[tuple[Widget, int], Strip] = {}
    for widget, owned in rows.items():
        first, last = min(piece.y for piece in owned), max(piece.y for piece in owned)
        region = owned[0].region
        lines = widget.render_lines(Region(0, first - region.y, region.width, last - first + 1))
        strips.update({(widget, first + place): line for place, line in enumerate(lines)})
    return strips


def _cut(strip: Strip, piece: Piece) -> tuple[int, int, Strip]:
    """The piece as (x, y, strip); a strip with an image is not cropped."""
    left = piece.region.x
    first, last = piece.first - left, piece.last - left
    if any(segment.control for segment in strip):
        return left, piece.y, strip
    return left + first, piece.y, strip.crop(first, last)


class PartialScreen(Screen[None]):
    """A screen with partial updates; with Textual's own where its compositor lacks what they need."""

    def __init__(self) -> None:
        super().__init__(id="_default")
        partial = PartialCompositor()
        if all(
            hasattr(partial, name)
            for name in ("_dirty_regions", "_full_map", "_regions_to_spans", "visible_widgets")
        ):
            self._compositor = partial

    def _compositor_refresh(self) -> None:
        """Below a dialog, what that covers is not painted: Textual paints the dialog again for it."""
        above, changed = self.app.screen, self._compositor._dirty_regions
        if above is not self and changed:
            covering = [above, *above.children]
            opaque = [one.region for one in covering if one.display and one.styles.background.a == 1]
            changed -= {one for one in changed if any(area.contains_region(one) for area in opaque)}
        super()._compositor_refresh()
