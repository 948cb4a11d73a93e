"""Monitor this machine: its load, its GPUs, what each worker uses, and runs that have stalled."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine import gpu_readings
from engine.machine_protocol import Gpu
from engine.protocol import Running
from engine.service.placement.gpu_use_meter import GpuUseMeter
from engine.service.placement.gpus import GpuDriver, GpuPlacement, NoGpus, find_driver
from engine.service.placement.machine_load import CpuRate, ProcessTrees, ResourceMeter
from engine.service.placement.queue import CPU, ActiveRun, FreeGpus
from engine.service.runs.run_registry import RunRegistry
from engine.service.runs.tracked_run import TrackedRun
from engine.service.server.changes import ChangeFeed

# --- runs that have made no step for long -----------------------------------------------------------------


LEAST_SECONDS = 60.0
STEPS = 20
"""a stall is the usual time of this many steps without a beat, and at least LEAST_SECONDS"""


@dataclass(slots=True)
class StallWatch:
    """When each beat file last changed, on the monotonic clock: jumps of the wall clock have no effect."""

    _seen: dict[str, tuple[int, float]] = field(default_factory=dict)

    def idle_seconds(self, run_id: str, beat: Path, now: float) -> float:
        """Seconds since the last beat; 0 before the first one, while the framework is loaded."""
        try:
            modified = os.stat(beat).st_mtime_ns
        except OSError:
            self.forget(run_id)
            return 0.0
        last, since = self._seen.get(run_id, (0, now))
        if modified != last:
            self._seen[run_id] = (modified, now)
            return 0.0
        return now - since

    def forget(self, run_id: str) -> None:
        self._seen.pop(run_id, None)


STALLED = "no step for"
"""how the notice of a stall begins"""


def stall_notice(idle_seconds: float, rate: float) -> str:
    """A line for the user, empty without a stall; `rate` in steps a second, 0 where it is not known."""
    limit = max(LEAST_SECONDS, STEPS / rate if rate > 0 else 0.0)
    return f"{STALLED} {idle_seconds:.0f} s" if idle_seconds > limit else ""


# --- this machine -----------------------------------------------------------------------------------------


POLL_SECONDS = 1.0
IDLE_SECONDS = 5.0
"""between two measurements while there is no client and no unsettled run; POLL_SECONDS otherwise"""


@dataclass(slots=True)
class MachineMonitor:
    meter: ResourceMeter
    driver: GpuDriver | None = None
    """None: found at the first reading"""
    gpu_placement: GpuPlacement = field(default_factory=GpuPlacement)
    gpus: tuple[Gpu, ...] = ()
    gpus_known: bool = False
    """whether the GPUs were read; no run is started before"""
    slots_used: int = 0
    are_gpus_in_use: bool = False
    """whether a run has one"""
    _stalls: StallWatch = field(default_factory=StallWatch)
    _cpu_rates: CpuRate = field(default_factory=CpuRate)
    _trees: ProcessTrees = field(default_factory=ProcessTrees)
    _own_pids: tuple[int, ...] = ()
    _gpu_use: GpuUseMeter | None = None
    """None without a driver"""

    @property
    def cores(self) -> int:
        return self.meter.cores

    async def read_gpus(self) -> None:
        """Update `gpus`, in a thread: a driver may be slow."""
        if self.driver is None:
            self.driver = await asyncio.to_thread(find_driver)
        if not isinstance(self.driver, NoGpus):
            self.gpus = await asyncio.to_thread(self.driver.read, self._own_pids)
            self._tell_gpus()
        self.gpus_known = True

    def _tell_gpus(self) -> None:
        if self._gpu_use is None:
            self._gpu_use = GpuUseMeter(self.meter.root / gpu_readings.FILE)
        self._gpu_use.update(self.gpus, time.monotonic(), are_in_use=self.are_gpus_in_use)

    def measure(self, registry: RunRegistry, change_feed: ChangeFeed) -> None:
        """Update memory and CPU of each run's worker, and publish the machine's resources."""
        now = time.monotonic()
        pids: list[int] = []
        for run in registry.unsettled():
            worker = run.keeper.worker if run.keeper and not run.starting else None
            if worker is not None and worker.is_alive():
                use = self._trees.use_of(worker.pid)
                pids += use.pids
                run.rss = use.rss
                run.cpu = round(self._cpu_rates.cores(worker.pid, use.seconds, now), 2)
        self._own_pids = tuple(pids)
        change_feed.publish_resources(self.meter.read(self.slots_used, self.gpus))

    def free_gpus(self, active: Sequence[ActiveRun]) -> FreeGpus:
        return self.gpu_placement.update(self.gpus, [run.gpu for run in active if run.gpu])

    def stall_of(self, run: TrackedRun) -> str:
        """A notice where a running run has made no step for long, else empty."""
        if not isinstance(run.state(), Running):
            self._stalls.forget(run.id)
            return ""
        idle = self._stalls.idle_seconds(run.id, run.folder.beat, time.monotonic())
        return stall_notice(idle, run.stats.rate)

    def forget(self, run: TrackedRun) -> None:
        self._stalls.forget(run.id)
        if run.keeper and run.keeper.worker:
            self._cpu_rates.forget(run.keeper.worker.pid)
            self._trees.forget(run.keeper.worker.pid)

    def device_of(self, run: TrackedRun) -> str:
        """The device of a keeper that an earlier service started, from its command line."""
        if not run.keeper or not run.keeper.identity.is_alive():
            return CPU
        return device_of_command(Path(f"/proc/{run.keeper.identity.pid}/cmdline"))


def device_of_command(cmdline: Path) -> str:
    """The value of --device in /proc/PID/cmdline; cpu where there is none."""
    try:
        arguments = [os.fsdecode(argument) for argument in cmdline.read_bytes().split(b"\0")]
    except OSError:
        return CPU
    return arguments[arguments.index("--device") + 1] if "--device" in arguments[:-1] else CPU
