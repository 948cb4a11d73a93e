"""The signs of the app, each with its ASCII stand-in."""

from __future__ import annotations

import locale
import os
import sys
from dataclasses import dataclass
from functools import cache
from typing import Literal

from engine.protocol import Status

LEVELS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Glyphs:
    statuses: dict[Status, str]
    mark: str
    baseline: str
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
    fold: tuple[str, str]
    """shut, open"""
    ascii_only: bool = False

    def level(self, share: float) -> str:
        """One cell that is filled from below."""
        if self.ascii_only:
            return ""
        return LEVELS[min(7, max(0, int(share * 8)))]


UNICODE = Glyphs(
    statuses={
        Status.QUEUED: "◌",
        Status.RUNNING: "●",
        Status.PAUSING: "◍",
        Status.PAUSED: "‖",
        Status.STOPPING: "◧",
        Status.DONE: "✓",
        Status.STOPPED: "■",
        Status.FAILED: "✗",
        Status.LOST: "?",
    },
    mark="◆",
    baseline="◇",
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
    bar=("━", "━"),
)
ASCII = Glyphs(
    statuses={
        Status.QUEUED: ".",
        Status.RUNNING: "*",
        Status.PAUSING: "o",
        Status.PAUSED: "=",
        Status.STOPPING: "-",
        Status.DONE: "v",
        Status.STOPPED: "#",
        Status.FAILED: "x",
        Status.LOST: "?",
    },
    mark="+",
    baseline="^",
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
    bar=("=", "-"),
    ascii_only=True,
)

ChartSymbols = Literal["braille", "block", "ascii"]


@cache
def glyphs() -> Glyphs:
    return ASCII if is_ascii_only() else UNICODE


def chart_symbols() -> ChartSymbols:
    """DLTUI_SYMBOLS, else what the terminal can be trusted with."""
    named = os.environ.get("DLTUI_SYMBOLS")
    if named == "block":
        return "block"
    return "ascii" if is_ascii_only() else "braille"


def is_ascii_only() -> bool:
    """The Linux console has no braille; a locale that is not UTF-8 has nothing at all."""
    named = os.environ.get("DLTUI_SYMBOLS")
    if named:
        return named == "ascii"
    encoding = sys.__stdout__.encoding if sys.__stdout__ else locale.getpreferredencoding(False)
    return os.environ.get("TERM") == "linux" or "utf" not in (encoding or "").lower()
