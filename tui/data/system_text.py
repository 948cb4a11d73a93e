"""What a run used of its machine as text: labels, values with units, peaks."""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol import RunSummary
from engine.system_metrics import (
    CPU,
    DISK_WAIT,
    GPU_BYTES,
    GPU_FIELDS,
    GPU_MEMORY,
    GPU_POWER,
    GPU_TEMPERATURE,
    GPU_USE,
    MACHINE_CPU,
    MEGABYTE,
    MEMORY,
    RSS,
    gpu_name,
    is_of_gpu,
    order_of,
)
from tui.ui.numbers import size

PERCENT = "%"
_OF_MACHINE = {CPU: ("CPU", PERCENT), RSS: ("memory", "MB"), MEMORY: ("machine mem", PERCENT),
               MACHINE_CPU: ("machine CPU", PERCENT), DISK_WAIT: ("disk wait", PERCENT)}  # fmt: skip
_OF_GPU = {GPU_USE: ("", PERCENT), GPU_MEMORY: (" mem", PERCENT), GPU_BYTES: (" mem", "B"),
           GPU_POWER: (" power", "W"), GPU_TEMPERATURE: (" heat", "C")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quantity:
    """A metric of the machine that has a name of its own in texts."""

    metric: str
    label: str
    unit: str
    """%, MB, B, W or C"""

    @property
    def is_share(self) -> bool:
        return self.unit == PERCENT

    def text(self, value: float) -> str:
        if self.unit in ("MB", "B"):
            return size(round(value * (MEGABYTE if self.unit == "MB" else 1)))
        return f"{value:.0f} {self.unit}"


def quantity_of(metric: str) -> Quantity | None:
    """None for the others of W&B, such as traffic of the network: they are in charts alone."""
    if metric in _OF_MACHINE:
        return Quantity(metric, *_OF_MACHINE[metric])
    field = next((field for field in GPU_FIELDS if is_of_gpu(metric, field)), None)
    if field is None:
        return None
    end, unit = _OF_GPU[field]
    return Quantity(metric, f"GPU {metric.split('.')[1]}{end}", unit)


def quantities_of(metrics: list[str]) -> list[Quantity]:
    """What matters first."""
    found = [quantity_of(metric) for metric in sorted(metrics, key=order_of)]
    return [quantity for quantity in found if quantity is not None]


def peaks_text(run: RunSummary) -> str:
    """GPU 0 87 %, GPU 0 mem 8.7 GB, CPU 98 %, memory 412.0 MB: the highest of each."""
    shares = {
        gpu_name(metric.split(".")[1], GPU_MEMORY) for metric in run.peaks if is_of_gpu(metric, GPU_BYTES)
    }
    told = [metric for metric in run.peaks if metric not in shares]  # in bytes instead
    return ", ".join(f"{one.label} {one.text(run.peaks[one.metric])}" for one in _in_order(told))


def _in_order(metrics: list[str]) -> list[Quantity]:
    """With the memory of a GPU behind its use."""
    as_share = {metric: metric.replace(f".{GPU_BYTES}", f".{GPU_MEMORY}") for metric in metrics}
    ordered = sorted(metrics, key=lambda metric: order_of(as_share[metric]))
    return [quantity for metric in ordered if (quantity := quantity_of(metric)) is not None]
