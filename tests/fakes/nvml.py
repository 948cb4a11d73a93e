"""A pretended NVML: the functions of pynvml for GPUs that a test describes, and the errors of a driver.

nvml = PretendedNvml([PretendedGpu(busy=31), PretendedGpu(is_mig=True)])
nvml.install(monkeypatch)              # import pynvml finds it
nvml.gpus[1].error = LOST              # it falls off the bus
nvml.error = NO_PERMISSION             # nothing answers any more
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

GIB = 1 << 30
NOT_SUPPORTED, NO_PERMISSION, LOST, UNKNOWN, NO_DRIVER = (
    "Not Supported", "Insufficient Permissions", "GPU is lost", "Unknown Error", "Driver Not Loaded",
)  # fmt: skip


class NVMLError(Exception):
    """As of pynvml, whose text is that of the driver."""


@dataclass
class PretendedGpu:
    name: str = "NVIDIA H200"
    uuid: str = ""
    """empty: GPU-0, GPU-1, ... by its number"""
    used: int = 1 * GIB
    total: int = 140 * GIB
    busy: int = 0
    """percent"""
    watts: float = 75.0
    celsius: int = 30
    processes: dict[int, int | None] = field(default_factory=dict)
    """bytes by pid; None: the driver does not tell"""
    graphics: dict[int, int | None] = field(default_factory=dict)
    is_mig: bool = False
    """cut into instances: it has no utilization"""
    ecc_errors: int = 0
    """uncorrected, since the start of the machine"""
    error: str = ""
    """of every question about it"""
    refused: dict[str, str] = field(default_factory=dict)
    """errors of single functions, such as nvmlDeviceGetPowerUsage"""


class PretendedNvml:
    """In place of the module pynvml; what it lacks raises AttributeError, as another version of it would."""

    NVMLError = NVMLError
    NVML_TEMPERATURE_GPU = 0
    NVML_MEMORY_ERROR_TYPE_UNCORRECTED = 1
    NVML_VOLATILE_ECC = 0

    def __init__(self, gpus: Sequence[PretendedGpu] = (), driver: str = "575.57", cuda: int = 12090) -> None:
        self.gpus = list(gpus)
        self.driver, self.cuda = driver, cuda
        self.error = ""
        """of every question"""
        self.calls: list[str] = []
        """names of the functions, in order"""

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """As what `import pynvml` finds."""
        monkeypatch.setitem(sys.modules, "pynvml", self)  # type: ignore[arg-type]

    # --- the driver -----------------------------------------------------------------------------------------

    def nvmlInit(self) -> None:
        self._ask("nvmlInit")

    def nvmlShutdown(self) -> None:
        self._ask("nvmlShutdown")

    def nvmlSystemGetDriverVersion(self) -> str:
        self._ask("nvmlSystemGetDriverVersion")
        return self.driver

    def nvmlSystemGetCudaDriverVersion(self) -> int:
        self._ask("nvmlSystemGetCudaDriverVersion")
        return self.cuda

    def nvmlDeviceGetCount(self) -> int:
        self._ask("nvmlDeviceGetCount")
        return len(self.gpus)

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:
        self._ask("nvmlDeviceGetHandleByIndex", number)
        return number

    # --- a GPU ----------------------------------------------------------------------------------------------

    def nvmlDeviceGetName(self, handle: int) -> bytes:
        return self._ask("nvmlDeviceGetName", handle).name.encode()

    def nvmlDeviceGetUUID(self, handle: int) -> str:
        return self._ask("nvmlDeviceGetUUID", handle).uuid or f"GPU-{handle}"

    def nvmlDeviceGetMemoryInfo(self, handle: int) -> Any:
        gpu = self._ask("nvmlDeviceGetMemoryInfo", handle)
        return SimpleNamespace(used=gpu.used, total=gpu.total, free=gpu.total - gpu.used)

    def nvmlDeviceGetUtilizationRates(self, handle: int) -> Any:
        gpu = self._ask("nvmlDeviceGetUtilizationRates", handle)
        if gpu.is_mig:
            raise NVMLError(NOT_SUPPORTED)
        return SimpleNamespace(gpu=gpu.busy, memory=gpu.busy // 2)

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:
        return round(self._ask("nvmlDeviceGetPowerUsage", handle).watts * 1000)

    def nvmlDeviceGetTemperature(self, handle: int, sensor: int) -> int:
        return self._ask("nvmlDeviceGetTemperature", handle).celsius

    def nvmlDeviceGetMigMode(self, handle: int) -> list[int]:
        is_mig = int(self._ask("nvmlDeviceGetMigMode", handle).is_mig)
        return [is_mig, is_mig]

    def nvmlDeviceGetTotalEccErrors(self, handle: int, kind: int, counter: int) -> int:
        return self._ask("nvmlDeviceGetTotalEccErrors", handle).ecc_errors

    def nvmlDeviceGetComputeRunningProcesses(self, handle: int) -> list[Any]:
        return _processes(self._ask("nvmlDeviceGetComputeRunningProcesses", handle).processes)

    def nvmlDeviceGetGraphicsRunningProcesses(self, handle: int) -> list[Any]:
        return _processes(self._ask("nvmlDeviceGetGraphicsRunningProcesses", handle).graphics)

    def _ask(self, function: str, handle: int = -1) -> PretendedGpu:
        """The GPU. Raises NVMLError as a test has set it."""
        self.calls.append(function)
        gpu = self.gpus[handle] if handle >= 0 else PretendedGpu()
        error = self.error or gpu.error or gpu.refused.get(function, "")
        if error:
            raise NVMLError(error)
        return gpu


def _processes(held: dict[int, int | None]) -> list[Any]:
    return [SimpleNamespace(pid=pid, usedGpuMemory=size) for pid, size in held.items()]
