"""The Rich styles of a chart for the theme and the colours of the terminal."""

from __future__ import annotations

from rich.style import Style
from textual.color import Color
from textual.css.styles import StylesBase

from tui.ui.palette import DARK, LIGHT, SIXTEEN, SIXTEEN_FAINT

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
