"""The metrics of what a run used of its machine: their names in events, in charts and in W&B, which are one.

A `system` event has a step and numbers under short names, since it is written every few seconds for hours.
In charts they are metrics `system/NAME`, named and measured as by W&B: imported runs share their charts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

PREFIX = "system/"
CPU, RSS, MEMORY, DISK_WAIT, MACHINE_CPU = (
    f"{PREFIX}{name}" for name in ("cpu", "proc.memory.rssMB", "memory_percent", "disk.wait", "machine.cpu")
)
SHORT = {"cpu": CPU, "rss": RSS, "mem": MEMORY, "io": DISK_WAIT, "all": MACHINE_CPU}
"""cpu: percent of the processors that the run may use, by it and all that it started; rss: their memory in
MB; mem: percent of the memory of the machine, or of what its control group may have, that is in use; io:
percent of the time in which some process of the machine waited for a disk; all: percent of all processors
that is in use, by whomever"""
GPU = "gpu"
"""a list for each GPU: its number, then `GPU_FIELDS`, null where the driver does not tell"""
GPU_USE, GPU_MEMORY, GPU_BYTES, GPU_POWER, GPU_TEMPERATURE = (
    "gpu", "memoryAllocated", "memoryAllocatedBytes", "powerWatts", "temp",
)  # fmt: skip
GPU_FIELDS = (GPU_USE, GPU_BYTES, GPU_MEMORY, GPU_POWER, GPU_TEMPERATURE)
"""percent of the time in which it computed, memory in use in MB and in percent, watts, degrees Celsius"""
MEGABYTE = 1 << 20
_NO_SERIES = {"step", "cores"}
_ORDER = (
    f".{GPU_USE}", f".{GPU_MEMORY}", CPU, RSS, MEMORY, MACHINE_CPU, DISK_WAIT, f".{GPU_POWER}",
    f".{GPU_TEMPERATURE}", f".{GPU_BYTES}",
)  # fmt: skip


def is_system(metric: str) -> bool:
    return metric.startswith(PREFIX)


def gpu_name(number: object, field: str) -> str:
    return f"{PREFIX}gpu.{number}.{field}"


def is_of_gpu(metric: str, field: str) -> bool:
    """Whether it is that field of one of the GPUs."""
    head, _, rest = metric.removeprefix(PREFIX).partition(".")
    number, _, name = rest.partition(".")
    return is_system(metric) and head == "gpu" and number.isdecimal() and name == field


def order_of(metric: str) -> tuple[int, str]:
    """A sort key: use and memory of the GPUs, then of the processors, then the others."""
    for place, end in enumerate(_ORDER):
        if metric.endswith(end) if end.startswith(".") else metric == end:
            return place, metric
    return len(_ORDER), metric


def values_of(facts: Mapping[str, object]) -> dict[str, float]:
    """The metrics in a `system` event. Unknown short names are names; what is no number is left out."""
    numbers = {name: _number(value) for name, value in facts.items() if name not in _NO_SERIES}
    found = {SHORT.get(name, PREFIX + name): value for name, value in numbers.items() if value is not None}
    gpus = facts.get(GPU)
    for gpu in gpus if isinstance(gpus, list) else ():
        if isinstance(gpu, list) and gpu and type(gpu[0]) is int:
            found |= _gpu_values(gpu)
    return found


def _gpu_values(gpu: Sequence[object]) -> dict[str, float]:
    numbers = {field: _number(value) for field, value in zip(GPU_FIELDS, gpu[1:], strict=False)}
    return {
        gpu_name(gpu[0], field): value * (MEGABYTE if field == GPU_BYTES else 1)
        for field, value in numbers.items()
        if value is not None
    }


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)
