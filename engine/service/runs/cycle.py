"""The beat of the service: look after every moving run, start those whose turn it is, tell what changed."""

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
from engine.protocol import Cause, CauseKind, Queued, Status
from engine.service.placement import queue
from engine.service.placement.executor import Executor, KeeperStart, named
from engine.service.placement.local_executor import LocalExecutor
from engine.service.placement.machine import MachineMonitor
from engine.service.placement.queue import Holding, Waiting
from engine.service.runs import event_reader, orphans, run_folder, tracked_run
from engine.service.runs.registry import RunRegistry
from engine.service.runs.tracked_run import TrackedRun
from engine.store import ExitFacts

BEAT_SECONDS = 0.25
ADOPT_SECONDS = 2.0
RETRY_SECONDS = 5.0
FLUSH_SECONDS = 1.0
AWAY = 64
"""runs elsewhere at once: each has a keeper and a stand-in here, about 40 MB together"""
_NEVER_MENDED = (
    errno.EISDIR,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.ENXIO,
    errno.EEXIST,
    errno.ENOTEMPTY,
    errno.ENODEV,
)
"""a folder, a link or a device where a file has to be: waiting mends nothing"""
HELD = 3
"""exit code of a keeper that found the run held by another"""


@dataclass(slots=True)
class Cycle:
    registry: RunRegistry
    local: LocalExecutor
    machine: MachineMonitor
    patience: float = orphans.PATIENCE
    elsewhere: Mapping[str, Executor] = field(default_factory=dict)
    """executors beside this machine, by the name that a spec gives"""
    rested: Callable[[], None] = lambda: None
    """called when a run has come to rest"""
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _flushed: float = 0.0
    _adopted: dict[str, float] = field(default_factory=dict)
    _said: dict[str, str] = field(default_factory=dict)

    def wake(self) -> None:
        """Somebody changed something: the next beat comes now."""
        self._woken.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._pause(await self.beat())

    async def beat(self) -> float:
        """One turn, and the seconds until the next one is due."""
        try:
            return 0.0 if await self.turn() else BEAT_SECONDS
        except Exception:
            # Runs depend on the next turn, whatever this one ran into.
            logging.exception("a turn of the service failed")
            return RETRY_SECONDS

    async def catch_up(self, seconds: float) -> None:
        """Tell the ends of runs that ended while no service looked, for as long as `seconds` at most."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not all(run.may_move for run in self.registry.moving()):
            await self.beat()

    async def _pause(self, seconds: float) -> None:
        if seconds:
            try:
                async with asyncio.timeout(seconds):  # wait_for of Python 3.11 can lose a cancellation
                    await self._woken.wait()
            except TimeoutError:
                pass  # the beat
        else:
            await asyncio.sleep(0)
        self._woken.clear()

    async def turn(self) -> bool:
        """Whether there is more to read at once."""
        busy = False
        self.local.reap()
        for executor in self.elsewhere.values():
            executor.reap()
        for run in self.registry.moving():
            busy |= await self._look_after(run)
        if self.machine.is_known:
            self.place()
        now = time.monotonic()
        if now - self._flushed >= FLUSH_SECONDS:
            self._flushed = now
            await self.registry.index_thread.flush()
        return busy

    async def _look_after(self, run: TrackedRun) -> bool:
        try:
            return await self._care(run)
        except OSError as error:
            self._complain(run, str(error))
        except Exception:
            # One odd run must not keep the others waiting.
            logging.exception("run %s cannot be looked after", run.id)
        return False

    def _complain(self, run: TrackedRun, what: str) -> None:
        """Once for each thing: a full disk stays full for a while."""
        if self._said.get(run.id) != what:
            self._said[run.id] = what
            logging.warning("run %s: %s", run.id, what)

    async def _care(self, run: TrackedRun) -> bool:
        if run.starting:
            run.look()
            self._check_start(run, run.starting)
        if isinstance(run.state(), Queued):
            return False
        run.look()
        taken = event_reader.read_on(run)
        await asyncio.sleep(0)
        if run.is_orphan():
            await self._adopt(run)
        if self.registry.get(run.id) is not run:
            return False
        self._watch(run)
        if not taken and tracked_run.is_settled(run.state()):
            run.is_told = True
            self._rest(run)
        else:
            self.registry.post(run)
        return taken >= event_reader.CHUNK

    async def _adopt(self, run: TrackedRun) -> None:
        now = time.monotonic()
        if now < self._adopted.get(run.id, 0.0):
            return
        if run.look() and not run.is_orphan():
            return  # its keeper wrote the end just before it left
        self._adopted[run.id] = now + ADOPT_SECONDS
        try:
            if orphans.has_left(run, now, self.patience):
                while event_reader.read_on(run):
                    await asyncio.sleep(0)
                orphans.conclude(run)
                run.look()
        except OSError as error:
            if error.errno not in _NEVER_MENDED:
                raise
            await self._give_up(run, f"{run.folder.path} cannot be monitored: {error.strerror}")

    async def _give_up(self, run: TrackedRun, why: str) -> None:
        """Nobody can say how it ended: it takes no share of the machine any more."""
        self._adopted.pop(run.id, None)
        self.machine.forget(run)
        damage = "; ".join(filter(None, (run.damage, why)))
        await self.registry.mark_damaged(run_folder.damaged(self.registry.places, run.id, damage))
        self.wake()
        self.rested()

    def _watch(self, run: TrackedRun) -> None:
        if not run.device:
            run.device = self.machine.device_of(run)
        if run.keeperless_since is None:
            run.notice = self.machine.stall_of(run)

    def _rest(self, run: TrackedRun) -> None:
        self._adopted.pop(run.id, None)
        self._said.pop(run.id, None)
        self.machine.forget(run)
        run.notice = ""
        tracked_run.look_for_end(run)
        logging.info("run %s: %s", run.id, run.summary().status)
        self.registry.rest(run)
        self._flushed = 0.0
        self.wake()
        self.rested()

    # --- starting ------------------------------------------------------------------------------------------

    def place(self) -> None:
        """Start those whose turn it is and tell the others why they wait."""
        now = time.monotonic()
        waiting: list[TrackedRun] = []
        holding: list[TrackedRun] = []
        leaving: list[TrackedRun] = []
        away: list[TrackedRun] = []
        for run in self.registry.moving():
            if run.starting or not isinstance(run.state(), Queued):
                (holding if run.spec.executor == "local" else away).append(run)
            elif now >= run.not_before:
                (waiting if run.spec.executor == "local" else leaving).append(run)
        self._send_away(leaving, AWAY - len(away))
        self._place_here(waiting, holding)

    def _place_here(self, queued: Sequence[TrackedRun], at_work: Sequence[TrackedRun]) -> None:
        waiting, holding = [_waiting(run) for run in queued], [_holding(run) for run in at_work]
        self.machine.slots_used = queue.used(holding, self.machine.cores)
        if not waiting:
            return
        plan = queue.plan(waiting, holding, self.machine.cores, self.machine.free_gpus(holding))
        for start in plan.starts:
            self._start(start.id, start.device)
        for run_id, why in plan.reasons.items():
            self._say_why(run_id, why)

    def _send_away(self, leaving: Sequence[TrackedRun], room: int) -> None:
        """They take no share of this machine; their executor decides where and when they train."""
        for run in sorted(leaving, key=lambda run: run.since):
            if room > 0:
                self._start(run.id, queue.CPU)
                room -= 1
            else:
                self._say_why(run.id, f"{AWAY} runs are elsewhere already")

    def _start(self, run_id: str, device: str) -> None:
        run = self.registry.get(run_id)
        if run is None:
            return
        try:
            executor = named({"local": self.local, **self.elsewhere}, run.spec.executor)
            run.starting = executor.start(run.folder.path, run.wanted.attempt, device)
        except (EngineError, CorruptRun) as error:
            self._retry_later(run, error.message)
            return
        except OSError as error:
            self._retry_later(run, f"its keeper cannot be started: {error.strerror or error}")
            return
        run.device, run.why, run.keeperless_since = device, "is being started", None
        self.registry.post(run)
        self._wake_when_ended(run.starting.pid)

    def _wake_when_ended(self, pid: int) -> None:
        """The next run starts at once, not with the next beat."""
        fd = os.pidfd_open(pid)
        loop = asyncio.get_running_loop()

        def ended() -> None:
            loop.remove_reader(fd)
            os.close(fd)
            self.wake()

        loop.add_reader(fd, ended)

    def _say_why(self, run_id: str, why: str) -> None:
        run = self.registry.get(run_id)
        if run is not None and run.why != why:
            run.why = why
            self.registry.post(run)

    def _check_start(self, run: TrackedRun, starting: KeeperStart) -> None:
        code = starting.code
        if code is not None:
            run.look()
        if run.keeper and run.keeper.attempt >= starting.attempt:
            run.starting, run.why = None, ""
        elif code == HELD:
            self._retry_later(run, "another process still holds its run folder")
        elif code is not None:
            self._never_started(run, starting, code)

    def _never_started(self, run: TrackedRun, starting: KeeperStart, code: int) -> None:
        text = f"its keeper left with exit code {code} before it started anything"
        cause = Cause(CauseKind.ERROR, text, f"See {self.local.log}.")
        try:
            store.write_exit(run.folder, ExitFacts(starting.attempt, Status.FAILED, cause, time.time(), code))
        except OSError as error:
            self._retry_later(run, f"its run folder takes no files: {error.strerror or error}")
            return
        run.starting = None
        run.look()

    def _retry_later(self, run: TrackedRun, why: str) -> None:
        run.starting, run.why = None, why
        run.not_before = time.monotonic() + RETRY_SECONDS
        self.registry.post(run)


def _waiting(run: TrackedRun) -> Waiting:
    spec = run.spec
    return Waiting(run.id, spec.name, spec.threads, spec.device, run.since, spec.gpu_share)


def _holding(run: TrackedRun) -> Holding:
    gpu = "" if run.device in ("", queue.CPU) else run.device
    return Holding(run.id, run.spec.name, run.spec.threads, gpu, run.spec.gpu_share)
