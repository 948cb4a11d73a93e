"""What the GPUs of this machine are doing, other people's processes included, through NVML."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Protocol

from engine.protocol import Gpu


class GpuDriver(Protocol):
    def read(self, ours: Iterable[int]) -> tuple[Gpu, ...]:
        """Every GPU; `ours` are the pids whose memory is not foreign. No GPU: nothing."""
        ...


class NoGpus:
    def read(self, ours: Iterable[int]) -> tuple[Gpu, ...]:
        return ()


class Nvml:
    """Never makes a CUDA context. A driver that fails is asked again at the next reading."""

    def __init__(self, nvml: Any) -> None:
        self._nvml = nvml
        self._said = ""

    def read(self, ours: Iterable[int]) -> tuple[Gpu, ...]:
        mine = set(ours)
        try:
            return tuple(self._one(place, mine) for place in range(self._nvml.nvmlDeviceGetCount()))
        except self._nvml.NVMLError as error:
            if str(error) != self._said:
                self._said = str(error)
                logging.warning("the GPU driver does not answer: %s", error)
            return ()

    def _one(self, place: int, ours: set[int]) -> Gpu:
        nvml = self._nvml
        handle = nvml.nvmlDeviceGetHandleByIndex(place)
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        return Gpu(
            name=_text(nvml.nvmlDeviceGetName(handle)),
            uuid=_text(nvml.nvmlDeviceGetUUID(handle)),
            used_bytes=int(memory.used),
            total_bytes=int(memory.total),
            busy=self._busy(handle),
            foreign_bytes=self._foreign(handle, ours),
        )

    def _busy(self, handle: Any) -> float:
        try:
            return float(self._nvml.nvmlDeviceGetUtilizationRates(handle).gpu) / 100
        except self._nvml.NVMLError:
            return 0.0  # a GPU cut into instances has no utilization of its own

    def _foreign(self, handle: Any, ours: set[int]) -> int:
        nvml = self._nvml
        found = [
            *nvml.nvmlDeviceGetComputeRunningProcesses(handle),
            *nvml.nvmlDeviceGetGraphicsRunningProcesses(handle),
        ]
        held = {process.pid: process.usedGpuMemory or 0 for process in found}
        return sum(size for pid, size in held.items() if pid not in ours)


def find_driver() -> GpuDriver:
    """NVML where there is a driver, else nothing at all."""
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
