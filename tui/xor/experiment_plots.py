"""The three plots of the nine experiments, side by side: two bar charts, and points over log lr."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean

from engine.session_protocol.xor import GridReport, ReportRow
from tui.ui.span import Row, Span, fitted
from tui.ui.text_rows import paragraph

OURS, THEIRS = "accent", "done"
HIDDEN = (
    "Survivor bias: the means are over successful runs alone. At a learning rate of 0.01 most runs had not "
    "succeeded by the last epoch, so their mean is too small. The median counts failures as above all epochs."
)


def plots(report: GridReport | None, width: int, height: int, ascii_only: bool) -> list[Row]:
    if report is None:
        return []
    each = (width - 4) // 3
    thick = 0 if height < 14 else 1 if height < 28 else 2  # 0: no blank lines between groups
    rows = report.rows
    parts = [
        bars("mean epochs by units", rows, lambda row: f"k = {row.hidden}", each, ascii_only, thick),
        bars("mean epochs by bypass", rows, _bypass, each, ascii_only, thick),
        points("std of epochs by log lr", rows, each, min(max(height - 4, 8), 26), ascii_only),
    ]
    longest = max(map(len, parts))
    blank, gap = fitted((), each), (Span("  "),)
    filled = [[fitted(row, each) for row in part] + [blank] * (longest - len(part)) for part in parts]
    lines: list[Row] = [(), *((*a, *gap, *b, *gap, *c) for a, b, c in zip(*filled, strict=True))]
    return [*lines, (), *paragraph(HIDDEN, width)] if len(lines) + 4 <= height else lines


def _bypass(row: ReportRow) -> str:
    return "with" if row.bypass else "without"


def bars(
    title: str,
    rows: Sequence[ReportRow],
    group: Callable[[ReportRow], str],
    width: int,
    ascii_only: bool,
    thick: int,
) -> list[Row]:
    """Two bars per group: the mean of its experiments, ours and that of the course's notebook."""
    names = list(dict.fromkeys(group(row) for row in sorted(rows, key=lambda row: row.hidden)))
    found = []
    for name in names:
        members = [row for row in rows if group(row) == name]
        ours = [row.mean for row in members if row.mean is not None]
        found.append((name, fmean(ours) if ours else None, fmean(row.notebook.mean for row in members)))
    most = max(max(ours or 0, theirs) for _, ours, theirs in found)
    room = max(3, width - 16)
    lines: list[Row] = [(Span(title, "strong"),)]
    for name, mean, theirs in found:
        for value, style_name, label in ((mean, OURS, name), (theirs, THEIRS, "")):
            bar = _bar(value, most, room, style_name, ascii_only)
            lines.append((Span(f"{label:<8}", "text"), *bar))
            lines += [(Span(" " * 8), bar[0])] if thick > 1 else []
        lines += [()] if thick else []
    return [*lines, _signs("#=" if ascii_only else "█▒")]


def _bar(value: float | None, most: float, room: int, style_name: str, ascii_only: bool) -> Row:
    if value is None:
        return (Span("no success yet", "muted"),)
    signs = "#=" if ascii_only else "█▒"
    sign = signs[0] if style_name == OURS else signs[1]
    return (Span(sign * max(1, round(room * value / most)), style_name), Span(f" {value:,.0f}", "text"))


def points(title: str, rows: Sequence[ReportRow], width: int, height: int, ascii_only: bool) -> list[Row]:
    """Two points per experiment, ours and the notebook's, over the logarithm of the learning rate."""
    room, high = max(8, width - 8), max(3, height - 4)
    most = max([row.notebook.std for row in rows] + [row.std or 0 for row in rows])
    low, top = math.log(min(row.lr for row in rows)), math.log(max(row.lr for row in rows))
    cells: dict[tuple[int, int], tuple[str, str]] = {}
    signs = ("o", "*") if ascii_only else ("○", "●")
    for kind, style_name in ((0, THEIRS), (1, OURS)):
        for row in rows:
            value = row.std if kind else row.notebook.std
            if value is not None:
                x = round((math.log(row.lr) - low) / max(top - low, 1e-9) * (room - 1))
                cells[x, high - 1 - round(value / max(most, 1e-9) * (high - 1))] = (signs[kind], style_name)
    side = "|" if ascii_only else "│"
    lines: list[Row] = [(Span(title, "strong"),)]
    for y in range(high):
        label = f"{most:,.0f}" if y == 0 else "0" if y == high - 1 else ""
        dots = tuple(Span(*cells.get((x, y), (" ", ""))) for x in range(room))
        lines.append((Span(f"{label:>6}", "muted"), Span(side, "line"), *dots))
    return [*lines, *_floor(rows, low, top, room, ascii_only), _signs(signs[1] + signs[0])]


def _floor(rows: Sequence[ReportRow], low: float, top: float, room: int, ascii_only: bool) -> list[Row]:
    """The x axis with its labels; one that would touch another is left out."""
    line = "-" if ascii_only else "─"
    labels = [" "] * (room + 2)
    for lr in sorted({row.lr for row in rows}, reverse=True):
        text = f"{lr:g}"
        at = round((math.log(lr) - low) / max(top - low, 1e-9) * (room - 1))
        at = max(0, min(at, room - len(text)))
        if all(sign == " " for sign in labels[max(0, at - 1) : at + len(text) + 1]):
            labels[at : at + len(text)] = text
    corner = "+" if ascii_only else "└"
    return [(Span(" " * 6), Span(corner + line * room, "line")), (Span(" " * 7 + "".join(labels), "muted"),)]


def _signs(signs: str) -> Row:
    """The legend."""
    ours = (Span(signs[0], OURS), Span(" ours  ", "muted"))
    return (*ours, Span(signs[1], THEIRS), Span(" notebook", "muted"))
