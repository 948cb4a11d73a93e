"""The styles of the app in the current theme."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import rich.color
from rich.style import Style
from textual.app import App
from textual.color import Color

from tui.ui.curve_colours import DARK, LIGHT

_VARIABLES = {
    "text": "foreground", "muted": "muted", "line": "line", "accent": "accent", "good": "success",
    "warn": "warning", "bad": "error", "done": "primary", "link": "secondary",
}  # fmt: skip


LEVELS = 8
"""of warmth: level-0 to level-7"""


class Styles:
    """Rich styles by name: text, strong, muted, line, accent, key, field, picked, good, warn, bad, hue-N and
    level-N.

    `rgb-112233-445566` has two colours of its own, a foreground and a background; one may be absent.
    """

    def __init__(self, app: App[Any]) -> None:
        variables, plain = app.get_css_variables(), app.no_color or app.current_theme.ansi
        self.name = app.theme
        self._dark = app.current_theme.dark
        self._styles = {
            style_name: Style(color=_rich(variables[name])) for style_name, name in _VARIABLES.items()
        }
        self._styles["strong"] = self["text"] + Style(bold=True)
        self._styles["key"] = self["accent"] + Style(bold=True)
        self._styles["field"] = self["text"] + Style(bgcolor=None if plain else _rich(variables["panel"]))
        self._styles["picked"] = Style(reverse=True, bold=True)
        self.is_plain = plain
        """no colours, or those of the terminal: the cursor row is then reversed"""
        self._warmth = tuple(Color.parse(variables[name]) for name in ("background", "primary", "accent"))
        self.cursor = self._row(variables["cursor"], reverse=self.is_plain)
        self.resting = self._row(variables["cursor-resting"], bold=self.is_plain)

    def __getitem__(self, style_name: str) -> Style:
        style = self._styles.get(style_name)
        if style is None and style_name.startswith(PIXELS):
            return _pixel_style(style_name)
        if style is None:
            kind, _, number = style_name.partition("-")  # as in hue-3
            made = self._level(int(number)) if kind == "level" else self._hue(int(number))
            style = self._styles[style_name] = made
        return style

    def _level(self, level: int) -> Style:
        """One of LEVELS, the last one as warm as the accent."""
        if self.is_plain:
            return self["accent"]
        ground, cold, warm = self._warmth
        share = level / (LEVELS - 1)
        return Style(color=ground.blend(cold.blend(warm, share), 0.6 + 0.4 * share).rich_color)

    def _hue(self, hue: int) -> Style:
        hues = DARK if self._dark else LIGHT
        return Style(color=_rich(hues[hue % len(hues)]))

    def _row(self, background: str, *, reverse: bool = False, bold: bool = False) -> Style:
        if reverse:
            return Style(reverse=True)
        return Style(bgcolor=_rich(background), bold=bold or None)


PIXELS = "rgb-"
"""begins the name of a style of two colours"""


@lru_cache(maxsize=16_384)
def _pixel_style(style_name: str) -> Style:
    above, below = style_name[len(PIXELS) :].split("-")
    return Style.from_color(_pixel_colour(above), _pixel_colour(below))


@lru_cache(maxsize=4_096)
def _pixel_colour(code: str) -> Any:
    if not code:
        return None
    number = int(code, 16)
    return rich.color.Color.from_rgb(number >> 16, number >> 8 & 0xFF, number & 0xFF)


def _rich(value: str) -> Any:
    return Color.parse(value).rich_color


_cache: dict[tuple[str, bool], Styles] = {}


def styles_of(app: App[Any]) -> Styles:
    found = _cache.get((app.theme, app.no_color))
    if found is None:
        found = _cache[app.theme, app.no_color] = Styles(app)
    return found
