"""A widget that is drawn by a function on an ImageCanvas; only changed cells are refreshed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.color import Color
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui.drawings.half_block_canvas import ImageCanvas
from tui.drawings.heat import LEVELS, Heat, colour_mode_of

Paint = Callable[[ImageCanvas], None]
GREYS = [8 + 10 * level for level in range(LEVELS)]
"""the grey ramp of terminals with 256 colours, whose codes have half the bytes of other greys"""


class ImageWidget(Widget):
    """`update` takes the function that draws it; it is called again when the size or the theme changes."""

    DEFAULT_CSS = "ImageWidget { width: 1fr; height: 1fr; }"

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._paint: Paint | None = None
        self._canvas: ImageCanvas | None = None
        self._painter: Painter | None = None
        self.drawn = 0
        """number of cells refreshed so far"""

    def update(self, paint: Paint) -> None:
        self._paint = paint
        self.draw()

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._restyle, init=False)
        self.call_later(self.draw)  # its size may have come before it was mounted

    def on_resize(self) -> None:
        self.draw()

    def _restyle(self) -> None:
        self._painter = None
        self.draw()
        self.refresh()

    def draw(self) -> None:
        width, height = self.size
        if not self.is_mounted or self._paint is None or not width or not height:
            return
        if self._painter is not None and self._painter.beneath != self.rich_style:
            self._painter = None
        canvas = ImageCanvas(width, height, colour_mode_of(self.app))
        self._paint(canvas)
        old, self._canvas = self._canvas, canvas
        if old is None or (old.width, old.height, old.mode) != (width, height, canvas.mode):
            self.drawn += width * height
            self.refresh()
        elif changes := [Region(start, y, end - start, 1) for y, start, end in canvas.changes(old)]:
            self.drawn += sum(region.width for region in changes)
            self.refresh(*changes)

    def render_line(self, y: int) -> Strip:
        if self._canvas is None or y >= self._canvas.height:
            return Strip([])
        if self._painter is None:
            self._painter = Painter(self.app, self.rich_style)
        style = self._painter.style
        line = self._canvas.line(y)
        return Strip(
            [Segment(patch.text, style(patch.style_name, patch.ground)) for patch in line], self._canvas.width
        )


class Painter(Heat):
    """Adds the greys of images to the styles of Heat, on the style `beneath`; none equals the background."""

    def __init__(self, app: App[Any], beneath: Style) -> None:
        super().__init__(app)
        self.beneath = beneath
        self._greys: list[Any] = []
        if colour_mode_of(app) == "colour":
            ramp = (
                GREYS if Color.parse(app.get_css_variables()["background"]).brightness < 0.5 else GREYS[::-1]
            )
            self._greys = [Color(grey, grey, grey).rich_color for grey in ramp]

    def _foreground(self, style_name: str) -> Style:
        if style_name.startswith("grey-"):
            return self.beneath + Style(color=self._greys[int(style_name[5:])])
        return self.beneath + super()._foreground(style_name)

    def _background(self, ground: str) -> Style:
        if ground.startswith("grey-"):
            return Style(bgcolor=self._greys[int(ground[5:])])
        return super()._background(ground)
