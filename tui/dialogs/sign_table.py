"""The legend of the signs on the screen: sign, style, meaning."""

from __future__ import annotations

from engine.protocol import Status
from tui.chart.scene import ASCII_SIGNS, SIGNS, Kind
from tui.tabs import TabName
from tui.terminal.glyphs import glyphs
from tui.ui.palette import DASH_SIGNS
from tui.ui.styles import STATUS_STYLES

Sign = tuple[str, str, str]

KINDS: dict[Kind, str] = {
    "checkpoint": "on the axis: a checkpoint",
    "set": "on the axis: a parameter was changed",
    "pause": "on the axis: paused or stopped",
}
WITH_CHARTS: tuple[TabName, ...] = ("runs", "xor", "mnist", "language")


def signs(tab: TabName) -> list[Sign]:
    """The signs of a tab; none for a tab without runs and charts."""
    found = _statuses() if tab in (*WITH_CHARTS, "sweep") else []
    if tab == "runs":
        found += _rows()
    if tab in WITH_CHARTS:
        found += _charts()
    return found


def _statuses() -> list[Sign]:
    return [(glyphs().statuses[status], STATUS_STYLES[status], str(status)) for status in Status
            if status in glyphs().statuses]  # fmt: skip


def _rows() -> list[Sign]:
    line = glyphs().swatch[1]
    axis = ASCII_SIGNS if glyphs().ascii_only else SIGNS
    return [
        (glyphs().swatch, "hue-0", "on the chart: the selected run"),
        (glyphs().mark + line, "hue-0", "marked: its curve stays on the chart"),
        (glyphs().baseline + line, "hue-0", "the baseline; +0.012 is a difference from it"),
        *((axis[kind], "text", words) for kind, words in KINDS.items()),
        ("lr", "accent", "a parameter that is not its default"),
    ]


def _charts() -> list[Sign]:
    dashes = "--" if glyphs().ascii_only else 2 * DASH_SIGNS[1]
    return [
        (dashes, "hue-0", "dashes: baseline, training curve, or 9th curve and later"),
        ("~0.3", "muted", "the smoothed value; raw: too few points for smoothing"),
        ("+2 more", "muted", "curves that the legend has no room for"),
    ]
