"""Steps below each other; the newest one that was taken is open."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.drawings.half_block_canvas import ImageCanvas
from tui.terminal.glyphs import glyphs


def paint(canvas: ImageCanvas, data: Mapping[str, Any]) -> None:
    steps, at = list(data.get("steps", ())), int(data.get("at", 0))
    lines: list[tuple[str, str]] = []
    focus = 0
    for number, step in enumerate(steps):
        is_here = number == at
        sign = glyphs().choice[1] if is_here else glyphs().dot if number < at else " "
        style_name = "key" if is_here else "text" if number < at else "muted"
        focus = len(lines) if is_here else focus
        lines.append((f"{sign} {step.get('title', '')}", style_name))
        if number <= at:
            lines += [(f"    {line}", "text" if is_here else "muted") for line in step.get("lines", ())]
    first = max(0, min(focus - canvas.height // 3, len(lines) - canvas.height))
    for y, (text, style_name) in enumerate(lines[first : first + canvas.height]):
        canvas.write(0, y, text[: canvas.width], style_name)
