"""Many small charts in one widget, drawn within a budget of time; a cursor chooses one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

from textual import events
from textual.message import Message
from textual.timer import Timer

from tui.chart.chart_rows import KeptCurves, Scene, picture
from tui.chart.grid_layout import GridLayout, group_of, headings, layout_for
from tui.chart.painted_rows import PaintedRows
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span, clipped, fitted
from tui.ui.wrap import wrap_row

REDRAW_EVERY = 1.0
"""seconds between two drawings of points that were added"""
BUDGET = 0.012
"""seconds of drawing after which keys are handled before the other charts are drawn"""
REST = 0.01
"""seconds until those are drawn"""


@dataclass(slots=True)
class _DrawnChart:
    scene: Scene
    versions: tuple[int, ...]
    size: tuple[int, int]
    rows: list[Row]
    kept: KeptCurves


class ChartGrid(PaintedRows, can_focus=True):
    """Charts by name, in their order, in pages. `scene_of` makes what is drawn of one that is on the page."""

    @dataclass
    class Opened(Message):
        """Enter or a click on the chosen chart: show it large."""

        name: str

    class Moved(Message):
        """The cursor is on another chart."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, ChartGrid.Moved)

    def __init__(self, scene_of: Callable[[Sequence[str]], Sequence[Scene]], **widget: Any) -> None:
        super().__init__(**widget)
        self._scenes_of = scene_of
        self._names: tuple[str, ...] = ()
        self._cursor = 0
        self._drawn: dict[str, _DrawnChart] = {}
        self._scenes: dict[str, Scene] = {}
        self._empty = ""
        self._drawn_at = 0.0
        self._pending: Timer | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return self._names

    @property
    def chosen(self) -> str:
        """The name of the chart under the cursor; empty without charts."""
        return self._names[self._cursor] if self._names else ""

    @property
    def chosen_scene(self) -> Scene | None:
        """As of now, whether it was drawn or not."""
        page = self.page_names()
        return dict(zip(page, self._scenes_of(page), strict=True)).get(self.chosen)

    @property
    def chosen_size(self) -> tuple[int, int]:
        return self._sizes().get(self.chosen, (0, 0))

    @property
    def grid_layout(self) -> GridLayout:
        return layout_for(self.size.width, self.size.height, len(self._names))

    @property
    def page_text(self) -> str:
        """1-12 of 40; empty where all charts are on one page."""
        layout = self.grid_layout
        if not self._names or layout.pages(len(self._names)) == 1:
            return ""
        first = layout.page_of(self._cursor) * layout.per_page
        return f"{first + 1:,}-{min(first + layout.per_page, len(self._names)):,} of {len(self._names):,}"

    def set_names(self, names: Sequence[str], empty: str = "") -> None:
        """Replace the charts; the cursor stays on its chart. `empty` is shown where there are none."""
        if (tuple(names), empty) == (self._names, self._empty):
            return
        chosen = self.chosen
        self._names, self._empty = tuple(names), empty
        self._cursor = (
            self._names.index(chosen)
            if chosen in self._names
            else min(self._cursor, max(0, len(self._names) - 1))
        )
        self._drawn = {name: self._drawn[name] for name in self._names if name in self._drawn}
        self.draw()
        self.post_message(self.Moved())

    def choose(self, name: str) -> None:
        """Move the cursor to a chart."""
        if name in self._names:
            self._move_to(self._names.index(name))

    def data_changed(self) -> None:
        """Schedule a drawing: points were added."""
        if self._pending is None and self.is_mounted:
            wait = max(REST, self._drawn_at + REDRAW_EVERY - perf_counter())
            self._pending = self.set_timer(wait, self.draw)

    def draw(self) -> None:
        """Draw what has changed: the chosen chart first, others while the budget lasts, the rest soon."""
        if self._pending is not None:
            self._pending.stop()
            self._pending = None
        if not self.is_mounted or not self.size.width or not self.size.height or not self.is_on_screen:
            return
        self._drawn_at = started = perf_counter()
        page = self.page_names()
        self._scenes = dict(zip(page, self._scenes_of(page), strict=True))
        self._drawn = {name: self._drawn[name] for name in page if name in self._drawn}
        sizes = self._sizes()
        for name in sorted(page, key=lambda name: name != self.chosen):
            if perf_counter() - started > BUDGET and name in self._drawn:
                self._pending = self.set_timer(REST, self._draw_rest)
                break
            self._draw_chart(name, sizes[name])
        self.show_rows(self._composed())

    def _draw_rest(self) -> None:
        self._pending = None
        started, sizes, left = perf_counter(), self._sizes(), False
        for name in self.page_names():
            if perf_counter() - started > BUDGET:
                left = True
                break
            if name in self._scenes:
                self._draw_chart(name, sizes[name])
        self.show_rows(self._composed())
        if left:
            self._pending = self.set_timer(REST, self._draw_rest)

    def page_names(self) -> tuple[str, ...]:
        layout = self.grid_layout
        first = layout.page_of(self._cursor) * layout.per_page
        return self._names[first : first + layout.per_page]

    def _draw_chart(self, name: str, size: tuple[int, int]) -> None:
        """Draw one chart again if its scene, its points or its size have changed."""
        is_chosen = name == self.chosen and self.has_focus
        scene = replace(self._scenes[name], chosen=is_chosen, letters=self.app.no_color)
        versions = tuple(series.curve.version for series in scene.series)
        old = self._drawn.get(name)
        if old is None or (old.versions, old.size) != (versions, size) or old.scene != scene:
            kept = old.kept if old is not None else KeptCurves()
            self._drawn[name] = _DrawnChart(scene, versions, size, picture(scene, *size, kept), kept)

    def _sizes(self) -> dict[str, tuple[int, int]]:
        """Width and height of each chart on the page, without the heading of its group."""
        layout = self.grid_layout
        lefts, tops = layout.lefts(), layout.tops()
        groups = self._headings()
        found = {}
        for place, name in enumerate(self.page_names()):
            down, across = divmod(place, layout.columns)
            height = tops[down + 1] - tops[down] - any(groups[down])
            found[name] = (lefts[across + 1] - lefts[across], height)
        return found

    def _headings(self) -> list[list[str]]:
        return headings([group_of(name) for name in self.page_names()], self.grid_layout.columns)

    def _composed(self) -> list[Row]:
        """The lines of the widget."""
        width, height = self.size
        page, layout, sizes = self.page_names(), self.grid_layout, self._sizes()
        if not page:
            texts = wrap_row((Span(self._empty, "tag"),), width, 0)
            above = [(Span(" " * width),)] * min(height // 2, height - 1)
            return [*above, *(fitted(row, width) for row in texts), *[(Span(" " * width),)] * height][:height]
        groups = self._headings()
        lines: list[Row] = []
        for down in range(layout.rows):
            names = page[down * layout.columns : (down + 1) * layout.columns]
            if down < len(groups) and any(groups[down]):
                lines.append(_heading_row(groups[down], [sizes[name][0] for name in names], width))
            blocks = [self._drawn[name].rows if name in self._drawn else [] for name in names]
            deep = layout.tops()[down + 1] - len(lines)
            lines += [
                fitted(tuple(span for block in blocks if line < len(block) for span in block[line]), width)
                for line in range(deep)
            ]
        return lines[:height]

    # --- keys and clicks -------------------------------------------------------------------------------

    def action_move(self, across: int, down: int) -> None:
        layout = self.grid_layout
        there = self._cursor + across + down * layout.columns
        if down and not 0 <= there < len(self._names):
            row = self._cursor // layout.columns + down
            there = len(self._names) - 1 if 0 < row * layout.columns < len(self._names) else self._cursor
        self._move_to(there)

    def action_page(self, way: int) -> None:
        self._move_to(self._cursor + way * self.grid_layout.per_page)

    def action_go_to(self, end: int) -> None:
        self._move_to(end * (len(self._names) - 1))

    def action_open(self) -> None:
        if self.chosen:
            self.post_message(self.Opened(self.chosen))

    def _move_to(self, place: int) -> None:
        place = min(max(place, 0), max(0, len(self._names) - 1))
        if place != self._cursor:
            self._cursor = place
            self.draw()
            self.post_message(self.Moved())

    def on_click(self, event: events.Click) -> None:
        """Choose the chart under the mouse; open the chosen one."""
        layout = self.grid_layout
        x, y = event.screen_x - self.content_region.x, event.screen_y - self.content_region.y
        across = sum(1 for left in layout.lefts()[1:] if x >= left)
        down = sum(1 for top in layout.tops()[1:] if y >= top)
        place = layout.page_of(self._cursor) * layout.per_page + down * layout.columns + across
        if 0 <= place < len(self._names):
            self.action_open() if place == self._cursor else self._move_to(place)

    def on_focus(self) -> None:
        self.draw()

    def on_blur(self) -> None:
        self.draw()

    def on_resize(self) -> None:
        self.draw()
        self.post_message(self.Moved())

    def on_show(self) -> None:
        self.draw()


def _heading_row(texts: Sequence[str], widths: Sequence[int], width: int) -> Row:
    """A rule with the name of a group above the chart with which it begins."""
    rule, spans = glyphs().rule, list[Span]()
    for text, size in zip(texts, widths, strict=True):
        name = clipped((Span(f" {plain(text, limit=200)} ", "label"),), size - 2) if text else ()
        part = (Span(rule * 2, "axis"), *name, Span(rule * size, "axis"))
        spans += fitted(part, size)
    return fitted(tuple(spans), width)
