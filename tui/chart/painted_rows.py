"""A widget of rows of spans in the styles of a chart, repainted only where they changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.css.styles import StylesBase
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.ui.changed_cells import changes
from tui.ui.curve_colours import DARK, LIGHT, SIXTEEN, SIXTEEN_FAINT
from tui.ui.span import Row, cells, row_width

FAINT = 0.6


def series_styles(ground: Color, *, sixteen: bool) -> dict[str, Style]:
    """Styles by name: `series-N` and the faint `faint-N` of every hue, on a light or dark background."""
    full = [Color.parse(code) for code in _hues(ground, sixteen)]
    faint = [colour.blend(ground, FAINT) for colour in full]
    if sixteen:
        faint = [Color.parse(code) for code in SIXTEEN_FAINT]
    styles = {f"series-{index}": colour for index, colour in enumerate(full)}
    styles |= {f"faint-{index}": colour for index, colour in enumerate(faint)}
    return {style_name: on_ground(colour, ground) for style_name, colour in styles.items()}


def styled(styles: StylesBase, ground: Color) -> Style:
    """Colour and weight of a component class; a translucent colour is blended with the background."""
    return on_ground(ground + styles.color, ground) + styles.text_style


def on_ground(colour: Color, ground: Color) -> Style:
    return Style(color=colour.rich_color, bgcolor=ground.rich_color)


def _hues(ground: Color, sixteen: bool) -> tuple[str, ...]:
    if sixteen:
        return SIXTEEN
    return DARK if ground.brightness < 0.5 else LIGHT


class PaintedRows(Widget):
    """Shows what `show_rows` is given."""

    DEFAULT_CSS = """
    PaintedRows {
        height: 1fr;
        width: 1fr;
        & .chart--title { color: $foreground; text-style: bold; }
        & .chart--chosen { color: $accent; text-style: bold; }
        & .chart--label { color: $foreground 70%; }
        & .chart--value { color: $foreground; text-style: bold; }
        & .chart--tag { color: $foreground 55%; }
        & .chart--axis { color: $foreground 38%; }
        & .chart--grid { color: $foreground 22%; }
        & .chart--crosshair { color: $accent; }
        & .chart--alert { color: $error; text-style: bold; }
        & .chart--live { color: $success; }
        & .chart--mark-checkpoint { color: $foreground 75%; }
        & .chart--mark-pause { color: $warning; text-style: bold; }
        & .chart--mark-set { color: $accent; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--title",
        "chart--chosen",
        "chart--label",
        "chart--value",
        "chart--tag",
        "chart--axis",
        "chart--grid",
        "chart--crosshair",
        "chart--alert",
        "chart--live",
        "chart--mark-checkpoint",
        "chart--mark-pause",
        "chart--mark-set",
    }

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._rows: Sequence[Row] = ()
        self._strips: dict[int, Strip] = {}
        self._styles: dict[str, Style] = {}

    def show_rows(self, rows: Sequence[Row]) -> None:
        """Replace the rows, one for each line of the widget and as wide as it, and refresh what differs."""
        width, height = self.size
        old, self._rows = self._rows, rows
        if len(old) != height or not old or row_width(old[0]) != width:
            self._repaint()
            return
        regions: list[Region] = []
        for y in range(height):
            if old[y] != rows[y]:
                self._strips.pop(y, None)
                stretches = changes(cells(old[y]), cells(rows[y]))
                regions += [Region(x, y, count, 1) for x, count in stretches]
        if regions:
            self.refresh(*regions)

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._restyle, init=False)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._restyle()

    def render_line(self, y: int) -> Strip:
        strip = self._strips.get(y)
        if strip is None:
            row = self._rows[y] if y < len(self._rows) else ()
            strip = Strip([Segment(span.text, self._style(span.style_name)) for span in row])
            self._strips[y] = strip
        return strip

    def _restyle(self) -> None:
        self._styles.clear()
        self._repaint()

    def _repaint(self) -> None:
        self._strips.clear()
        self.refresh()

    def _style(self, style_name: str) -> Style:
        """Cached until a theme or style changes: finding the background walks all ancestors."""
        if style_name not in self._styles:
            ground = self.background_colors[1]
            if not self._styles:
                sixteen = self.app.console.color_system == "standard"
                self._styles = series_styles(ground, sixteen=sixteen) | {"": Style(bgcolor=ground.rich_color)}
            if style_name not in self._styles:
                self._styles[style_name] = styled(self.get_component_styles(f"chart--{style_name}"), ground)
        return self._styles[style_name]
