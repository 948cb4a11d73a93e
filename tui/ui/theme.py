"""The themes of the app."""

from __future__ import annotations

from textual.theme import Theme

DEFAULT = "night"
FEW_COLOURS = "terminal"
"""for terminals of 16 colours"""


def _variables(line: str, muted: str, cursor: str, resting: str, **more: str) -> dict[str, str]:
    return {"line": line, "muted": muted, "cursor": cursor, "cursor-resting": resting, **more}


NIGHT = Theme(
    name="night",
    primary="#7aa2f7",
    secondary="#7dcfff",
    accent="#f2b36b",
    success="#7fd1a0",
    warning="#e8c06a",
    error="#f2777a",
    foreground="#d5dbe6",
    background="#10141b",
    surface="#161c26",
    panel="#1d2531",
    variables=_variables("#2c3644", "#8492a6", "#2a3a55", "#1c2532", scrollbar="#2c3644"),
)
DAY = Theme(
    name="day",
    dark=False,
    primary="#1f5fbf",
    secondary="#0f7a8a",
    accent="#a34d00",
    success="#1a7f4b",
    warning="#8a5a00",
    error="#b3261e",
    foreground="#20262e",
    background="#fbfaf7",
    surface="#f1efe9",
    panel="#e6e3da",
    variables=_variables("#cfcabd", "#646b75", "#cfe0f5", "#e9e6de", scrollbar="#cfcabd"),
)
COLOUR_BLIND = Theme(
    name="colour-blind",
    primary="#56b4e9",
    secondary="#56b4e9",
    accent="#f0e442",
    success="#56b4e9",
    warning="#e69f00",
    error="#d55e00",
    foreground="#e6e6e6",
    background="#111318",
    surface="#191c22",
    panel="#22262e",
    variables=_variables("#363c47", "#9aa1ac", "#1f4a66", "#222a34", scrollbar="#363c47"),
)
CONTRAST = Theme(
    name="contrast",
    primary="#00d7ff",
    secondary="#00d7ff",
    accent="#ffff00",
    success="#00ff87",
    warning="#ffaf00",
    error="#ff5f5f",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    variables=_variables("#8a8a8a", "#d0d0d0", "#005faf", "#303030", scrollbar="#8a8a8a"),
)
TERMINAL = Theme(
    name="terminal",
    ansi=True,
    primary="ansi_blue",
    secondary="ansi_cyan",
    accent="ansi_yellow",
    success="ansi_green",
    warning="ansi_yellow",
    error="ansi_red",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    variables=_variables(
        "ansi_bright_black",
        "ansi_default",
        "ansi_blue",
        "ansi_default",
        **{
            "ansi-background": "ansi_black",
            "ansi-foreground": "ansi_white",
            "border-blurred": "ansi_black",
            "block-cursor-foreground": "ansi_bright_white",
            "block-cursor-background": "ansi_blue",
            "input-cursor-background": "ansi_default",
            "input-cursor-foreground": "ansi_default",
            "input-cursor-text-style": "reverse",
            "input-selection-background": "ansi_cyan",
            "input-selection-foreground": "ansi_black",
            "screen-selection-background": "ansi_cyan",
            "screen-selection-foreground": "ansi_black",
            "scrollbar": "ansi_blue",
            "scrollbar-background": "ansi_default",
        },
    ),
)

THEMES: dict[str, Theme] = {theme.name: theme for theme in (NIGHT, DAY, COLOUR_BLIND, CONTRAST, TERMINAL)}
TITLES = {
    "night": "Night (dark)",
    "day": "Day (light)",
    "colour-blind": "Colour-blind safe",
    "contrast": "High contrast",
    "terminal": "The terminal's own 16 colours",
}
ALIASES = {"day": "light mode white bright", "night": "dark mode black"}
"""further search words for the command palette"""


def named(name: str) -> str:
    """The theme of that name or alias; empty where there is none."""
    return name if name in THEMES else {"light": "day", "dark": "night"}.get(name, "")


def after(name: str) -> str:
    """The next theme."""
    names = list(THEMES)
    return names[(names.index(name) + 1) % len(names)] if name in THEMES else DEFAULT
