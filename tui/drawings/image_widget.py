"""A part of the screen that somebody paints; only what changed is drawn again."""

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

from tui.drawings.heat import LEVELS, Heat, look_of
from tui.drawings.image_canvas import ImageCanvas

Paint = Callable[[ImageCanvas], None]
GREYS = [8 + 10 * level for level in range(LEVELS)]
"""the ramp that terminals with 256 colours have: it takes half the bytes of others"""


class ImageWidget(Widget):
    """`show` takes what paints it in the size it has, now and whenever that changes."""

    DEFAULT_CSS = "Mural { width: 1fr; height: 1fr; }"

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._paint: Paint | None = None
        self._paper: ImageCanvas | None = None
        self._paints: Painter | None = None
        self.drawn = 0
        """cells that were sent so far"""

    def show(self, paint: Paint) -> None:
        self._paint = paint
        self.draw()

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self._dress, init=False)
        self.call_after_refresh(self.draw)  # its size may have come before it was mounted

    def on_resize(self) -> None:
        self.draw()

    def _dress(self) -> None:
        self._paints = None
        self.draw()
        self.refresh()

    def draw(self) -> None:
        width, height = self.size
        if not self.is_mounted or self._paint is None or not width or not height:
            return
        if self._paints is not None and self._paints.beneath != self.rich_style:
            self._paints = None
        canvas = ImageCanvas(width, height, look_of(self.app))
        self._paint(canvas)
        old, self._paper = self._paper, canvas
        if old is None or (old.width, old.height, old.look) != (width, height, canvas.look):
            self.drawn += width * height
            self.refresh()
        elif changes := [Region(start, y, end - start, 1) for y, start, end in canvas.changes(old)]:
            self.drawn += sum(region.width for region in changes)
            self.refresh(*changes)

    def render_line(self, y: int) -> Strip:
        if self._paper is None or y >= self._paper.height:
            return Strip([])
        if self._paints is None:
            self._paints = Painter(self.app, self.rich_style)
        style = self._paints.style
        line = self._paper.line(y)
        return Strip(
            [Segment(patch.text, style(patch.style_name, patch.ground)) for patch in line], self._paper.width
        )


class Painter(Heat):
    """The greys of pictures beside the inks of the app, upon the style of what lies `beneath`; nothing is as
    dark or light as its background."""

    def __init__(self, app: App[Any], beneath: Style) -> None:
        super().__init__(app)
        self.beneath = beneath
        self._greys: list[Any] = []
        if look_of(app) == "colour":
            ramp = (
                GREYS if Color.parse(app.get_css_variables()["background"]).brightness < 0.5 else GREYS[::-1]
            )
            self._greys = [Color(grey, grey, grey).rich_color for grey in ramp]

    def _ink(self, style_name: str) -> Style:
        if style_name.startswith("grey-"):
            return self.beneath + Style(color=self._greys[int(style_name[5:])])
        return self.beneath + super()._ink(style_name)

    def _ground(self, ground: str) -> Style:
        if ground.startswith("grey-"):
            return Style(bgcolor=self._greys[int(ground[5:])])
        return super()._ground(ground)
