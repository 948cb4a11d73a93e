"""What holds a run back on its machine, in one line: pure rules on what it used."""

from __future__ import annotations

from dataclasses import dataclass

BUSY_GPU = 70.0
"""percent from which on nothing holds a GPU back"""
ALL_CORES = 0.9
"""share of its processors from which on a run uses all that it may"""
ONE_CORE = (0.9, 1.2)
"""cores in use where one thread is the limit"""
WAITING = 20.0
"""percent of the time that is told as waiting for disks, where most processors are free"""
FULL_MEMORY, FULL_GPU_MEMORY = 92.0, 95.0
"""percent"""
IDLE_SECONDS = 120.0
"""without work for the GPU that are worth a word"""
IDLE_GPU = 5.0
"""percent up to which a GPU is idle"""
IDLE_CORES = 0.05
CROWDED = 90.0
"""percent of all processors from which on a run with few of them waits for others"""


@dataclass(frozen=True, slots=True)
class SystemUse:
    """Means over the last minute of a run that trains, else over all of it; None: not known."""

    cores: float | None = None
    """in use"""
    of: int = 0
    """cores that it may use; 0 where that is not known"""
    cpu: float | None = None
    """percent of them"""
    memory: float | None = None
    disk_wait: float | None = None
    machine: float | None = None
    """percent of all processors of the machine that is in use, by whomever"""
    gpu: float | None = None
    """of all its GPUs, as `gpu_memory`; percent, as all that follow"""
    gpu_memory: float | None = None
    idle: float = 0.0
    """seconds for which the GPU has had no work: now, or at the longest"""
    is_over: bool = False


def verdict(use: SystemUse) -> str:
    """What matters first; empty where nothing was measured."""
    told = [_memory(use), _gpu(use) if use.gpu is not None else _processors(use), _gpu_memory(use)]
    return "; ".join(filter(None, told))


def _memory(use: SystemUse) -> str:
    if use.memory is None or use.memory < FULL_MEMORY:
        return ""
    return f"memory {'was' if use.is_over else 'is'} {use.memory:.0f} % full"


def _gpu_memory(use: SystemUse) -> str:
    full = use.gpu_memory is not None and use.gpu_memory >= FULL_GPU_MEMORY
    return f"GPU memory {use.gpu_memory:.0f} % full" if full else ""


def _gpu(use: SystemUse) -> str:
    assert use.gpu is not None
    is_idle = use.idle >= IDLE_SECONDS
    if is_idle and not use.is_over:
        return f"GPU idle for {_minutes(use.idle)}{_reason(use)}"
    reason = "" if use.gpu >= BUSY_GPU else _reason(use)
    idle = f"; was idle for {_minutes(use.idle)}" if is_idle else ""
    return f"GPU {use.gpu:.0f} %{reason}{idle}"


def _reason(use: SystemUse) -> str:
    """Why the GPU has little to do, as far as the processors tell."""
    if use.cores is None:
        return "" if use.cpu is None else f", CPU {use.cpu:.0f} %"
    if use.cores >= ALL_CORES * use.of:
        return f", waits for data: {_of_cores(use)} busy"
    if _is_crowded_out(use):
        return f", waits for processors that others use: {_of_cores(use)}"
    if _waits_for_disk(use):
        return ", waits for disk"
    if ONE_CORE[0] <= use.cores <= ONE_CORE[1]:
        return f", waits for one core of {use.of}"
    return f", {_of_cores(use)} busy"


def _processors(use: SystemUse) -> str:
    if use.cores is None:
        return "" if use.cpu is None else f"CPU {use.cpu:.0f} %"
    if _is_crowded_out(use):
        return f"{_of_cores(use)}, others use the rest"
    wait = f", waits for disk ({use.disk_wait:.0f} % of the time)" if _waits_for_disk(use) else ""
    return _of_cores(use) + (wait or (", idle" if use.cores < IDLE_CORES else ""))


def _is_crowded_out(use: SystemUse) -> bool:
    """Workers are nice: what others compute goes before."""
    is_full = use.machine is not None and use.machine >= CROWDED
    return is_full and use.cores is not None and IDLE_CORES <= use.cores < ALL_CORES * use.of


def _waits_for_disk(use: SystemUse) -> bool:
    """Others may wait too: only where this run leaves its processors free is it said."""
    waits = use.disk_wait is not None and use.disk_wait >= WAITING
    return waits and use.cores is not None and use.cores < use.of / 2


def _of_cores(use: SystemUse) -> str:
    return f"{use.cores:.1f} of {use.of} {'core' if use.of == 1 else 'cores'}"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
