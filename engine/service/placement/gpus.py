"""GPUs of this machine: memory and utilization, with other users' processes, and which ones a run may use."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.protocol import Gpu
from engine.service.placement.queue import FreeGpus

# --- what NVML reads --------------------------------------------------------------------------------------


class GpuDriver(Protocol):
    def read(self, own_pids: Iterable[int]) -> tuple[Gpu, ...]:
        """All GPUs; memory of other processes than `own_pids` is foreign. Empty without a GPU."""
        ...


class NoGpus:
    def read(self, own_pids: Iterable[int]) -> tuple[Gpu, ...]:
        return ()


class Nvml:
    """Makes no CUDA context. After an error of the driver the next reading tries again."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._last_error = ""

    def read(self, own_pids: Iterable[int]) -> tuple[Gpu, ...]:
        own = set(own_pids)
        try:
            return tuple(self._read_gpu(index, own) for index in range(self._nvml.nvmlDeviceGetCount()))
        except self._nvml.NVMLError as error:
            if str(error) != self._last_error:
                self._last_error = str(error)
                logging.warning("the GPU driver does not answer: %s", error)
            return ()

    def _read_gpu(self, index: int, own_pids: set[int]) -> Gpu:
        nvml = self._nvml
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        return Gpu(
            name=_text(nvml.nvmlDeviceGetName(handle)),
            uuid=_text(nvml.nvmlDeviceGetUUID(handle)),
            used_bytes=int(memory.used),
            total_bytes=int(memory.total),
            busy=self._busy(handle),
            foreign_bytes=self._foreign(handle, own_pids),
        )

    def _busy(self, handle: Any) -> float:
        try:
            return float(self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu) / 100
        except self._nvml.NVMLError:
            return 0.0  # a GPU cut into instances has no utilization of its own

    def _foreign(self, handle: Any, own_pids: set[int]) -> int:
        nvml = self._nvml
        found = [
            *nvml.nvmlDeviceGetComputeRunningProcesses(handle),
            *nvml.nvmlDeviceGetGraphicsRunningProcesses(handle),
        ]
        held = {process.pid: process.usedGpuMemory or 0 for process in found}
        return sum(size for pid, size in held.items() if pid not in own_pids)


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


def _text(raw: str | bytes) -> str:
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
        by_name = {str(index): gpu for index, gpu in enumerate(gpus)} | {gpu.uuid: gpu for gpu in gpus}
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
    """Whether a GPU that runs of ours use has memory for one more that takes a share."""
    return gpu.foreign_bytes <= CLOSE_FOREIGN and gpu.total_bytes - gpu.used_bytes >= CLOSE_FREE


def visible_gpus(limit: str, gpus: Sequence[Gpu]) -> tuple[str, ...]:
    """UUIDs of the GPUs that CUDA_VISIBLE_DEVICES=`limit` leaves: numbers, UUIDs or their beginnings.

    As in CUDA, what follows the first name that no GPU has is left out.
    """
    found: list[str] = []
    for name in (part.strip() for part in limit.split(",")):
        matching = [
            gpu.uuid
            for index, gpu in enumerate(gpus)
            if name and (name == str(index) or gpu.uuid.startswith(name))
        ]
        if len(matching) != 1:
            break
        found += matching
    return tuple(found)
