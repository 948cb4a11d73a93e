"""Numbers from 0 to 1 as colours, shades or characters; the middle is near the background."""

from __future__ import annotations

from typing import Any, Literal

from rich.style import Style
from textual.app import App
from textual.color import Color

from tui.terminal.glyphs import glyphs
from tui.ui.styles import styles_of

LEVELS = 24
SOLVED = 8
SHADES, ASCII_SHADES = " ░▒▓█", " .:*#"
ZERO, ONE = "done", "accent"
"""the style names of outputs 0 and 1, also of negative and positive weights"""

ColourMode = Literal["colour", "shade", "ascii"]


def colour_mode_of(app: App[Any]) -> ColourMode:
    """Colours where the terminal has enough of them for all levels, else shades, else ASCII."""
    if glyphs().ascii_only:
        return "ascii"
    few = app.no_color or app.current_theme.ansi or app.console.color_system == "standard"
    return "shade" if few else "colour"


def level_of(share: float) -> int:
    """0 .. LEVELS - 1; NaN is in the middle."""
    if share != share:
        return LEVELS // 2
    return max(0, min(int(share * LEVELS), LEVELS - 1))


def shade_of(share: float, mode: ColourMode) -> str:
    """One character, denser for more; `?` for NaN."""
    table = ASCII_SHADES if mode == "ascii" else SHADES
    return table[max(0, min(int(share * len(table)), len(table) - 1))] if share == share else "?"


class Heat:
    """Styles by the name of a foreground and of a background, cached.

    `heat-7` is a level, `solved-3`, `stuck-2` and `ramp-5` are backgrounds; other names are those of the app.
    """

    def __init__(self, app: App[Any]) -> None:
        self._app_styles = styles_of(app)
        self._levels: list[Any] = []
        self._made: dict[tuple[str, str], Style] = {}
        self._backgrounds: dict[str, Any] = {}
        if colour_mode_of(app) == "colour":
            self._levels, self._backgrounds = _levels(app), _backgrounds(app)

    def style(self, style_name: str, ground: str) -> Style:
        made = self._made.get((style_name, ground))
        if made is None:
            made = self._made[style_name, ground] = self._foreground(style_name) + self._background(ground)
        return made

    def _foreground(self, style_name: str) -> Style:
        if style_name.startswith("heat-"):
            return Style(color=self._levels[int(style_name[5:])])
        if style_name == "dark":
            return Style(color=self._backgrounds["dark"], bold=True) if self._backgrounds else Style()
        return self._app_styles[style_name] if style_name else Style()

    def _background(self, ground: str) -> Style:
        if ground.startswith("heat-"):
            return Style(bgcolor=self._levels[int(ground[5:])])
        if ground.startswith(("solved-", "stuck-", "ramp-")):
            return Style(bgcolor=self._backgrounds[ground]) if self._backgrounds else Style()
        if ground == "plate":
            return Style(reverse=True, bold=True)
        return Style()


def _levels(app: App[Any]) -> list[Any]:
    variables = app.get_css_variables()
    ground, zero, one = (Color.parse(variables[name]) for name in ("background", "primary", "accent"))
    middle = ground.blend(Color.parse(variables["foreground"]), 0.06)
    low, high = ground.blend(zero, 0.62), ground.blend(one, 0.88)
    shares = [2 * level / (LEVELS - 1) for level in range(LEVELS)]
    mixed = [low.blend(middle, at) if at < 1 else middle.blend(high, at - 1) for at in shares]
    return [colour.rich_color for colour in mixed]


def _backgrounds(app: App[Any]) -> dict[str, Any]:
    """Backgrounds of the failure map: solved, brighter for sooner; stuck with 2, 3 or 4 rows; a ramp."""
    variables = app.get_css_variables()
    ground, solved = (Color.parse(variables[name]) for name in ("background", "success"))
    shares = [0.2 + 0.6 * level / (SOLVED - 1) for level in range(SOLVED)]
    backgrounds = {f"solved-{level}": ground.blend(solved, share) for level, share in enumerate(shares)}
    for rows, name, share in (
        (2, "warning", 0.75),
        (3, "accent", 0.8),
        (4, "error", 0.85),
        (0, "muted", 0.35),
    ):
        backgrounds[f"stuck-{rows}"] = ground.blend(Color.parse(variables[name]), share)
    accent = Color.parse(variables["accent"])
    for level in range(LEVELS):
        backgrounds[f"ramp-{level}"] = ground.blend(accent, 0.18 + 0.82 * level / (LEVELS - 1))
    backgrounds["dark"] = ground
    return {name: colour.rich_color for name, colour in backgrounds.items()}
