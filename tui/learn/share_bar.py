"""A share as a bar of one row."""

from __future__ import annotations

from tui.terminal.glyphs import glyphs
from tui.ui.span import Row, Span


def share_bar(share: float, width: int) -> Row:
    """`share` from 0 to 1 of `width` cells."""
    full = round(max(0.0, min(1.0, share)) * width)
    return (Span(glyphs().bar[0] * full, "accent"), Span(glyphs().dot * (width - full), "line"))
