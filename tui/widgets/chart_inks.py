"""What the inks of a chart look like in the theme at hand."""

from __future__ import annotations

from rich.style import Style
from textual.color import Color
from textual.css.styles import StylesBase

from tui.widgets.palette import DARK, LIGHT

FAINT = 0.6


def series_styles(background: Color) -> dict[str, Style]:
    """A style for the full and the faint ink of every hue, on light or dark ground."""
    hues = DARK if background.brightness < 0.5 else LIGHT
    styles: dict[str, Style] = {}
    for index, code in enumerate(hues):
        colour = Color.parse(code)
        styles[f"series-{index}"] = Style(color=colour.rich_color)
        styles[f"faint-{index}"] = Style(color=colour.blend(background, FAINT).rich_color)
    return styles


def styled(styles: StylesBase, background: Color) -> Style:
    """Colour and weight of a component; a translucent colour is mixed with what lies behind it."""
    return Style(color=(background + styles.color).rich_color) + styles.text_style
