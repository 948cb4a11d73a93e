"""The picture of a sweep: one of several kinds, drawn from what the engine has worked out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.message import Message
from textual.strip import Strip

from tui.drawings.heat import look_of
from tui.keys import all_keys
from tui.keys.all_keys import Scope
from tui.sweeps import heat_map, importance, parallel, plots
from tui.sweeps.brush import Interval, scales_of, shifted, toggled, where_of, widened
from tui.sweeps.picture_view import BUCKETS, PictureView
from tui.terminal.glyphs import chart_symbols
from tui.terminal.plain_text import plain
from tui.ui.debounce import Debounce
from tui.ui.sheet import Sheet
from tui.ui.span import Row, Span
from tui.ui.styles import styles_of
from tui.ui.wrapped_spans import wrap_row

Draw = Callable[[Mapping[str, Any], PictureView, int, int], Sequence[Row]]
KINDS: dict[str, Draw] = {
    "parallel": parallel.rows, "importance": importance.rows, "slice": plots.slices,
    "best": plots.best_so_far, "heat": heat_map.rows,
}  # fmt: skip


PATIENCE = 0.5
"""seconds without an answer before it is said that one is on its way"""


class Picture(Sheet, inherit_bindings=False):
    """Keys move a cursor over its axes, and brush them."""

    DEFAULT_CSS = "Picture { scrollbar-size: 0 0; }"
    SCOPE: ClassVar[Scope] = "axes"
    BINDINGS = all_keys.bindings(SCOPE)

    @dataclass
    class Brushed(Message):
        """Other trials are brushed: `where` as a filter."""

        where: str

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Picture.Brushed)

    class Turned(Message):
        """It is looked at in another way; a heat map may need another answer."""

    class Left(Message):
        """The person wants the table."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self.look: PictureView | None = None
        self.kind = "parallel"
        self.answer: Mapping[str, Any] | None = None
        self._words = ""
        self._is_narrowed = self._is_slow = False
        self._later = Debounce(self)
        self._styles: dict[str, Style] = {}

    # --- what it is told -------------------------------------------------------------------------------

    def show(self, kind: str, look: PictureView | None) -> None:
        if kind != self.kind or look is None or self.look is None or look.spec.id != self.look.spec.id:
            self.answer, self._words, self._is_slow = None, "", False
            self._later.call("wait", PATIENCE, self._wait)
        self.kind, self.look = kind, look
        self.draw()

    def take(self, kind: str, answer: Mapping[str, Any], *, narrowed: bool = False) -> None:
        """`narrowed`: made of those trials alone that pass."""
        if kind == self.kind:
            self.answer, self._words, self._is_narrowed = answer, "", narrowed
            self.draw()

    def say(self, words: str) -> None:
        """What keeps it from being drawn; the last picture stays."""
        self._words = plain(words, limit=300)
        self.draw()

    def _wait(self) -> None:
        """Where it takes long, say so."""
        if self.answer is None and not self._words and self.look is not None:
            self._is_slow = True
            self.draw()

    def point_at(self, trial: int) -> None:
        if self.look is not None and self.look.trial != trial:
            self._set(trial=trial)

    # --- drawing ---------------------------------------------------------------------------------------

    def rows(self, width: int) -> Sequence[Row]:
        if self._words and self.answer is None:
            return wrap_row((Span(f" {self._words}", "bad"),), width, 1)
        if self.answer is None or self.look is None:
            return [(Span(" computing ...", "muted"),)] if self._is_slow else ()
        few = look_of(self.app) != "colour"
        look = replace(
            self.look,
            symbols=chart_symbols(),
            few_colours=few,
            lit=self.has_focus,
            narrowed=self._is_narrowed,
        )
        drawn = list(KINDS[self.kind](self.answer, look, width, self.size.height))
        if not self._words:
            return drawn
        said = wrap_row((Span(f" {self._words}", "bad"),), width, 1)
        return [*said, *drawn[len(said) :]]

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
        """Names of the axes under which the cursor goes."""
        if self.look is None:
            return []
        spec = self.look.spec
        names = [axis.name for axis in spec.axes] + (["seed"] if len(spec.seeds) > 1 else [])
        return [*names, "value"] if self.kind == "parallel" else names

    def action_axis(self, by: int) -> None:
        if self.look is None:
            return
        if self.kind == "heat":
            self._other_pair(0, by)
        elif self.axes:
            self._set(axis=(min(self.look.axis, len(self.axes) - 1) + by) % len(self.axes))

    def action_shift(self, way: int) -> None:
        if self.kind == "heat":
            self._other_pair(1, way)
        else:
            self._brush(lambda brush: shifted(brush, way))

    def action_brush(self) -> None:
        self._brush(toggled)

    def action_widen_brush(self, way: int) -> None:
        self._brush(lambda brush: widened(brush, way))

    def clear_brushes(self) -> None:
        if self.look is not None and self.look.brushes:
            self._set(brushes={})

    def action_log(self) -> None:
        if self.look is not None:
            self._set(log=not self.look.log)

    def action_to_table(self) -> None:
        self.post_message(self.Left())

    def _brush(self, change: Callable[[Interval | None], Interval | None]) -> None:
        if self.look is None or self.answer is None or self.kind != "parallel":
            return
        name = self.axes[min(self.look.axis, len(self.axes) - 1)]
        brush = change(self.look.brushes.get(name))
        brushes = {other: kept for other, kept in self.look.brushes.items() if other != name}
        self._set(brushes=brushes if brush is None else {**brushes, name: brush})
        self.post_message(self.Brushed(self.brushed))

    @property
    def brushed(self) -> str:
        """The brushes as a filter, as far as the axes are known."""
        if self.look is None or self.answer is None or self.kind != "parallel":
            return ""
        return where_of(scales_of(self.answer, self.look.spec.metric), self.look.brushes)

    def _other_pair(self, side: int, by: int) -> None:
        names = self.axes
        if self.look is None or len(names) < 2:
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
        """The axes of the heat map: across and down."""
        names = self.axes
        chosen = self.look.pair if self.look is not None else ("", "")
        if chosen[0] in names and chosen[1] in names:
            return chosen
        return (names[0], names[1]) if len(names) > 1 else ("", "")

    def _set(self, **changes: Any) -> None:
        assert self.look is not None
        self.look = replace(self.look, **changes)
        self.draw()
        self.post_message(self.Turned())


def _colour(variables: Mapping[str, str], style_name: str) -> Style:
    """From the colour of the worst over that of the middle to that of the best."""
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
