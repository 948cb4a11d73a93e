"""A tree of named nodes, a line each, those that were chosen in another style."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.drawings.half_block_canvas import ImageCanvas

BRANCHES, ASCII_BRANCHES = ("├─ ", "└─ ", "│  "), ("|- ", "`- ", "|  ")


def paint(canvas: ImageCanvas, data: Mapping[str, Any]) -> None:
    nodes = {int(node[0]): (int(node[1]), str(node[2])) for node in data.get("nodes", ())}
    chosen = {int(one) for one in data.get("chosen", ())}
    children: dict[int, list[int]] = {}
    for number, (parent, _) in nodes.items():
        children.setdefault(parent if parent in nodes else -1, []).append(number)
    signs = ASCII_BRANCHES if canvas.mode == "ascii" else BRANCHES
    lines: list[tuple[str, int]] = []
    _add(children, -1, "", lines, signs, 0)
    for y, (before, number) in enumerate(lines[: canvas.height]):
        x = canvas.write(0, y, before, "muted")
        text = nodes[number][1]
        is_chosen = number in chosen
        canvas.write(x, y, text, "key" if is_chosen else "text")
        if is_chosen:
            canvas.write(x + len(text) + 1, y, "*", "key")
    if len(lines) > canvas.height > 1:
        more = f"and {len(lines) - canvas.height + 1} more"
        canvas.write(0, canvas.height - 1, more.ljust(canvas.width), "muted")


def _add(
    children: Mapping[int, list[int]],
    parent: int,
    before: str,
    lines: list[tuple[str, int]],
    signs: tuple[str, str, str],
    depth: int,
) -> None:
    """The lines of the nodes below one."""
    kids = children.get(parent, [])
    if depth > 40:
        return
    for place, number in enumerate(kids):
        is_last = place == len(kids) - 1
        branch = "" if parent < 0 else signs[1] if is_last else signs[0]
        lines.append((before + branch, number))
        under = "" if parent < 0 else "   " if is_last else signs[2]
        _add(children, number, before + under, lines, signs, depth + 1)
