"""A run in memory: the content of its files, its stats, and the facts that only the service has."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TypeVar

from engine import run_status, store
from engine.errors import CorruptRun
from engine.files import FileVersion, version_of
from engine.log_source import LogSource
from engine.metric_goal import goal_of
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
from engine.service.placement.executors import KeeperStart
from engine.service.runs import event_summary as run_stats
from engine.service.runs.event_summary import RunStats
from engine.service.runs.removed_folder import size_of
from engine.service.runs.system_verdict import verdict
from engine.store import Annotations, ExitFacts, KeeperFacts, RunFolder, Wanted
from engine.typed_json import typed

T = TypeVar("T")
HARMLESS_DAMAGES = ("events", "end", "annotations")
"""damages of files that leave the state of the run known"""
_latest = 0.0


@dataclass(slots=True, eq=False)
class TrackedRun:
    folder: RunFolder
    spec: Spec
    stats: RunStats
    annotations: Annotations = field(default_factory=Annotations)
    offset: int = 0
    """bytes of the event file that are folded into the stats"""
    wanted: Wanted = field(default_factory=Wanted)
    keeper: KeeperFacts | None = None
    ended: ExitFacts | None = None
    all_events_read: bool = False
    """whether the attempt has ended and all its events are in the stats"""
    damages: dict[str, str] = field(default_factory=dict)
    """which of its files are damaged, and how: wanted, keeper, exit, events, annotations; `end`: its events
    are cut off"""
    since: float = 0.0
    """when it joined the queue"""
    why: str = ""
    """why it waits in the queue"""
    starting: KeeperStart | None = None
    not_before: float = 0.0
    """on the monotonic clock: the earliest time to try again after a failed start"""
    device: str = ""
    """cpu, or the UUID of the GPU of this attempt"""
    notice: str = ""
    orphaned_since: float | None = None
    """on the monotonic clock"""
    rss: int = 0
    cpu: float = 0.0
    measured_step: int = 0
    """the checkpoint with which the size of the folder was measured last"""
    stamps: dict[str, FileVersion | None] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return self.folder.id

    @property
    def attempt(self) -> int:
        """The number of the attempt that is requested or active."""
        return max(self.wanted.attempt, self.keeper.attempt if self.keeper else 0)

    def state(self) -> State | None:
        """None for an orphan: its keeper has ended without exit.json, or a file of its state is damaged."""
        found = run_status.state_of(self.wanted, self.keeper, self.ended, self.why)
        if self.state_damage and isinstance(found, Queued):
            return None
        return found

    @property
    def damage(self) -> str:
        return "; ".join(self.damages.values())

    @property
    def state_damage(self) -> str:
        """Damage of the files on which the state rests."""
        return "; ".join(text for name, text in self.damages.items() if name not in HARMLESS_DAMAGES)

    def note_damage(self, file: str, text: str) -> None:
        """Log and keep the first damage of a file."""
        if file not in self.damages:
            logging.warning("run %s: %s", self.id, text)
            self.damages[file] = text.replace(f"{self.folder.path}{os.sep}", "")

    def is_orphan(self) -> bool:
        return self.state() is None

    def public_state(self) -> State:
        """The state that clients see: no end before all events are read, and an orphan counts as running."""
        state = self.state()
        if state is None or (is_settled(state) and not self.all_events_read):
            return _unfinished_state(self)
        return state

    @property
    def is_unsettled(self) -> bool:
        return not is_settled(self.state())

    def summary(self) -> RunSummary:
        return summarise(self, self.public_state())

    def tail(self) -> Json:
        return {"offset": self.offset, "digest": run_stats.to_json(self.stats)}

    def refresh(self) -> bool:
        """Read the files that were replaced since the last call; whether there were any."""
        path = self.folder
        replaced = [
            self._was_replaced("wanted", path.wanted),
            self._was_replaced("keeper", path.keeper),
            self._was_replaced("exit", path.exit),
        ]
        if any(replaced):
            self.all_events_read = False
            self._read()
        return any(replaced)

    def _was_replaced(self, name: str, path: Path) -> bool:
        stamp = version_of(path)
        replaced = name not in self.stamps or self.stamps[name] != stamp
        self.stamps[name] = stamp
        return replaced

    def measure_size(self) -> None:
        """Walks through the folder: a few milliseconds."""
        self.measured_step = self.stats.checkpoint_step
        self.stats.disk = size_of(self.folder.path)

    def read_annotations(self) -> None:
        self.annotations = self._read_file("annotations", store.read_annotations) or self.annotations

    def annotate(self, annotations: Annotations, name: str) -> None:
        """Set what is written already; `name` is the one that the run has now."""
        self.annotations, self.spec = annotations, replace(self.spec, name=name)

    def _read(self) -> None:
        self.wanted = self._read_file("wanted", store.read_wanted) or self.wanted
        keeper = self._read_file("keeper", store.read_keeper)
        self.keeper = self.keeper if "keeper" in self.damages else keeper
        self.ended = self._read_file("exit", store.read_exit)
        if self.ended is None and "exit" not in self.damages:
            self.ended = store.imported_exit(self.spec)

    def _read_file(self, name: str, read: Callable[[RunFolder], T]) -> T | None:
        """None, and the damage is noted, where it cannot be read."""
        self.damages.pop(name, None)
        try:
            return read(self.folder)
        except CorruptRun as error:
            self.note_damage(name, error.message)
            return None


_CHOSEN = {"spec", "metrics", "started_at", "attempt", "live", "data_notice", "note"}
_SAME = {one.name for one in fields(RunStats)} & {one.name for one in fields(RunSummary)} - _CHOSEN
"""facts of a summary that are those of the stats"""


def summarise(run: TrackedRun, state: State) -> RunSummary:
    stats = run.stats
    active = status_of(state).is_active
    queued = isinstance(state, Queued)
    same: Json = {name: getattr(stats, name) for name in _SAME}
    spec, system = run.spec, stats.system
    threads = 0 if spec.command is not None or status_of(state) is Status.IMPORTED else spec.threads
    if stats.told_params:
        spec = replace(spec, params={**stats.told_params, **spec.params})
    return RunSummary(
        spec=spec,
        state=state,
        metrics=dict(stats.metrics),
        started_at=stats.started_at if stats.started_at or not run.keeper else run.keeper.started_at,
        attempt=run.keeper.attempt if run.keeper else 0,
        train_seconds=round(stats.training.seconds, 3),
        rate=round(stats.rate, 4) if active else 0.0,
        live=dict(stats.live),
        notice="; ".join(filter(None, (run.notice, _unknown(run.spec), "" if queued else stats.note))),
        rss=run.rss if active else 0,
        cpu=run.cpu if active else 0.0,
        data_notice="" if queued else stats.data_notice,
        damage=run.damage,
        tags=run.annotations.tags,
        note=run.annotations.note,
        verdict=verdict(system.use(threads, is_over=not active)),
        peak_memory=system.peak_memory,
        peak_gpu_memory=system.peak_gpu_memory,
        gpu_use=system.gpu_use,
        gpu_idle=round(system.idle, 1),
        **same,
    )


def _unknown(spec: Spec) -> str:
    names = ", ".join(sorted(spec.unknown))[:200]
    return f"spec.json holds what this dltui does not know and ignores: {names}" if names else ""


def _unfinished_state(run: TrackedRun) -> State:
    keeper = run.keeper
    if keeper is None:
        return Running(run.spec.created_at)
    if keeper.asked == "pause":
        return Pausing(keeper.asked_at)
    return Stopping(keeper.asked_at) if keeper.asked == "stop" else Running(keeper.started_at)


def load(folder: RunFolder, tail: Json | None = None) -> TrackedRun:
    """The run in `folder`; with a `tail` its stats and offset are taken from there. Raises CorruptRun."""
    spec = store.read_spec(folder)
    run = TrackedRun(folder, spec, RunStats(goal_of(spec), spec), since=spec.created_at)
    if tail:
        apply_tail(run, tail)
    run.read_annotations()
    run.refresh()
    wanted = run.stamps["wanted"]
    if wanted:
        run.since = max(run.since, wanted[0] / 1e9)
    run.since = queue_time(run.since)
    if run.ended and run.ended.status is Status.IMPORTED:
        run.notice = _following(store.read_log_source(folder))
    return run


def imported(folder: RunFolder, spec: Spec, annotations: Annotations) -> TrackedRun:
    """A run that was just imported, without any event."""
    run = new(folder, spec)
    run.annotations = annotations
    run.ended, run.all_events_read, run.notice = store.imported_exit(spec), True, _following(spec.log)
    return run


def _following(source: LogSource | None) -> str:
    if source is not None and source.lost:
        return f"no longer followed: {source.lost}"
    if source is None or not source.idle:
        return ""
    return f"followed until nothing new comes for {source.idle:,.0f} s"


def check_end(run: TrackedRun) -> None:
    """Note damage where the events of a settled run are incomplete; all of them have to be read.

    A run that is done, or whose worker paused or stopped it in order, needs the end of its last attempt, one
    that saved a checkpoint at least one event.
    Events that other runs lost at their end in a crash are no damage.
    """
    ended, stats = run.ended, run.stats
    if ended is None or "events" in run.damages:
        return
    has_saved = stats.checkpoint_step > (run.spec.parent.step if run.spec.parent else 0)
    end_was_read = stats.training.since is None and stats.attempt >= ended.attempt
    ended_in_order = ended.status in (Status.PAUSED, Status.STOPPED) and ended.code == 0
    is_cut_off = ended_in_order and stats.training.since is not None
    if is_cut_off or (ended.status is Status.DONE and not end_was_read) or (has_saved and not stats.seq):
        name = run.folder.events.name
        if stats.seq:
            text = f"{name} is cut off at step {stats.step:,}: the end of attempt {ended.attempt} is missing"
        else:
            fault = "empty" if os.path.lexists(run.folder.events) else "missing"
            text = f"{name} is {fault}: its curves are lost"
        run.note_damage("end", text)


def update_checkpoint_step(run: TrackedRun) -> None:
    """Set the step of the newest checkpoint on disk: after a power cut the events may differ.

    The checkpoints of a command are its own files: of them the events tell.
    """
    if run.spec.command is not None:
        return
    from checkpoints.folder import steps  # 10 ms less for the start of the service

    run.stats.checkpoint_step = max(steps(run.folder.checkpoints), default=0)


def apply_tail(run: TrackedRun, tail: Json) -> None:
    """Take stats and offset from `tail`; where it is not valid the events are read from the beginning."""
    try:
        stats = run_stats.from_json(tail["digest"], run.stats.goal, run.spec)
        offset = typed(tail["offset"], int)
        size = os.stat(run.folder.events).st_size
    except (KeyError, TypeError, ValueError, OSError):
        return
    if size >= offset >= 0:
        run.stats, run.offset = stats, offset


def new(folder: RunFolder, spec: Spec) -> TrackedRun:
    return TrackedRun(folder, spec, RunStats(goal_of(spec), spec), since=queue_time())


def queue_time(since: float | None = None) -> float:
    """`since`, or a time later than all that were returned: a clock set back does not change the order."""
    global _latest
    if since is None:
        since = _latest = max(time.time(), _latest + 1e-6)
    else:
        _latest = max(_latest, since)
    return since


def is_settled(state: State | None) -> bool:
    """Whether the run does not change until a request; False for an orphan."""
    if state is None:
        return False
    return status_of(state).is_rest
