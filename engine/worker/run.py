"""`Run`, the interface of a training loop to the engine: log, checkpoint, should_stop, set."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from checkpoints.errors import MismatchedCheckpoint, SaveFailed
from checkpoints.folder import CheckpointInfo, Verified
from engine import files, spec_versions
from engine.best_checkpoint import SavedValue
from engine.errors import DataError, Diverged, ParamError
from engine.metric_goal import goal_of
from engine.params import ParamSet, declared, parse_value
from engine.places import Places
from engine.protocol import Json, ParentCheckpoint, Spec
from engine.spec_versions import VERSION
from engine.store import RunFolder
from engine.worker import event_log
from engine.worker.checkpoint import CheckpointMetadata, Checkpoints, TrainingState
from engine.worker.device import Device
from engine.worker.end_status import StopReason
from engine.worker.event_log import EventLog
from engine.worker.keeper_pipe import KeeperPipe
from engine.worker.param_changes import NEVER, ParamChange, read_changes
from engine.worker.sketches import Parts, SketchSchedule, sketch_to_json
from engine.worker.system_sampler import SystemSampler, gpus_of, seconds_between
from engine.worker.training_parts import state_of

if TYPE_CHECKING:
    from engine.worker.batches import Batch

POLL_SECONDS = 0.02
"""between two polls of the keeper's pipe"""
UNREAD_SECONDS = 0.5
"""behind the last poll, after which metrics are written all the same"""
HEARTBEAT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """Number of this start of the run, and the resume mode: strict (bit for bit) or fast."""

    number: int = 1
    mode: str = "strict"


class Run:
    """One attempt at a run, passed to its experiment. A training loop is

        for step in steps((network, optimizer), 1000):
            ...  # one update
            log(step, loss=loss)

    What is saved is a TrainingState, or the parts of which `state_of` in `training_parts` makes one. It is
    short for

        last = total(1000)
        for step in range(restore(state) + 1, last + 1):
            ...  # one update
            log(step, loss=loss)
            checkpoint(step)
            if should_stop:
                break

    `step` counts completed updates. Once `should_stop` is true the loop has to end without another update.
    """

    def __init__(
        self,
        folder: RunFolder,
        spec: Spec,
        params: Any,
        machine: Device,
        event_log: EventLog,
        pipe: KeeperPipe,
        attempt: Attempt = Attempt(),
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.seed, self.threads, self.device = spec.seed, machine.threads, machine.device
        self.places = Places(folder.path.parent.parent)
        self.step = 0
        self._stop_request: StopReason | None = None
        self.prune_reason = ""
        """why the run is pruned; empty if it is not"""
        self._is_stopping = False
        self._folder, self._machine, self._attempt, self._spec = folder, machine, attempt, spec
        self._event_log, self._pipe = event_log, pipe
        self._live = LiveParams(params)
        self._checkpoints = Checkpoints(
            folder,
            self._acknowledge,
            goal=goal_of(spec),
            begins_at=spec.parent.step if spec.parent else -1,
        )
        self._state: TrainingState | None = None
        self._pinned: dict[str, str] = {}
        self._data: dict[str, str] = {}
        self._total, self._epoch_steps, self._best_step = 0, 0, 0
        self._valued: SavedValue | None = None
        """the newest value of the metric of the experiment"""
        self._has_value_each_time = True
        """that metric was logged for the step before, too"""
        self._notice, self._is_started = "", False
        self.has_begun_from_parent = False
        """`restore` has restored the checkpoint of another run: what ends this one starts anew"""
        self._repeated: set[str] = set()
        """metrics for which no further warning about repeated steps is logged"""
        self._poll_seconds, self._poll_at, self._heartbeat_at = poll_seconds, 0.0, 0.0
        self._unread_at = time.monotonic() + UNREAD_SECONDS
        """from when on `log` writes, unless should_stop is read"""
        self._sketch_schedule = SketchSchedule()
        self._system = SystemSampler(
            os.getpid(), self.places.root, gpus_of(os.environ), seconds=seconds_between(os.environ)
        )
        self._is_save_failure_noted = False
        """the newest note is that a checkpoint could not be saved"""

    # --- the loop, in short ---------------------------------------------------------------------------------

    def steps(self, state: object, last: int, *, epoch: int = 0) -> Iterator[int]:
        """The updates from the newest checkpoint on, up to `last`; `epoch`: updates per epoch.

        After each of them a checkpoint is saved when one is due. Ends early where the run is to stop.
        """
        self.total(last, epoch=epoch)
        for step in range(self.restore(state) + 1, last + 1):
            yield step
            self.checkpoint(step)
            if self.should_stop:
                return

    def batches(self, state: object, examples: int, size: int, epochs: int) -> Iterator[Batch]:
        """As `steps`, for `epochs` passes over so many examples, shuffled by the seed. Raises ParamError."""
        from engine.worker.batches import BatchOrder  # needs NumPy

        batches = BatchOrder(self.seed, examples, size)
        for step in self.steps(state, epochs * batches.per_epoch, epoch=batches.per_epoch):
            yield batches.batch(step)

    # --- before the loop ------------------------------------------------------------------------------------

    def total(self, steps: int, *, epoch: int = 0) -> int:
        """Set the number of updates, and of updates per epoch where all have as many; returns `steps`."""
        self._total, self._epoch_steps = steps, epoch
        return steps

    def pin(self, **facts: str) -> None:
        """Record facts that an exact resume depends on beside the state, such as the fingerprint of the data.

        To be called before anything is saved. Raises MismatchedCheckpoint if `data` differ from those of
        the checkpoint.
        """
        before = self._checkpoints.recorded() if "data" in facts else CheckpointMetadata()
        recorded = before.pinned.get("data", "")
        if recorded and recorded != facts["data"]:
            before_text, now = f"data {recorded[:12]}", f"data {facts['data'][:12]}"
            if self._is_read_differently(before, facts["data"]):
                raise self._reading_mismatch(before, before_text, now)
            raise self._data_mismatch(before_text, now)
        self._pinned |= facts

    def recorded(self, name: str) -> str | None:
        """The fact pinned under that name in the newest checkpoint, be it of the run that this one begins
        with; None without one."""
        found = self._checkpoints.of_parent() or self._checkpoints.recorded()
        return found.pinned.get(name)

    def trains_on(self, title: str, fingerprint: str) -> None:
        """Record the title of the data and the SHA-256 of their bytes.

        To be called before anything is saved. Raises MismatchedCheckpoint if the data differ from those of
        the checkpoint, DataError on a node of a cluster if they differ from those the user named.
        """
        found, known = f"{title} ({fingerprint[:12]})", self._checkpoints.recorded().data
        if known and known["fingerprint"] != fingerprint:
            raise self._data_mismatch(f"{known['title']} ({known['fingerprint'][:12]})", found)
        expected, _, name = os.environ.get("DLTUI_EXPECTED_DATA", "").partition(" ")
        if expected and expected != fingerprint:
            raise DataError(
                f"{socket.gethostname()} has {found}, expected {name} ({expected[:12]}), as its user named.",
                "Put the same data on every node, or ask for the run with DLTUI_DATA unset.",
            )
        self._data = {"title": title, "fingerprint": fingerprint}
        begun = self._checkpoints.of_parent()
        if begun is not None and begun.data.get("fingerprint", fingerprint) != fingerprint:
            self.note(f"It begins with weights trained on {begun.data.get('title')}, and trains on {title}.")

    def notice(self, text: str) -> None:
        """Set the text shown to the user for as long as this run trains."""
        self._notice = text

    def restore(self, parts: object) -> int:
        """Restore the newest intact checkpoint; returns the number of updates done, 0 without one.

        That of a run that this one begins with (`run --begin`) counts its updates on: then
        `has_begun_from_parent` is set. To be called after `total`, `pin` and `notice`. Raises
        MismatchedCheckpoint, and ParamError where the parameters do not fit the checkpoint to begin with.
        """
        state = self._state = state_of(parts)
        self.log_started()
        verified, damaged = self._checkpoints.newest()
        for text in damaged:
            self.note(text, severity="warning")
        facts = CheckpointMetadata()
        if verified is not None and self._checkpoints.is_own(verified.manifest):
            strict = self._attempt.mode != "fast"
            facts = self._checkpoints.restore(verified, state, self._pinned, strict=strict)
            self.step, self._best_step = verified.manifest.step, facts.best_step
            self._checkpoints.go_back(self.step)
        elif self._spec.parent is not None:
            self._begin(verified, state, self._spec.parent)
        if self._event_log.is_resumed or self.has_begun_from_parent:
            self._live.restore(
                self.step, self._live_values(facts), read_changes(self._folder.events, self._spec)
            )
            last_steps = {**facts.last_steps, **event_log.metrics_at(self._folder.events, self.step)}
            # An attempt that resumes at the last step logs its final metrics again.
            self._repeated |= {name for name, step in last_steps.items() if step == self.step}
            if self._event_log.is_resumed:
                self._event_log.restart(self.step, facts.counts, last_steps)
            self._event_log.event("restored", step=self.step)
            self._replay()
        return self.step

    def _begin(self, verified: Verified | None, state: TrainingState, parent: ParentCheckpoint) -> None:
        """Begin with the checkpoint of another run; live values and best values are those of this run.

        With the seed of that run random generators go on, with another seed they stay as it seeded them.
        """
        if verified is None:
            raise MismatchedCheckpoint(
                f"None of its checkpoints can be read, nor that of {parent.short}, with which it began.",
                "Start a new run.",
            )
        step = verified.manifest.step
        if 0 < self._total <= step:
            raise ParamError(
                f"It would end after step {self._total:,}, and begins at step {step:,}: nothing is left to "
                "train.",
                "Set more epochs or steps, or begin at an earlier step.",
            )
        try:
            self._checkpoints.begin(verified, state, keeps_random=parent.seed == self.seed)
        except MismatchedCheckpoint as error:
            raise ParamError(
                f"It cannot begin with {parent.short}: {error.message}",
                f"Give it the parameters that shape the network: dltui compare {parent.run} {self._spec.id}",
            ) from error
        self.step, self.has_begun_from_parent = step, True
        print(f"Begins with the checkpoint {parent.whole}, after {step:,} updates.", flush=True)

    def _live_values(self, facts: CheckpointMetadata) -> Mapping[str, float | None]:
        """The live values of a checkpoint, in the current spec version."""
        if facts.version >= VERSION:
            return facts.live
        experiment, submitted = self._spec.experiment, self._spec.params
        return {
            name: spec_versions.upgrade_live(experiment, submitted, name, value)
            for name, value in facts.live.items()
        }

    # --- in the loop ----------------------------------------------------------------------------------------

    @property
    def set(self) -> Mapping[str, float | None]:
        """The current value of each live hyper-parameter."""
        return self._live.values

    def set_history(self, name: str) -> tuple[float | None, ...]:
        """All values that a live hyper-parameter was set to up to this step, in order."""
        return tuple(change.value for change in self._live.applied if change.name == name)

    def log(self, step: int, **values: float) -> None:
        """Log metrics. Raises Diverged for a loss that is not finite, after it was logged.

        The steps of a metric increase and the first value of a step is kept, in events, CSV and TensorBoard.
        A later value for the same or an earlier step is dropped with one warning per metric; there is no
        warning at the step where this attempt resumed, which an earlier one may have logged.
        """
        self.step = step
        for name, value in values.items():
            value = float(value)
            if not self._event_log.metrics.add(step, name, value):
                self._warn_repeated(name, step)
            elif name == self._checkpoints.goal.metric:
                self._valued = SavedValue(step, value)
            if not isfinite(value) and name.endswith("loss"):
                saved = self._checkpoints.saved_step
                kept = f"; its last good checkpoint is of step {saved}." if saved else "."
                remedy = f"Start it again with a smaller learning rate{kept}"
                raise Diverged(f"{name} became {value} at step {step}.", remedy)
        now = time.monotonic()
        if now >= self._unread_at:  # a loop that does not read should_stop
            self._write(now)

    def checkpoint(self, step: int, *, is_best: bool = False) -> None:
        """To be called after each update: saves when a checkpoint is due. Raises NotFinite for such a weight.

        A value of the experiment's metric that is not logged at each step, such as that of a validation,
        makes one due earlier where it is the best so far; the checkpoint with the best value is kept.
        `is_best`: these weights are the best so far. They are saved at once, kept until better ones are
        saved, and used for inference. A save that fails is logged as a note and retried later.
        """
        self.step = step
        before = self._best_step
        if is_best:
            self._best_step = step
        if is_best or time.monotonic() >= self._due_at():
            try:
                self.save()
            except SaveFailed as error:
                self._best_step = before
                self.note(str(error), severity="danger")
                self._is_save_failure_noted = True

    def _due_at(self) -> float:
        """When a checkpoint of this step is due, on the monotonic clock."""
        value, had_value = self._value(), self._has_value_each_time
        self._has_value_each_time = value is not None
        is_early = value is not None and not had_value and self._checkpoints.is_best(value)
        return self._checkpoints.best_due_at if is_early else self._checkpoints.due_at

    def _value(self) -> float | None:
        """The value of the experiment's metric that was logged for this step; None without one."""
        found = self._valued
        return found.value if found is not None and found.step == self.step else None

    def best(self) -> tuple[int, bytes] | None:
        """Step and model.safetensors of the best weights kept; None without them."""
        model = self._checkpoints.model_of(self._best_step) if self._best_step else None
        return None if model is None else (self._best_step, model)

    @property
    def should_stop(self) -> bool:
        """To be read after `checkpoint`, once per update: commands from the user are handled here."""
        if self.step >= self._live.next_step:
            self._replay()
        now = time.monotonic()
        if now >= self._poll_at:
            self._poll_at = now + self._poll_seconds
            self._poll(now)
        if self._stop_request is not None and not self._is_stopping:
            self._receive()  # a signal may arrive before the command that gives the reason
            self._is_stopping = True
        return self._is_stopping

    def note(self, text: str, *, severity: str = "note") -> None:
        """Log a note for the user; severity is note, warning, danger, or ok (a problem is over)."""
        self._is_save_failure_noted = False
        self._event_log.note(text, severity)

    def image(self, tag: str, pixels: Sequence[Sequence[float]] | bytes) -> None:
        """Log an image at the current step: rows of numbers, the smallest black, the largest white, which
        TensorBoard gets too, or the bytes of a PNG or JPEG file. What is no image is said in a note."""
        self._event_log.image(tag, self.step, pixels)

    def sketch(self, step: int, parts: Parts, *, at_once: bool = False) -> None:
        """Log a live picture: `parts` returns named nested lists of numbers (16,384 at most).

        To be called after any update; `parts` is called only when a sketch is due, or if `at_once`. It must
        not draw from a random generator that the training uses. Raises SketchTooLarge.
        """
        now = time.monotonic()
        if at_once or self._sketch_schedule.is_due(now):
            self._sketch_schedule.record(now, self._event_log.sketch(step, sketch_to_json(parts())))

    def text(self, tag: str, content: str) -> None:
        """Log a text at the current step; TensorBoard gets it too."""
        self._event_log.text(tag, self.step, content)

    def table(self, tag: str, columns: Sequence[object], rows: Sequence[Sequence[object]]) -> None:
        """Log a table at the current step, 1,000 rows and 100 columns at most; TensorBoard does not get it.

        A cell is a number, a text, true, false or None. What is no such table is said in a note.
        """
        self._event_log.media.table(tag, self.step, columns, rows)

    def histogram(self, tag: str, values: Any) -> None:
        """Log the distribution of an array or tensor of numbers at the current step, in 64 buckets.

        Values that are not finite are left out. TensorBoard does not get it.
        """
        from engine.worker.histogram import buckets_of  # needs NumPy

        try:
            buckets = buckets_of(values)
        except (ValueError, TypeError) as error:
            self._event_log.media.refuse("histogram", tag, f"expected numbers ({error})")
        else:
            self._event_log.media.histogram(tag, self.step, buckets)

    def keep(self, name: str, data: bytes) -> None:
        """Write a file in the run folder, replaced atomically. Raises OSError."""
        files.write_bytes(self._folder.path / name, data)

    def kept(self, name: str) -> bytes | None:
        """The bytes that `keep` wrote under that name in this attempt or an earlier one, or None."""
        path = self._folder.path / name
        return path.read_bytes() if path.exists() else None

    # --- around the loop ------------------------------------------------------------------------------------

    def request_stop(self, reason: StopReason) -> None:
        """Request that the loop stops; an earlier request of higher precedence stays."""
        ranks = list(StopReason)
        if self._stop_request is None or ranks.index(reason) > ranks.index(self._stop_request):
            self._stop_request = reason

    @property
    def total_steps(self) -> int:
        """The planned updates; 0 if the experiment has not set them."""
        return self._total

    @property
    def stop_reason(self) -> StopReason | None:
        """Why the loop stopped early; None if it reached its own end."""
        return self._stop_request if self._is_stopping and self.step < self._total else None

    @property
    def saved_step(self) -> int:
        """Step of the newest checkpoint that this attempt wrote or restored; 0 for none."""
        return self._checkpoints.saved_step or 0

    def save(self, *, is_last: bool = False) -> None:
        """Save a checkpoint of the current step unless there is one. Raises SaveFailed and NotFinite.

        The events up to it are flushed to stable storage first. The last one may use the reserved space.
        """
        if self._state is None or self._checkpoints.saved_step == self.step:
            return
        self._event_log.flush(include_bucket=True)
        try:
            self._event_log.sync()
        except OSError as error:
            cause = f"its events cannot be written: {error.strerror or error}"
            raise SaveFailed(self._folder.events, self.step, cause, None) from error
        logged = self._event_log.metrics
        facts = CheckpointMetadata(
            dict(self._live.values), logged.counts(), self._pinned, logged.last_steps(), self._epoch_steps,
            self._best_step, self._data, value=self._value(),
        )  # fmt: skip
        leftover = self._checkpoints.save(self.step, self._state, facts, is_last=is_last)
        if self._is_save_failure_noted:
            self.note(f"Step {self.step} was saved: disk space is available again.", severity="ok")
        self._event_log.write_tensorboard()
        if leftover:
            self.note(leftover, severity="warning")

    def log_started(self) -> None:
        """Log the `started` event, once."""
        if self._is_started:
            return
        self._is_started = True
        machine, attempt = self._machine, self._attempt
        self._event_log.event(
            "started", attempt=attempt.number, mode=attempt.mode, pid=os.getpid(), device=machine.name,
            threads=machine.threads, total_steps=self._total, notice=self._notice, versions=machine.versions,
            pinned=dict(self._pinned), data=dict(self._data),
        )  # fmt: skip
        self._touch_heartbeat(time.monotonic())

    def _data_mismatch(self, before: str, now: str) -> MismatchedCheckpoint:
        folder = f"data folder: {self.places.data or 'none named'}"
        return MismatchedCheckpoint(
            f"It was trained on {before}; what is found now is {now}.",
            f"Restore the data it was trained on ({folder}), or start a new run.",
        )

    def _is_read_differently(self, before: CheckpointMetadata, pinned: str) -> bool:
        """The bytes of the data are the same, or were not recorded; only how they are read has changed."""
        known, now = before.data.get("fingerprint", ""), self._data.get("fingerprint", "")
        return bool(now) and now != pinned and known in ("", now)

    def _reading_mismatch(self, before: CheckpointMetadata, then: str, now: str) -> MismatchedCheckpoint:
        title = self._data["title"]
        if before.data:
            what = f"{title} is the text it was trained on, but other words are read in it now"
        else:
            what = f"{title} holds other words than it was trained on: it changed, or is read otherwise now"
        return MismatchedCheckpoint(
            f"{what} (<unk>, signs nobody sees): {then} then, {now} now.",
            "It cannot go on, with --fast neither, but answers from its checkpoints: start a new run (R).",
        )

    def _poll(self, now: float) -> None:
        """Handle commands, and write the heartbeat and metrics when due."""
        self._unread_at = now + UNREAD_SECONDS
        self._receive()
        if now >= self._system.due_at and (facts := self._system.measure()):
            self._event_log.event("system", step=self.step, **facts)
        self._write(now)

    def _write(self, now: float) -> None:
        if now >= self._heartbeat_at:
            self._touch_heartbeat(now)
        self._event_log.flush_if_due(now)

    def _receive(self) -> None:
        for command in self._pipe.commands():
            self._handle(command)
        if self._pipe.is_closed:
            self.request_stop(StopReason.ORPHANED)

    def _handle(self, command: Json) -> None:
        if command["word"] in ("pause", "stop"):
            self.request_stop(StopReason(command["word"]))
            self.prune_reason = self.prune_reason or str(command.get("why") or "")
        elif command["word"] == "set":
            try:
                self._log_change(self._live.change(self.step, str(command.get("name")), command.get("value")))
            except ParamError as error:
                self.note(str(error), severity="warning")

    def _replay(self) -> None:
        for change in self._live.apply_due(self.step):
            self._log_change(change, replayed=True)

    def _warn_repeated(self, name: str, step: int) -> None:
        if name not in self._repeated:
            self._repeated.add(name)
            text = f"{name}: a value for step {step:,} is ignored: this or a later step is logged already."
            self.note(text, severity="warning")

    def _log_change(self, change: ParamChange, **facts: object) -> None:
        self._event_log.event(
            "set", step=change.step, name=change.name, value=change.value, version=VERSION, **facts
        )

    def _touch_heartbeat(self, now: float) -> None:
        self._heartbeat_at = now + HEARTBEAT_SECONDS
        try:
            self._folder.beat.touch()
        except OSError:
            pass  # a full or read-only disk is reported when a checkpoint is saved

    def _acknowledge(self, found: CheckpointInfo, seconds: float) -> None:
        self._event_log.event(
            "checkpoint", step=found.step, path=str(found.path), weights_sha256=found.weights_sha256,
            bytes=found.size, seconds=round(seconds, 4),
        )  # fmt: skip


class LiveParams:
    """`values` are current; `ahead` holds changes of later steps, to be applied again after a restore."""

    def __init__(self, params: Any) -> None:
        kind: type[ParamSet] = type(params)
        self._declared = {param.name: param for param in declared(kind) if param.live}
        self.values: dict[str, float | None] = {name: getattr(params, name) for name in self._declared}
        self.ahead: list[ParamChange] = []
        self.applied: list[ParamChange] = []
        """every change applied so far, in this attempt or in the part of earlier ones that it continues"""

    @property
    def next_step(self) -> float:
        return self.ahead[0].step if self.ahead else NEVER

    def change(self, step: int, name: str, given: object) -> ParamChange:
        """Apply a change by the user; it replaces changes of later steps. Raises ParamError."""
        param = self._declared.get(name)
        if param is None:
            known = ", ".join(self._declared) or "nothing"
            raise ParamError(f"{name[:80]}: cannot be changed during training; {known} can.")
        value = parse_value(param, given)
        assert not isinstance(value, str), "live parameters are numbers"
        self.ahead = [change for change in self.ahead if change.name != name]
        self.values[name] = value
        self.applied.append(ParamChange(step, name, value))
        return self.applied[-1]

    def restore(self, step: int, values: Mapping[str, float | None], past: Iterable[ParamChange]) -> None:
        """Go back to `step`, where `values` were current; `past` holds all recorded changes."""
        self.values |= {name: value for name, value in values.items() if name in self._declared}
        known = sorted((change for change in past if change.name in self._declared), key=lambda one: one.step)
        self.applied = [change for change in known if change.step < step]
        self.ahead = [change for change in known if change.step >= step]

    def apply_due(self, step: int) -> list[ParamChange]:
        """Apply and return the changes that are due at `step`."""
        changes = [change for change in self.ahead if change.step <= step]
        self.ahead = self.ahead[len(changes) :]
        self.applied += changes
        self.values |= {change.name: change.value for change in changes}
        return changes
