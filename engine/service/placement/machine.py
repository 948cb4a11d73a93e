"""This machine under the eyes of the service: what it is doing, what each run takes of it, who stalls."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.protocol import Gpu, Running
from engine.service.placement import stall
from engine.service.placement.gpus import GpuDriver, NoGpus, find_driver
from engine.service.placement.placement import GpuPlacement
from engine.service.placement.processes import CpuRate, use_of
from engine.service.placement.queue import CPU, Gpus, Holding
from engine.service.placement.resources import ResourceMeter
from engine.service.placement.stall import StallWatch
from engine.service.runs.registry import RunRegistry
from engine.service.runs.tracked_run import TrackedRun
from engine.service.server.changes import ChangeFeed

LOOK_SECONDS = 1.0
IDLE_SECONDS = 5.0
"""between two readings while nobody watches and nothing trains"""


@dataclass(slots=True)
class MachineMonitor:
    meter: ResourceMeter
    driver: GpuDriver | None = None
    """found at the first reading where it is not given"""
    gate: GpuPlacement = field(default_factory=GpuPlacement)
    gpus: tuple[Gpu, ...] = ()
    is_known: bool = False
    """no run is placed before it is known which GPUs there are"""
    slots_used: int = 0
    _beats: StallWatch = field(default_factory=StallWatch)
    _pace: CpuRate = field(default_factory=CpuRate)
    _ours: tuple[int, ...] = ()

    @property
    def cores(self) -> int:
        return self.meter.cores

    async def read_gpus(self) -> None:
        """In a thread: a driver may take its time."""
        if self.driver is None:
            self.driver = await asyncio.to_thread(find_driver)
        if not isinstance(self.driver, NoGpus):
            self.gpus = await asyncio.to_thread(self.driver.read, self._ours)
        self.is_known = True

    def measure(self, registry: RunRegistry, board: ChangeFeed) -> None:
        """What the workers use, and the whole machine."""
        now = time.monotonic()
        pids: list[int] = []
        for run in registry.moving():
            worker = run.keeper.worker if run.keeper and not run.starting else None
            if worker is not None and worker.is_alive():
                use = use_of(worker.pid)
                pids += use.pids
                run.rss = use.rss
                run.cpu = round(self._pace.cores(worker.pid, use.seconds, now), 2)
        self._ours = tuple(pids)
        board.measure(self.meter.read(self.slots_used, self.gpus))

    def free_gpus(self, holding: Sequence[Holding]) -> Gpus:
        return self.gate.update(self.gpus, [run.gpu for run in holding if run.gpu])

    def stall_of(self, run: TrackedRun) -> str:
        """A notice when a running run has not moved for long; none is known of any other."""
        if not isinstance(run.state(), Running):
            self._beats.forget(run.id)
            return ""
        silence = self._beats.silence(run.id, run.folder.beat, time.monotonic())
        return stall.notice(silence, run.stats.rate)

    def forget(self, run: TrackedRun) -> None:
        self._beats.forget(run.id)
        if run.keeper and run.keeper.worker:
            self._pace.forget(run.keeper.worker.pid)

    def device_of(self, run: TrackedRun) -> str:
        """The device a keeper that an earlier service started was given: its command line says so."""
        if not run.keeper or not run.keeper.identity.is_alive():
            return CPU
        return device_of_command(Path(f"/proc/{run.keeper.identity.pid}/cmdline"))


def device_of_command(cmdline: Path) -> str:
    try:
        words = [os.fsdecode(word) for word in cmdline.read_bytes().split(b"\0")]
    except OSError:
        return CPU
    return words[words.index("--device") + 1] if "--device" in words[:-1] else CPU
