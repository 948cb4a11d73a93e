"""Memory and utilization of the GPUs of this machine, other users' processes included, through NVML."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Protocol

from engine.protocol import Gpu


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
