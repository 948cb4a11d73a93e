"""Bars of the class probabilities."""

from __future__ import annotations

from collections.abc import Sequence

from tui.drawings.image_canvas import ImageCanvas
from tui.terminal.plain_text import plain


def paint_probabilities(
    canvas: ImageCanvas,
    x: int,
    y: int,
    width: int,
    shares: Sequence[float],
    names: Sequence[str],
    true: int | None,
) -> None:
    """One line per class; the most probable one is bright, the true one green."""
    likeliest = max(range(len(shares)), key=lambda label: shares[label])
    room = min(12, max((len(name) for name in names), default=1))
    for label, share in enumerate(shares):
        style_name = "good" if label == true else "accent" if label == likeliest else "line"
        name = plain(names[label], limit=room).ljust(room)
        bright = label in (likeliest, true)
        canvas.write(
            x, y + label, name, "good" if label == true else "key" if label == likeliest else "muted"
        )
        canvas.bar(x + room + 1, y + label, max(3, width - room - 9), share, style_name)
        canvas.write(x + width - 7, y + label, f"{share:7.2%}", "strong" if bright else "muted")
