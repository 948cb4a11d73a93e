"""Bars with names and values, on a logarithmic scale where they span orders of magnitude."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tui.drawings.aid_drawing import finite
from tui.drawings.half_block_canvas import ImageCanvas
from tui.ui.numbers import short

LEAST_LENGTH = 8
EIGHTHS = " ▏▎▍▌▋▊▉"


def paint(canvas: ImageCanvas, data: Mapping[str, Any]) -> None:
    bars = [(str(name), finite(value)) for name, value in data.get("bars", ())]
    if not bars:
        return
    unit, is_log = str(data.get("unit", "")), bool(data.get("log"))
    room = canvas.height - (1 if unit or is_log else 0)
    shown = thinned(bars, room)
    names = max(len(name) for name, _ in shown)
    texts = ["none" if value is None else short(value + 0.0) for _, value in shown]
    numbers = max(map(len, texts))
    names = min(names, max(4, canvas.width - numbers - LEAST_LENGTH - 4))
    length = max(1, canvas.width - names - numbers - 3)
    scale = _scale([value for _, value in bars if value is not None], is_log)
    gap = 2 if len(shown) * 2 <= room and len(shown) < 8 else 1
    for row, ((name, value), text) in enumerate(zip(shown, texts, strict=True)):
        y = row * gap
        canvas.write(0, y, name[:names].rjust(names), "strong" if name.startswith("›") else "text")
        canvas.write(names + 1, y, text.rjust(numbers), "text")
        if value is not None:
            style_name = "accent" if value >= 0 else "done"
            _bar(canvas, names + numbers + 2, y, scale(value) * length, style_name)
    caption = unit + (", bars by powers of ten" if is_log else "")
    if caption:
        canvas.write(names + numbers + 2, len(shown) * gap - gap + 1, caption.lstrip(", "), "muted")


def thinned(bars: Sequence[tuple[str, float | None]], room: int) -> list[tuple[str, float | None]]:
    """As many as there is room for, the first and the last among them."""
    if len(bars) <= room or room < 2:
        return list(bars[: max(1, room)])
    places = sorted({round(at * (len(bars) - 1) / (room - 1)) for at in range(room)})
    return [bars[place] for place in places]


def _scale(values: Sequence[float], is_log: bool) -> Any:
    """The share of the length that a value has; of a negative one that of its amount."""
    sizes = [abs(value) for value in values if value]
    if not sizes:
        return lambda value: 0.0
    most = max(sizes)
    if not is_log or min(sizes) == most:
        return lambda value: abs(value) / most
    low = math.floor(math.log10(min(sizes))) - 0.5
    span = math.log10(most) - low
    return lambda value: max(0.02, (math.log10(abs(value)) - low) / span) if value else 0.0


def _bar(canvas: ImageCanvas, x: int, y: int, length: float, style_name: str) -> None:
    whole, rest = int(length), int((length - int(length)) * 8)
    if canvas.mode == "ascii":
        canvas.write(x, y, "#" * max(round(length), int(length > 0)), style_name)
        return
    canvas.write(x, y, "█" * whole + (EIGHTHS[rest] if rest else ""), style_name)
    if not whole and not rest and length > 0:
        canvas.write(x, y, "▏", style_name)
