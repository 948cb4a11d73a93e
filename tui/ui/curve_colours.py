"""Colours that colour-blind eyes can tell apart (Okabe and Ito), ordered for dark backgrounds.

A terminal of 16 colours gets exactly those, so that no two curves have one colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

DARK = ("#56b4e9", "#e69f00", "#00b386", "#cc79a7", "#f0e442", "#d55e00", "#9080f0", "#b8b8b8")
LIGHT = ("#0072b2", "#d55e00", "#007a5a", "#a8487d", "#8a6d00", "#9e1b1b", "#5b45c4", "#555555")
SIXTEEN = ("#55ffff", "#ffff55", "#55ff55", "#ff55ff", "#ff5555", "#5555ff", "#ffffff", "#aa5500")
SIXTEEN_FAINT = ("#00aaaa", "#aa5500", "#00aa00", "#aa00aa", "#aa0000", "#0000aa", "#aaaaaa", "#555555")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DASHES: tuple[tuple[int, ...], ...] = ((), (8, 4), (3, 3), (8, 3, 2, 3))
"""columns of dots on and off in turn: for the first eight curves, the next eight, and so on"""
DASH_SIGNS = "━╍┅┉"
BASELINE_DASH = (4, 4)
PART_DASH = (2, 2)
"""of the curves of validation, in a chart with those of training"""
PART_SIGN = "○"
PART_SWATCH = f"┈{PART_SIGN}"


def hue_of(key: str) -> int:
    """The same place in the palette for the same key, in every session."""
    return crc32(key.encode("utf-8", "replace")) % len(DARK)


def hues_of(keys: Sequence[str]) -> dict[str, int]:
    """A hue for each key: that of `hue_of` where free, else another; from the ninth key on with a dash."""
    taken: dict[str, int] = {}
    for key in dict.fromkeys(keys):
        first = len(taken) // len(DARK) * len(DARK)
        free = [hue for hue in range(first, first + len(DARK)) if hue not in taken.values()]
        own = first + hue_of(key)
        taken[key] = own if own in free else free[own % len(free)]
    return taken


def dash_of(hue: int) -> int:
    """The index into DASHES: hues beyond the palette repeat its colours."""
    return hue // len(DARK) % len(DASHES)


def style_name_of(hue: int, *, faint: bool = False) -> str:
    """The style name of a curve; faint: of the raw values behind a smoothed curve."""
    return f"{'faint' if faint else 'series'}-{hue % len(DARK)}"
