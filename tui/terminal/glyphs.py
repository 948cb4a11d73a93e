"""The signs of the app, in Unicode and in ASCII."""

from __future__ import annotations

import locale
import os
import sys
from dataclasses import dataclass
from functools import cache
from typing import Literal

LEVELS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters that the app draws with."""

    mark: str
    baseline: str
    best: str
    swatch: str
    rule: str
    upright: str
    rising: str
    falling: str
    dot: str
    warning: str
    cut: str
    choice: tuple[str, str]
    bar: tuple[str, str]
    two_bars: tuple[str, str, str]
    """two bars in one line: both, the upper one alone, the lower one alone"""
    fold: tuple[str, str]
    """closed, open"""
    plus_minus: str
    ascii_only: bool = False

    def level(self, share: float) -> str:
        """One cell, filled from below by `share`; empty in ASCII."""
        if self.ascii_only:
            return ""
        return LEVELS[min(7, max(0, int(share * 8)))]


UNICODE = Glyphs(
    mark="◆",
    baseline="◇",
    best="★",
    swatch="━━",
    rule="─",
    upright="│",
    rising="▲",
    falling="▼",
    dot="·",
    warning="▲",
    cut="…",
    choice=("‹", "›"),
    fold=("▸", "▾"),
    plus_minus="±",
    bar=("━", "━"),
    two_bars=("█", "▀", "▄"),
)
ASCII = Glyphs(
    mark="+",
    baseline="^",
    best="*",
    swatch="--",
    rule="-",
    upright="|",
    rising="+",
    falling="-",
    dot="-",
    warning="!",
    cut="~",
    choice=("<", ">"),
    fold=(">", "v"),
    plus_minus="+-",
    bar=("=", "-"),
    two_bars=("#", "=", "-"),
    ascii_only=True,
)

ChartSymbols = Literal["braille", "block", "ascii"]


@cache
def glyphs() -> Glyphs:
    return ASCII if is_ascii_only() else UNICODE


def chart_symbols() -> ChartSymbols:
    """DLTUI_SYMBOLS, else braille where the terminal can draw it."""
    named = os.environ.get("DLTUI_SYMBOLS")
    if named == "block":
        return "block"
    return "ascii" if is_ascii_only() else "braille"


def is_ascii_only() -> bool:
    """Whether only ASCII can be drawn: on the Linux console, or where the encoding is not UTF-8."""
    named = os.environ.get("DLTUI_SYMBOLS")
    if named:
        return named == "ascii"
    return os.environ.get("TERM") == "linux" or not is_utf8(output_encoding())


def output_encoding() -> str:
    """The encoding assumed for the terminal: that of standard output where set explicitly, else the locale's.

    Python writes UTF-8 under LC_ALL=C too (PEP 540), so its encoding alone says nothing about the terminal.
    """
    written = (sys.__stdout__ and sys.__stdout__.encoding) or ""
    is_named = os.environ.get("PYTHONIOENCODING") or os.environ.get("PYTHONUTF8") == "1"
    if is_named or not is_utf8(written):
        return written or locale.getencoding()
    return locale.getencoding()


def is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("-", "").replace("_", "") == "utf8"
