"""The service's loop over runs: read what changed, start queued runs, conclude orphans, publish changes."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from engine import store
from engine.errors import CorruptRun, EngineError
from engine.machine_protocol import Gpu
from engine.protocol import Cause, CauseKind, Queued, Status
from engine.service.placement import queue
from engine.service.placement.executors import Executor, KeeperStart, LocalExecutor, find_executor
from engine.service.placement.gpus import visible_gpus
from engine.service.placement.machine_monitor import MachineMonitor
from engine.service.placement.queue import ActiveRun, QueuedRun
from engine.service.runs import orphans, read_run_folder, tracked_run
from engine.service.runs.run_registry import RunRegistry
from engine.service.runs.submitted_command_checks import WithheldValues
from engine.service.runs.tracked_run import TrackedRun
from engine.store import ExitFacts

STEP_SECONDS = 0.25
ORPHAN_SECONDS = 2.0
RETRY_SECONDS = 5.0
FLUSH_SECONDS = 1.0
MAX_REMOTE = 64
"""runs on remote executors at once: each has a keeper and a proxy worker here, about 40 MB together"""
_PERMANENT_ERRORS = (
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.ENXIO,
    errno.EEXIST,
    errno.ENOTEMPTY,
    errno.ENODEV,
)
"""a folder, a link or a device in the place of a file: trying again does not help"""
LOCKED = 3
"""exit code of a keeper whose run is locked by another process, see engine.keeper.arguments"""


@dataclass(slots=True)
class RunCycle:
    registry: RunRegistry
    local: LocalExecutor
    machine: MachineMonitor
    orphan_timeout: float = orphans.TIMEOUT
    remote_executors: Mapping[str, Executor] = field(default_factory=dict)
    """executors other than `local`, by the name in the spec"""
    on_settled: Callable[[], None] = lambda: None
    """called after a run has settled"""
    withheld: WithheldValues = field(default_factory=WithheldValues)
    """values of variables of commands that are in no file"""
    _wake_event: asyncio.Event = field(default_factory=asyncio.Event)
    _flushed: float = 0.0
    _next_orphan_check: dict[str, float] = field(default_factory=dict)
    _last_warning: dict[str, str] = field(default_factory=dict)

    def wake(self) -> None:
        """Make the next step at once, because something changed."""
        self._wake_event.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._wait(await self.step())

    async def step(self) -> float:
        """Poll once; returns the seconds until the next step."""
        try:
            return 0.0 if await self.poll() else STEP_SECONDS
        except Exception:
            # Whatever failed, the next step has to come.
            logging.exception("a step of the service failed")
            return RETRY_SECONDS

    async def catch_up(self, seconds: float) -> None:
        """Settle the runs that ended while no service ran, for `seconds` at most."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not all(run.is_unsettled for run in self.registry.unsettled()):
            await self.step()

    async def _wait(self, seconds: float) -> None:
        if seconds:
            try:
                async with asyncio.timeout(seconds):  # wait_for of Python 3.11 can lose a cancellation
                    await self._wake_event.wait()
            except TimeoutError:
                pass  # the next step is due
        else:
            await asyncio.sleep(0)
        self._wake_event.clear()

    async def poll(self) -> bool:
        """Update all unsettled runs and start queued ones; whether there are more events to read at once."""
        busy = False
        self.local.reap()
        for executor in self.remote_executors.values():
            executor.reap()
        for run in self.registry.unsettled():
            busy |= await self._try_update(run)
        if self.machine.gpus_known:
            self.start_queued()
        now = time.monotonic()
        if now - self._flushed >= FLUSH_SECONDS:
            self._flushed = now
            await self.registry.index_thread.flush()
        return busy

    async def _try_update(self, run: TrackedRun) -> bool:
        try:
            return await self._update(run)
        except OSError as error:
            self._warn_once(run, str(error))
        except Exception:
            # An unexpected error of one run must not stop the others.
            logging.exception("run %s cannot be updated", run.id)
        return False

    def _warn_once(self, run: TrackedRun, text: str) -> None:
        """Log `text` unless it was the last warning of that run: a full disk stays full for a while."""
        if self._last_warning.get(run.id) != text:
            self._last_warning[run.id] = text
            logging.warning("run %s: %s", run.id, text)

    async def _update(self, run: TrackedRun) -> bool:
        """Read the files of a run and publish it; whether it may have more events to read."""
        if run.starting:
            run.refresh()
            self._check_start(run, run.starting)
        if isinstance(run.state(), Queued):
            return False
        run.refresh()
        size = read_run_folder.read_new(run)
        await asyncio.sleep(0)
        if run.is_orphan():
            await self._conclude_orphan(run)
        if self.registry.get(run.id) is not run:
            return False
        self._update_machine_facts(run)
        if run.stats.checkpoint_step != run.measured_step:
            run.measure_size()
        if not size and tracked_run.is_settled(run.state()):
            run.all_events_read = True
            self._settle(run)
        else:
            self.registry.publish(run)
        return size >= read_run_folder.CHUNK

    async def _conclude_orphan(self, run: TrackedRun) -> None:
        now = time.monotonic()
        if now < self._next_orphan_check.get(run.id, 0.0):
            return
        if run.refresh() and not run.is_orphan():
            return  # its keeper wrote exit.json just before it exited
        self._next_orphan_check[run.id] = now + ORPHAN_SECONDS
        try:
            if orphans.is_released(run, now, self.orphan_timeout):
                while read_run_folder.read_new(run):
                    await asyncio.sleep(0)
                orphans.conclude(run)
                run.refresh()
        except OSError as error:
            if error.errno not in _PERMANENT_ERRORS:
                raise
            await self._mark_unreadable(run, f"{run.folder.path} cannot be monitored: {error.strerror}")

    async def _mark_unreadable(self, run: TrackedRun, why: str) -> None:
        """List the run as damaged: how it ended cannot be found out, and it uses no resources any more."""
        self._next_orphan_check.pop(run.id, None)
        self.machine.forget(run)
        damage = "; ".join(filter(None, (run.damage, why)))
        await self.registry.mark_damaged(read_run_folder.damaged(self.registry.places, run.id, damage))
        self.wake()
        self.on_settled()

    def _update_machine_facts(self, run: TrackedRun) -> None:
        if not run.device:
            run.device = self.machine.device_of(run)
        if run.orphaned_since is None:
            run.notice = self.machine.stall_of(run)

    def _settle(self, run: TrackedRun) -> None:
        self._next_orphan_check.pop(run.id, None)
        self._last_warning.pop(run.id, None)
        self.machine.forget(run)
        run.notice = ""
        tracked_run.check_end(run)
        run.measure_size()
        logging.info("run %s: %s", run.id, run.summary().status)
        self.registry.settle(run)
        self._flushed = 0.0
        self.wake()
        self.on_settled()

    # --- starting ------------------------------------------------------------------------------------------

    def start_queued(self) -> None:
        """Start queued runs as resources allow, and set the reason of those that wait."""
        now = time.monotonic()
        queued: list[TrackedRun] = []
        active: list[TrackedRun] = []
        remote_queued: list[TrackedRun] = []
        remote_active: list[TrackedRun] = []
        for run in self.registry.unsettled():
            if run.starting or not isinstance(run.state(), Queued):
                (active if run.spec.executor == "local" else remote_active).append(run)
            elif why := self.withheld.why_waiting(run.spec):
                self._set_reason(run.id, why)
            elif now >= run.not_before:
                (queued if run.spec.executor == "local" else remote_queued).append(run)
        self._start_remote(remote_queued, MAX_REMOTE - len(remote_active))
        self._start_local(queued, active)

    def _start_local(self, queued_runs: Sequence[TrackedRun], active_runs: Sequence[TrackedRun]) -> None:
        queued = [_queued_run(run, self.machine.gpus) for run in queued_runs]
        active = [_active_run(run) for run in active_runs]
        self.machine.slots_used = queue.slots_used(active, self.machine.cores)
        self.machine.are_gpus_in_use = any(run.gpu for run in active)
        if not queued:
            return
        plan = queue.plan(queued, active, self.machine.cores, self.machine.free_gpus(active))
        for start in plan.starts:
            self._start(start.id, start.device)
        for run_id, why in plan.reasons.items():
            self._set_reason(run_id, why)

    def _start_remote(self, remote_queued: Sequence[TrackedRun], free_places: int) -> None:
        """Start the runs of remote executors, which use no resources of this machine."""
        for run in sorted(remote_queued, key=lambda run: run.since):
            if free_places > 0:
                self._start(run.id, queue.CPU)
                free_places -= 1
            else:
                self._set_reason(run.id, f"{MAX_REMOTE} runs are elsewhere already")

    def _start(self, run_id: str, device: str) -> None:
        run = self.registry.get(run_id)
        if run is None:
            return
        try:
            executor = find_executor({"local": self.local, **self.remote_executors}, run.spec.executor)
            withheld = self.withheld.of(run.spec)
            run.starting = executor.start(run.folder.path, run.wanted.attempt, device, withheld)
        except (EngineError, CorruptRun) as error:
            self._retry_later(run, error.message)
            return
        except OSError as error:
            self._retry_later(run, f"its keeper cannot be started: {error.strerror or error}")
            return
        run.device, run.why, run.orphaned_since = device, "is being started", None
        self.registry.publish(run)
        self._wake_when_ended(run.starting.pid)

    def _wake_when_ended(self, pid: int) -> None:
        """Make the next step when the keeper ends, so that the next run starts at once."""
        fd = os.pidfd_open(pid)
        loop = asyncio.get_running_loop()

        def ended() -> None:
            loop.remove_reader(fd)
            os.close(fd)
            self.wake()

        loop.add_reader(fd, ended)

    def _set_reason(self, run_id: str, why: str) -> None:
        run = self.registry.get(run_id)
        if run is not None and run.why != why:
            run.why = why
            self.registry.publish(run)

    def _check_start(self, run: TrackedRun, starting: KeeperStart) -> None:
        code = starting.code
        if code is not None:
            run.refresh()
        if run.keeper and run.keeper.attempt >= starting.attempt:
            run.starting, run.why = None, ""
        elif code == LOCKED:
            self._retry_later(run, "another process still holds its run folder")
        elif code is not None:
            self._record_failed_start(run, starting, code)

    def _record_failed_start(self, run: TrackedRun, starting: KeeperStart, code: int) -> None:
        text = f"its keeper left with exit code {code} before it started anything"
        cause = Cause(CauseKind.ERROR, text, f"See {self.local.log}.")
        try:
            store.write_exit(run.folder, ExitFacts(starting.attempt, Status.FAILED, cause, time.time(), code))
        except OSError as error:
            self._retry_later(run, f"its run folder takes no files: {error.strerror or error}")
            return
        run.starting = None
        run.refresh()

    def _retry_later(self, run: TrackedRun, why: str) -> None:
        run.starting, run.why = None, why
        run.not_before = time.monotonic() + RETRY_SECONDS
        self.registry.publish(run)


def _queued_run(run: TrackedRun, gpus: Sequence[Gpu]) -> QueuedRun:
    spec = run.spec
    limit = spec.command.gpus if spec.command else spec.gpus
    allowed = None if limit is None or not gpus else visible_gpus(limit, gpus)
    device = queue.CPU if spec.device == "auto" and spec.trains_on_cpu_alone else spec.device
    return QueuedRun(run.id, spec.name, spec.threads, device, run.since, spec.gpu_share, allowed, limit or "")


def _active_run(run: TrackedRun) -> ActiveRun:
    gpu = "" if run.device in ("", queue.CPU) else run.device
    return ActiveRun(run.id, run.spec.name, run.spec.threads, gpu, run.spec.gpu_share)
