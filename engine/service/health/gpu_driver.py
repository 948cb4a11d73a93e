"""Checks the GPUs, as NVML tells of them: the driver, and what keeps runs from a GPU or spoils them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.machine_protocol import Finding, Severity
from engine.service.placement.gpus import answer_of, decoded, processes_on
from engine.service.placement.machine_load import cores

GIB = 1 << 30
UNEXPLAINED = 2 * GIB
"""bytes in use without a process that are worth a line: a driver alone holds a few hundred MB"""
UNCORRECTED, SINCE_START = 1, 0
"""NVML_MEMORY_ERROR_TYPE_UNCORRECTED, NVML_VOLATILE_ECC"""
PCI = Path("/sys/bus/pci/devices")
NVIDIA, DISPLAY = "0x10de", ("0x0300", "0x0302")
"""vendor, and classes of devices: VGA and 3D controllers"""
NO_GPU_HERE = ("not loaded", "not found", "uninitialized")
"""in what NVML says on a machine without an NVIDIA driver"""


@dataclass(frozen=True, slots=True)
class DoctorGpu:
    """What one GPU answers; `error` where it does not."""

    number: int
    name: str = ""
    uuid: str = ""
    used_bytes: int = 0
    is_mig: bool = False
    ecc_errors: int = 0
    """uncorrected, since the start of the machine"""
    held: tuple[tuple[int, int | None], ...] = ()
    """pid and bytes of each process; None: the driver does not tell"""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Driver:
    version: str
    gpus: tuple[DoctorGpu, ...] = ()
    error: str = ""
    """why NVML answers nothing at all"""

    @property
    def major(self) -> int:
        head = self.version.partition(".")[0]
        return int(head) if head.isdigit() else 0

    @property
    def usable(self) -> tuple[DoctorGpu, ...]:
        return tuple(gpu for gpu in self.gpus if not gpu.error)


# --- what NVML tells --------------------------------------------------------------------------------------


def read_driver() -> Driver | None:
    """None without an NVIDIA driver or without pynvml."""
    try:
        import pynvml
    except ImportError:
        return None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return None if any(part in str(error).lower() for part in NO_GPU_HERE) else Driver("", (), str(error))
    try:
        version = decoded(pynvml.nvmlSystemGetDriverVersion())
        return Driver(version, tuple(_read(pynvml, at) for at in range(pynvml.nvmlDeviceGetCount())))
    except pynvml.NVMLError as error:
        return Driver("", (), str(error))
    finally:
        pynvml.nvmlShutdown()


def _read(nvml: Any, number: int) -> DoctorGpu:
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(number)
        return DoctorGpu(
            number,
            decoded(nvml.nvmlDeviceGetName(handle)),
            decoded(nvml.nvmlDeviceGetUUID(handle)),
            int(nvml.nvmlDeviceGetMemoryInfo(handle).used),
            bool(answer_of(nvml, lambda: nvml.nvmlDeviceGetMigMode(handle)[0])),
            answer_of(nvml, lambda: nvml.nvmlDeviceGetTotalEccErrors(handle, UNCORRECTED, SINCE_START)) or 0,
            tuple({process.pid: process.usedGpuMemory for process in processes_on(nvml, handle)}.items()),
        )
    except nvml.NVMLError as error:
        return DoctorGpu(number, error=str(error))


# --- what is said of it -----------------------------------------------------------------------------------


def check(driver: Driver | None, order: Sequence[str] | None = None) -> list[Finding]:
    """`order`: the GPUs that DLTUI_GPUS names, by default that of this process."""
    named = _order() if order is None else order
    if driver is None or driver.error or not driver.gpus:
        return [_no_gpu(driver)]
    findings = [finding for gpu in driver.gpus for finding in _of_gpu(gpu)]
    if driver.usable:
        names = ", ".join(gpu.name for gpu in driver.usable)
        findings.insert(0, Finding("gpu", Severity.OK, f"{names}; NVIDIA driver {driver.version}."))
    return [*findings, *_of_order(named, driver.gpus)]


def _no_gpu(driver: Driver | None) -> Finding:
    on_cpu = "training runs on the CPU"
    if driver is None and has_nvidia_gpu(PCI):
        text = f"There is an NVIDIA GPU, but no driver that answers: {on_cpu}."
        remedy = "Install the NVIDIA driver, or load it (modprobe nvidia); pip install nvidia-ml-py asks it."
        return Finding("gpu", Severity.WARNING, text, remedy)
    if driver is None:
        return Finding("gpu", Severity.NOTE, f"No NVIDIA GPU: {on_cpu} ({cores()} cores).")
    if driver.error:
        text = f"The NVIDIA driver refuses to answer ({driver.error}): {on_cpu}."
        return Finding("gpu", Severity.WARNING, text, _remedy(driver.error))
    text = f"The NVIDIA driver {driver.version} answers but shows no GPU: {on_cpu}."
    return Finding(
        "gpu", Severity.WARNING, text, "Run nvidia-smi; a GPU that fell off the bus needs a reboot."
    )


def has_nvidia_gpu(devices: Path) -> bool:
    """Whether one is plugged in, as the kernel tells without a driver."""
    return any(
        _read_fact(device / "vendor") == NVIDIA and _read_fact(device / "class").startswith(DISPLAY)
        for device in (devices.iterdir() if devices.is_dir() else ())
    )


def _read_fact(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _remedy(error: str) -> str:
    if "permission" in error.lower():
        return "This user may not open /dev/nvidia*: ask the administrator for the group that may."
    if "mismatch" in error.lower():
        return "The driver was updated while the old one is loaded: restart the machine."
    return "Run nvidia-smi, which says the same in more words; dltui engine stop, then start, reads it again."


def _of_gpu(gpu: DoctorGpu) -> list[Finding]:
    what = f"GPU {gpu.number}"
    if gpu.error:
        text = f"{what} does not answer ({gpu.error}): no run is placed on it."
        return [Finding("gpu", Severity.WARNING, text, "Run nvidia-smi; a GPU that is lost needs a reboot.")]
    found = []
    if gpu.is_mig:
        text = f"{what} is cut into instances (MIG): a run gets the first, and its load is not known."
        found.append(Finding("gpu", Severity.NOTE, text, "nvidia-smi -L lists them."))
    if gpu.ecc_errors:
        count = f"{gpu.ecc_errors:,} uncorrected memory error{'' if gpu.ecc_errors == 1 else 's'}"
        text = f"{what} has had {count} since the machine started: what it computed may be wrong."
        remedy = "nvidia-smi -q -d ECC lists them; DLTUI_GPUS names the GPUs to use instead."
        found.append(Finding("gpu", Severity.WARNING, text, remedy))
    return found + _of_memory(what, gpu)


def _of_memory(what: str, gpu: DoctorGpu) -> list[Finding]:
    """Memory that is held by no process that can be seen."""
    gone = [(pid, size or 0) for pid, size in gpu.held if not Path(f"/proc/{pid}").exists()]
    if gone:
        size, pids = sum(size for _, size in gone), ", ".join(str(pid) for pid, _ in gone)
        text = (
            f"{what}: {size / GIB:.1f} GiB are held by process {pids}, which is gone or in another container."
        )
    elif not gpu.held and gpu.used_bytes >= UNEXPLAINED and not gpu.is_mig:
        text = f"{what}: {gpu.used_bytes / GIB:.1f} GiB are in use, and the driver names no process."
    else:
        return []
    remedy = "fuser -v /dev/nvidia* shows who holds it; what a process left is freed by a reset or a reboot."
    return [Finding("gpu", Severity.NOTE, text, remedy)]


def _order() -> tuple[str, ...]:
    return tuple(filter(None, os.environ.get("DLTUI_GPUS", "").split(",")))


def _of_order(order: Sequence[str], gpus: Sequence[DoctorGpu]) -> list[Finding]:
    known = {name for gpu in gpus for name in (str(gpu.number), gpu.uuid)}
    wrong = [name for name in order if name not in known]
    if not wrong:
        return []
    has = ", ".join(f"{gpu.number} ({gpu.uuid})" for gpu in gpus)
    text = f"DLTUI_GPUS names {', '.join(wrong)}; this machine has {has}."
    return [
        Finding("gpu", Severity.WARNING, text, "Set it to numbers or UUIDs of these, and restart the engine.")
    ]
