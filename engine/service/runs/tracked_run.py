"""A run that may still move: its files, its digest, and what the service itself knows of it."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from engine import run_status, store
from engine.errors import CorruptRun
from engine.protocol import (
    Json,
    Pausing,
    Queued,
    Running,
    RunSummary,
    Spec,
    State,
    Status,
    Stopping,
    status_of,
)
from engine.service.placement.executor import KeeperStart
from engine.service.runs import stats as digests
from engine.service.runs.stats import RunStats
from engine.store import ExitFacts, KeeperFacts, RunFolder, Wanted
from engine.typed_json import typed

T = TypeVar("T")
Stamp = tuple[int, int, int]
OF_EVENTS = ("events", "end")
"""damages that say nothing of how the run stands"""
_latest = 0.0


@dataclass(slots=True, eq=False)
class TrackedRun:
    folder: RunFolder
    spec: Spec
    stats: RunStats
    offset: int = 0
    """bytes of the event file that the digest holds"""
    wanted: Wanted = field(default_factory=Wanted)
    keeper: KeeperFacts | None = None
    ended: ExitFacts | None = None
    is_told: bool = False
    """the digest holds every event of an attempt that has ended"""
    damages: dict[str, str] = field(default_factory=dict)
    """which of its files are damaged, and how: wanted, keeper, exit, events; `end`: its events are cut off"""
    since: float = 0.0
    """when it joined the queue"""
    why: str = ""
    starting: KeeperStart | None = None
    not_before: float = 0.0
    """on the monotonic clock: when a start that failed may be tried again"""
    device: str = ""
    """cpu, or the UUID of the GPU that this attempt is on"""
    notice: str = ""
    keeperless_since: float | None = None
    """on the monotonic clock"""
    rss: int = 0
    cpu: float = 0.0
    stamps: dict[str, Stamp | None] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.folder.id

    @property
    def attempt(self) -> int:
        """The one that is wanted or at work."""
        return max(self.wanted.attempt, self.keeper.attempt if self.keeper else 0)

    def state(self) -> State | None:
        """None when nobody keeps the run and nobody said how it ended."""
        found = run_status.state_of(self.wanted, self.keeper, self.ended, self.why)
        if self.paper_damage and isinstance(found, Queued):
            return None
        return found

    @property
    def damage(self) -> str:
        return "; ".join(self.damages.values())

    @property
    def paper_damage(self) -> str:
        """Damage that leaves open how the run stands."""
        return "; ".join(text for name, text in self.damages.items() if name not in OF_EVENTS)

    def note_damage(self, file: str, text: str) -> None:
        """Said once: a file may have many odd lines."""
        if file not in self.damages:
            logging.warning("run %s: %s", self.id, text)
            self.damages[file] = text.replace(f"{self.folder.path}{os.sep}", "")

    def is_orphan(self) -> bool:
        return self.state() is None

    def shown(self) -> State:
        """What others may know: no end before all events are told, and an orphan still runs."""
        state = self.state()
        if state is None or (is_settled(state) and not self.is_told):
            return _at_work(self)
        return state

    @property
    def may_move(self) -> bool:
        return not is_settled(self.state())

    def summary(self) -> RunSummary:
        return summarise(self, self.shown())

    def tail(self) -> Json:
        return {"offset": self.offset, "digest": digests.to_json(self.stats)}

    def look(self) -> bool:
        """Read again those files that were replaced since; whether any was."""
        path = self.folder
        moved = [
            self._moved("wanted", path.wanted),
            self._moved("keeper", path.keeper),
            self._moved("exit", path.exit),
        ]
        if any(moved):
            self.is_told = False
            self._read()
        return any(moved)

    def _moved(self, name: str, path: Path) -> bool:
        stamp = _stamp(path)
        moved = name not in self.stamps or self.stamps[name] != stamp
        self.stamps[name] = stamp
        return moved

    def _read(self) -> None:
        self.wanted = self._paper("wanted", store.read_wanted) or self.wanted
        keeper = self._paper("keeper", store.read_keeper)
        self.keeper = self.keeper if "keeper" in self.damages else keeper
        self.ended = self._paper("exit", store.read_exit)

    def _paper(self, name: str, read: Callable[[RunFolder], T]) -> T | None:
        """None, and a damage, where it cannot be read."""
        self.damages.pop(name, None)
        try:
            return read(self.folder)
        except CorruptRun as error:
            self.note_damage(name, error.message)
            return None


def summarise(run: TrackedRun, state: State) -> RunSummary:
    stats = run.stats
    active = status_of(state).is_active
    queued = isinstance(state, Queued)
    return RunSummary(
        spec=run.spec,
        state=state,
        step=stats.step,
        total_steps=stats.total_steps,
        metrics=dict(stats.metrics),
        best=stats.best,
        device=stats.device,
        started_at=stats.started_at if stats.started_at or not run.keeper else run.keeper.started_at,
        attempt=run.keeper.attempt if run.keeper else 0,
        train_seconds=round(stats.train_seconds, 3),
        rate=round(stats.rate, 4) if active else 0.0,
        live=dict(stats.live),
        checkpoint_step=stats.checkpoint_step,
        notice="; ".join(filter(None, (run.notice, _unknown(run.spec), "" if queued else stats.note))),
        rss=run.rss if active else 0,
        cpu=run.cpu if active else 0.0,
        data_title=stats.data_title,
        data_fingerprint=stats.data_fingerprint,
        data_notice="" if queued else stats.data_notice,
        damage=run.damage,
    )


def _unknown(spec: Spec) -> str:
    names = ", ".join(sorted(spec.unknown))[:200]
    return f"spec.json holds what this dltui does not know and ignores: {names}" if names else ""


def _at_work(run: TrackedRun) -> State:
    keeper = run.keeper
    if keeper is None:
        return Running(run.spec.created_at)
    if keeper.asked == "pause":
        return Pausing(keeper.asked_at)
    return Stopping(keeper.asked_at) if keeper.asked == "stop" else Running(keeper.started_at)


def load(folder: RunFolder, tail: Json | None = None) -> TrackedRun:
    """The run in `folder`; with a `tail` its events are read on from there. Raises CorruptRun."""
    spec = store.read_spec(folder)
    run = TrackedRun(folder, spec, RunStats(digests.goal_of(spec.experiment), spec), since=spec.created_at)
    if tail:
        take_tail(run, tail)
    run.look()
    wanted = run.stamps["wanted"]
    if wanted:
        run.since = max(run.since, wanted[0] / 1e9)
    run.since = queue_time(run.since)
    return run


def look_for_end(run: TrackedRun) -> None:
    """Of a run that rests and whose events were all read: they reach the end of a run that is done, and are
    not gone where it has a checkpoint. What a crash cost the end of another one is no damage.
    """
    ended, stats = run.ended, run.stats
    if ended is None or "events" in run.damages:
        return
    is_told = stats.since is None and stats.attempt >= ended.attempt
    if (ended.status is Status.DONE and not is_told) or (stats.checkpoint_step and not stats.seq):
        name = run.folder.events.name
        if stats.seq:
            words = f"{name} is cut off at step {stats.step:,}: the end of attempt {ended.attempt} is missing"
        else:
            gone = "empty" if os.path.lexists(run.folder.events) else "missing"
            words = f"{name} is {gone}: its curves are lost"
        run.note_damage("end", words)


def look_for_checkpoints(run: TrackedRun) -> None:
    """Of a run that rests: what is on disk counts, whatever a power cut left of the events."""
    from checkpoints.folder import steps  # 10 ms that the start of the service need not take

    run.stats.checkpoint_step = max(steps(run.folder.checkpoints), default=0)


def take_tail(run: TrackedRun, tail: Json) -> None:
    """A tail that cannot be used only means that the events are read from their beginning."""
    try:
        stats = digests.from_json(tail["digest"], run.stats.goal, run.spec)
        offset = typed(tail["offset"], int)
        size = os.stat(run.folder.events).st_size
    except (KeyError, TypeError, ValueError, OSError):
        return
    if size >= offset >= 0:
        run.stats, run.offset = stats, offset


def new(folder: RunFolder, spec: Spec) -> TrackedRun:
    return TrackedRun(folder, spec, RunStats(digests.goal_of(spec.experiment), spec), since=queue_time())


def queue_time(since: float | None = None) -> float:
    """`since`, or a moment behind all that was given out: a clock set back puts nobody in front."""
    global _latest
    if since is None:
        since = _latest = max(time.time(), _latest + 1e-6)
    else:
        _latest = max(_latest, since)
    return since


def is_settled(state: State | None) -> bool:
    """Nothing will move until somebody asks for it."""
    if state is None:
        return False
    return status_of(state).is_rest


def _stamp(path: Path) -> Stamp | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
