"""The plot of a metric over parameters: one of several kinds, drawn from an analysis by the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.message import Message
from textual.strip import Strip

from tui.drawings.heat import colour_mode_of
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.plots import metric_plots, parallel_axes
from tui.plots.brush import Interval, scales_of, shifted, toggled, where_of, widened
from tui.plots.plot_state import BUCKETS, PlotState
from tui.terminal.glyphs import chart_symbols
from tui.terminal.plain_text import plain
from tui.ui.debounce import Debounce
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span
from tui.ui.styles import styles_of
from tui.ui.wrap import wrap_row

Draw = Callable[[Mapping[str, Any], PlotState, int, int], Sequence[Row]]
KINDS: dict[str, Draw] = {
    "parallel": parallel_axes.rows, "importance": metric_plots.importance, "slice": metric_plots.slices,
    "best": metric_plots.best_so_far, "heat": metric_plots.heat_map,
}  # fmt: skip


WAITING_DELAY = 0.5
"""seconds without a response before `computing ...` is shown"""


class PlotWidget(Sheet, inherit_bindings=False):
    """A plot whose axes have a cursor, moved by keys, and brushes."""

    DEFAULT_CSS = "PlotWidget { scrollbar-size: 0 0; }"
    SCOPE: ClassVar[Scope] = "axes"
    BINDINGS = all_keys.bindings(SCOPE)

    @dataclass
    class Brushed(Message):
        """The brushes have changed: `where` is their filter."""

        where: str

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, PlotWidget.Brushed)

    class Changed(Message):
        """Axis, brushes, scale or pair of axes have changed; a heat map may need another analysis."""

    class Left(Message):
        """The table is to have the focus."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self.view: PlotState | None = None
        self.kind = "parallel"
        self.answer: Mapping[str, Any] | None = None
        self._error = ""
        self._is_filtered = self._is_slow = False
        self._debounce = Debounce(self)
        self._styles: dict[str, Style] = {}

    # --- data ------------------------------------------------------------------------------------------

    def set_view(self, kind: str, view: PlotState | None) -> None:
        if kind != self.kind or view is None or self.view is None or view.subject.id != self.view.subject.id:
            self.answer, self._error, self._is_slow = None, "", False
            self._debounce.call("wait", WAITING_DELAY, self._show_waiting)
        self.kind, self.view = kind, view
        self.draw()

    def set_answer(self, kind: str, answer: Mapping[str, Any], *, is_filtered: bool = False) -> None:
        """Set the analysis; `is_filtered`: it is of those trials alone that pass the filter."""
        if kind == self.kind:
            self.answer, self._error, self._is_filtered = answer, "", is_filtered
            self.draw()

    def set_error(self, error: str) -> None:
        """Show an error in the first rows; the last plot stays."""
        self._error = plain(error, limit=300)
        self.draw()

    def _show_waiting(self) -> None:
        """Show that the analysis is being computed."""
        if self.answer is None and not self._error and self.view is not None:
            self._is_slow = True
            self.draw()

    def point_at(self, trial: int) -> None:
        if self.view is not None and self.view.trial != trial:
            self._set(trial=trial)

    # --- drawing ---------------------------------------------------------------------------------------

    def rows(self, width: int) -> Sequence[Row]:
        if self._error and self.answer is None:
            return wrap_row((Span(f" {self._error}", "bad"),), width, 1)
        if self.answer is None or self.view is None:
            return [(Span(" computing ...", "muted"),)] if self._is_slow else ()
        few = colour_mode_of(self.app) != "colour"
        view = replace(
            self.view,
            symbols=chart_symbols(),
            few_colours=few,
            focused=self.has_focus,
            is_filtered=self._is_filtered,
        )
        drawn = list(KINDS[self.kind](self.answer, view, width, self.size.height))
        if not self._error:
            return drawn
        error = wrap_row((Span(f" {self._error}", "bad"),), width, 1)
        return [*error, *drawn[len(error) :]]

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self.draw()

    def _restyle(self) -> None:
        self._styles.clear()
        super()._restyle()
        self.draw()

    def render_line(self, y: int) -> Strip:
        index = y + self.scroll_offset.y
        row = self._rows[index] if index < len(self._rows) else ()
        return Strip([Segment(span.text, self._style(span.style_name)) for span in row]).apply_style(
            self.rich_style
        )

    def _style(self, style_name: str) -> Style:
        if not style_name.startswith(("bucket-", "ground-")):
            return styles_of(self.app)[style_name or "text"]
        if style_name not in self._styles:
            self._styles[style_name] = _colour(self.app.get_css_variables(), style_name)
        return self._styles[style_name]

    # --- keys ------------------------------------------------------------------------------------------

    @property
    def axes(self) -> list[str]:
        """Names of the axes that the cursor moves over."""
        if self.view is None:
            return []
        names = list(self.view.subject.axes)
        return [*names, "value"] if self.kind == "parallel" else names

    def action_axis(self, by: int) -> None:
        if self.view is None:
            return
        if self.kind == "heat":
            self._change_pair(0, by)
        elif self.axes:
            self._set(axis=(min(self.view.axis, len(self.axes) - 1) + by) % len(self.axes))

    def action_shift(self, way: int) -> None:
        if self.kind == "heat":
            self._change_pair(1, way)
        else:
            self._brush(lambda brush: shifted(brush, way))

    def action_brush(self) -> None:
        self._brush(toggled)

    def action_widen_brush(self, way: int) -> None:
        self._brush(lambda brush: widened(brush, way))

    def clear_brushes(self) -> None:
        if self.view is not None and self.view.brushes:
            self._set(brushes={})

    def action_log(self) -> None:
        if self.view is not None:
            self._set(log=not self.view.log)

    def action_to_table(self) -> None:
        self.post_message(self.Left())

    def _brush(self, change: Callable[[Interval | None], Interval | None]) -> None:
        if self.view is None or self.answer is None or self.kind != "parallel":
            return
        name = self.axes[min(self.view.axis, len(self.axes) - 1)]
        brush = change(self.view.brushes.get(name))
        brushes = {other: kept for other, kept in self.view.brushes.items() if other != name}
        self._set(brushes=brushes if brush is None else {**brushes, name: brush})
        self.post_message(self.Brushed(self.brushed))

    @property
    def brushed(self) -> str:
        """The filter of the brushes; empty before the axes are known."""
        if self.view is None or self.answer is None or self.kind != "parallel":
            return ""
        return where_of(scales_of(self.answer, self.view.subject.metric), self.view.brushes)

    def _change_pair(self, side: int, by: int) -> None:
        names = self.axes
        if self.view is None or len(names) < 2:
            return
        pair = list(self.pair)
        at = names.index(pair[side])
        pair[side] = names[(at + by) % len(names)]
        if pair[0] == pair[1]:
            pair[side] = names[(at + 2 * by) % len(names)]
        if pair[0] != pair[1]:
            self._set(pair=(pair[0], pair[1]))

    @property
    def pair(self) -> tuple[str, str]:
        """The axes of the heat map: x and y."""
        names = self.axes
        chosen = self.view.pair if self.view is not None else ("", "")
        if chosen[0] in names and chosen[1] in names:
            return chosen
        return (names[0], names[1]) if len(names) > 1 else ("", "")

    def _set(self, **changes: Any) -> None:
        assert self.view is not None
        self.view = replace(self.view, **changes)
        self.draw()
        self.post_message(self.Changed())


def _colour(variables: Mapping[str, str], style_name: str) -> Style:
    """The style of a bucket, as text or as background: from dull over primary to accent."""
    kind, _, number = style_name.partition("-")
    share = int(number) / (BUCKETS - 1)
    ground, low, high = (Color.parse(variables[name]) for name in ("background", "primary", "accent"))
    dull = ground.blend(low, 0.45)
    colour = dull.blend(low, 2 * share) if share < 0.5 else low.blend(high, 2 * share - 1)
    if kind == "ground":
        dark = colour.brightness > 0.45
        text = ground if dark == (ground.brightness < 0.5) else Color.parse(variables["foreground"])
        return Style(color=text.rich_color, bgcolor=colour.rich_color)
    return Style(color=colour.rich_color)
