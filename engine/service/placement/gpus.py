"""GPUs of this machine: memory and utilization, with other users' processes, and which ones a run may use."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from engine.machine_protocol import Gpu
from engine.service.placement.queue import FreeGpus

# --- what NVML reads --------------------------------------------------------------------------------------


class GpuDriver(Protocol):
    def read(self, own_pids: Iterable[int]) -> tuple[Gpu, ...]:
        """All GPUs; memory of other processes than `own_pids` is foreign. Empty without a GPU."""
        ...


class NoGpus:
    def read(self, own_pids: Iterable[int]) -> tuple[Gpu, ...]:
        return ()


T = TypeVar("T")
CELSIUS_OF_GPU = 0
"""NVML_TEMPERATURE_GPU"""


class Nvml:
    """Makes no CUDA context. After an error of the driver the next reading tries again."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._last_error = ""

    def read(self, own_pids: Iterable[int]) -> tuple[Gpu, ...]:
        """Without those that do not answer, as one that has fallen off the bus."""
        own = set(own_pids)
        found: list[Gpu] = []
        error = ""
        try:
            count = self._nvml.nvmlDeviceGetCount()
        except self._nvml.NVMLError as failed:
            count, error = 0, f"the GPU driver does not answer: {failed}"
        for number in range(count):
            try:
                found.append(self._read_gpu(number, own))
            except self._nvml.NVMLError as failed:
                error = f"GPU {number} does not answer: {failed}"
        if error and error != self._last_error:
            logging.warning("%s", error)
        self._last_error = error
        return tuple(found)

    def _read_gpu(self, number: int, own_pids: set[int]) -> Gpu:
        nvml = self._nvml
        handle = nvml.nvmlDeviceGetHandleByIndex(number)
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        rates = answer_of(nvml, lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
        milliwatts = answer_of(nvml, lambda: nvml.nvmlDeviceGetPowerUsage(handle))
        held = {process.pid: process.usedGpuMemory or 0 for process in processes_on(nvml, handle)}
        foreign = {pid: size for pid, size in held.items() if pid not in own_pids}
        return Gpu(
            name=decoded(nvml.nvmlDeviceGetName(handle)),
            uuid=decoded(nvml.nvmlDeviceGetUUID(handle)),
            used_bytes=int(memory.used),
            total_bytes=int(memory.total),
            busy=0.0 if rates is None else float(rates.gpu) / 100,
            foreign_bytes=sum(foreign.values()),
            unseen_bytes=sum(size for pid, size in foreign.items() if not Path(f"/proc/{pid}").exists()),
            number=number,
            is_busy_known=rates is not None,
            watts=None if milliwatts is None else milliwatts / 1000,
            celsius=answer_of(nvml, lambda: nvml.nvmlDeviceGetTemperature(handle, CELSIUS_OF_GPU)),
        )


def answer_of(nvml: Any, ask: Callable[[], T]) -> T | None:
    """None where this GPU has no such thing, or this user may not know it."""
    try:
        return ask()
    except nvml.NVMLError:
        return None


def processes_on(nvml: Any, handle: Any) -> list[Any]:
    """Empty where the driver does not tell whose the memory is; what is free is known all the same."""
    return [
        *(answer_of(nvml, lambda: nvml.nvmlDeviceGetComputeRunningProcesses(handle)) or ()),
        *(answer_of(nvml, lambda: nvml.nvmlDeviceGetGraphicsRunningProcesses(handle)) or ()),
    ]


def find_driver() -> GpuDriver:
    """NVML where pynvml and a driver are there, else NoGpus."""
    try:
        import pynvml
    except ImportError:
        return NoGpus()
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return NoGpus()
    return Nvml(pynvml)


def decoded(raw: str | bytes) -> str:
    return raw.decode(errors="replace") if isinstance(raw, bytes) else raw


# --- which GPUs a run may use -----------------------------------------------------------------------------


GIB = 1 << 30
OPEN_FREE = 4 * GIB
CLOSE_FREE = 2 * GIB
"""bytes of free memory that open a GPU for runs, and below which an open one is closed"""
OPEN_FOREIGN = 1 * GIB
CLOSE_FOREIGN = 2 * GIB
"""bytes of other users' processes below which a GPU is opened, and above which an open one is closed"""


@dataclass(slots=True)
class GpuPlacement:
    """Keeps which GPUs are open, with hysteresis: a value that varies about one limit changes nothing."""

    order: tuple[str, ...] = ()
    """UUIDs or indices in the order of preference; where given, no other GPU is used"""
    _open: set[str] = field(default_factory=set)

    def update(self, gpus: Sequence[Gpu], held: Iterable[str]) -> FreeGpus:
        """The GPUs that a run may use now. `held`: UUIDs of those that runs of ours use."""
        if not gpus:
            return FreeGpus()
        named = self._named(gpus)
        if not named:
            return FreeGpus((), f"DLTUI_GPUS={','.join(self.order)} names none that this machine has")
        own = set(held)
        reasons = {gpu.uuid: self._why_closed(gpu, gpu.uuid in own) for gpu in named}
        free = tuple(gpu.uuid for gpu in named if not reasons[gpu.uuid])
        shared = tuple(gpu.uuid for gpu in named if gpu.uuid in own and _can_share(gpu))
        why_none = "; ".join(f"{gpu.name} {reasons[gpu.uuid]}" for gpu in named if reasons[gpu.uuid])
        return FreeGpus(free, why_none, shared)

    def _named(self, gpus: Sequence[Gpu]) -> list[Gpu]:
        """In the order of preference; without one, by free memory, the most first."""
        if not self.order:
            return sorted(gpus, key=lambda gpu: gpu.used_bytes - gpu.total_bytes)
        by_name = {name: gpu for place, gpu in enumerate(gpus) for name in (_number(gpu, place), gpu.uuid)}
        return [by_name[name] for name in self.order if name in by_name]

    def _why_closed(self, gpu: Gpu, own: bool) -> str:
        if own:
            self._open.add(gpu.uuid)
            return "is used by a run of dltui"
        was_open = gpu.uuid in self._open
        least_free = CLOSE_FREE if was_open else OPEN_FREE
        most_foreign = CLOSE_FOREIGN if was_open else OPEN_FOREIGN
        free = gpu.total_bytes - gpu.used_bytes
        self._open.discard(gpu.uuid)
        if gpu.foreign_bytes > most_foreign:
            return f"is used by others ({gpu.foreign_bytes / GIB:.1f} GiB)"
        if free < least_free:
            return f"has {free / GIB:.1f} GiB free, expected {least_free / GIB:.0f}"
        self._open.add(gpu.uuid)
        return ""


def _can_share(gpu: Gpu) -> bool:
    """Whether a GPU that runs of ours use has memory for one more that takes a share.

    What processes hold that cannot be seen may be that of these runs.
    """
    return (
        gpu.foreign_bytes - gpu.unseen_bytes <= CLOSE_FOREIGN
        and gpu.total_bytes - gpu.used_bytes >= CLOSE_FREE
    )


def _number(gpu: Gpu, place: int) -> str:
    """The one of the driver: another GPU may be missing."""
    return str(place if gpu.number is None else gpu.number)


def visible_gpus(limit: str, gpus: Sequence[Gpu]) -> tuple[str, ...]:
    """UUIDs of the GPUs that CUDA_VISIBLE_DEVICES=`limit` leaves: numbers, UUIDs or their beginnings.

    As in CUDA, what follows the first name that no GPU has is left out.
    """
    found: list[str] = []
    for name in (part.strip() for part in limit.split(",")):
        matching = [
            gpu.uuid
            for place, gpu in enumerate(gpus)
            if name and (name == _number(gpu, place) or gpu.uuid.startswith(name))
        ]
        if len(matching) != 1:
            break
        found += matching
    return tuple(found)
