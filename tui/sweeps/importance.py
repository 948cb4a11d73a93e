"""The importance of each axis for reaching the best trials (PED-ANOVA), as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui.sweeps.picture_view import PictureView
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span, fitted

NAME, NUMBER = 14, 7


def rows(answer: Mapping[str, Any], view: PictureView, width: int, height: int) -> Sequence[Row]:
    text = f" importance for reaching the best 10 % of {plain(view.spec.metric, limit=30)} (PED-ANOVA)"
    head = fitted((Span(text, "muted"),), width)
    if answer["why"]:
        return [head, (), fitted((Span(f" not yet: {plain(answer['why'], limit=200)}", "warn"),), width)]
    found = answer["importance"]
    most = max((share for _, share in found), default=0.0)
    is_roomy = height >= 2 * len(found) + 3
    lines: list[Row] = [head]
    for name, share in found:
        lines += [()] * is_roomy
        lines.append(_bar(name, share, share == most, width))
    return lines


def _bar(name: str, share: float, is_largest: bool, width: int) -> Row:
    """A bar whose full width is 100 %."""
    room = max(4, width - NAME - NUMBER - 4)
    full = round(share * room)
    done, ahead = ("=", "-") if glyphs().ascii_only else ("█", "·")
    return (
        Span(f" {plain(name, limit=NAME):>{NAME}} ", "strong"),
        Span(done * full, "accent" if is_largest else "done"),
        Span(ahead * (room - full), "line"),
        Span(f" {share:6.1%}", "text"),
    )
