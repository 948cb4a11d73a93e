"""CPU, memory, GPUs and slots in the header."""

from __future__ import annotations

from typing import Any

from engine.machine_protocol import Gpu, Resources
from tui.terminal.glyphs import glyphs
from tui.ui.line_widget import Line
from tui.ui.span import Row, Span, row_width

GIGABYTE = 1 << 30
TIGHT_DISK = 2 * GIGABYTE
BUSY, FULL = 0.85, 0.92
REDRAW_SECONDS = 2.0
LEAST = 2
"""meters that are shortened rather than left out"""


class Meters(Line):
    """CPU, memory, slots and GPUs; those that do not fit are left out, the last one first."""

    def __init__(self, **widget: Any) -> None:
        super().__init__(**widget)
        self._resources: Resources | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(REDRAW_SECONDS, self.draw)

    def update(self, resources: Resources | None) -> None:
        """Draw the first value, and None, at once; others every two seconds."""
        at_once = self._resources is None or resources is None
        self._resources = resources
        if at_once:
            self.draw()

    def row(self, width: int) -> Row:
        if self._resources is None:
            return ()
        kept: Row = ()
        least = [(Span("  "), *meter) for meter in _meters(self._resources)[:LEAST]]
        is_tight = sum(map(row_width, least)) + 1 > width
        for meter in _meters(self._resources, is_short=is_tight):
            if row_width(kept) + row_width(meter) + 2 > width:
                break
            kept = (*kept, Span("  "), *meter)
        return (Span(" " * (width - row_width(kept) - 1)), *kept, Span(" "))


def _meters(found: Resources, *, is_short: bool = False) -> list[Row]:
    memory = found.memory_used / max(1, found.memory_total)
    used = f"{_short(found.memory_used)}/{_short(found.memory_total)}G"
    meters = [_meter("cpu", found.cpu_busy, f"{found.cpu_busy * 100:3.0f}%", 2.0, level=not is_short)]
    meters += [_gpu(index, gpu, len(found.gpus)) for index, gpu in enumerate(found.gpus)]
    text = f"{memory * 100:.0f}%" if is_short else used
    meters.append(_meter("mem", memory, text, FULL, level=not is_short))
    meters.append(_meter("slots", 0.0, f"{found.slots_used}/{found.slots}", 2.0, level=False))
    if found.disk_free < TIGHT_DISK:
        meters.insert(0, (Span(f"disk {_short(found.disk_free)}G left", "bad"),))
    return meters


def _gpu(index: int, gpu: Gpu, many: int) -> Row:
    name = f"gpu{index}" if many > 1 else "gpu"
    used = f"{gpu.busy * 100:3.0f}% {_short(gpu.used_bytes)}/{_short(gpu.total_bytes)}G"
    return _meter(name, gpu.busy, used, 2.0)


def _meter(name: str, share: float, text: str, alarming: float, *, level: bool = True) -> Row:
    style_name = "bad" if share >= alarming else "warn" if share >= BUSY else "good"
    sign = glyphs().level(share) if level else ""
    spans = [Span(f"{name} ", "muted")]
    if sign:
        spans.append(Span(sign + " ", style_name))
    return (*spans, Span(text, "text"))


def _short(size: int) -> str:
    gigabytes = size / GIGABYTE
    return f"{gigabytes:.0f}" if gigabytes >= 10 else f"{gigabytes:.1f}"
