"""What a training loop knows of the house: log, checkpoint, should_stop, set."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from checkpoints.errors import MismatchedCheckpoint, SaveFailed
from checkpoints.folder import CheckpointInfo
from engine import spec_versions, store
from engine.errors import DataError, Diverged, ParamError
from engine.places import Places
from engine.protocol import Json, Spec
from engine.spec_versions import VERSION
from engine.store import RunFolder
from engine.worker import live_params, metrics
from engine.worker.checkpoint import CheckpointFacts, Checkpoints, TrainingState
from engine.worker.device import Device
from engine.worker.ending import Leave
from engine.worker.event_log import EventLog
from engine.worker.keeper_pipe import KeeperPipe
from engine.worker.live_images import ImagePace, Parts, drawn
from engine.worker.live_params import LiveParams, ParamChange

LOOK_SECONDS = 0.02
"""between two looks at the wire"""
BEAT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which start of the run this is, and how faithful a resume has to be: strict or fast."""

    number: int = 1
    mode: str = "strict"


class Run:
    """One attempt at a run, as its experiment sees it. A loop is

        last = run.total(steps)
        for step in range(run.restore(state) + 1, last + 1):
            ...  # one update
            run.log(step, loss=loss)
            run.checkpoint(step)
            if run.should_stop:
                break

    `step` counts completed updates. Once `should_stop` is true nothing may be trained any more.
    """

    def __init__(
        self,
        folder: RunFolder,
        spec: Spec,
        params: Any,
        machine: Device,
        journal: EventLog,
        wire: KeeperPipe,
        attempt: Attempt = Attempt(),
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self.seed, self.threads, self.device = spec.seed, machine.threads, machine.device
        self.places = Places(folder.path.parent.parent)
        self.step = 0
        self._wish: Leave | None = None
        self.why_left = ""
        """what it is pruned for"""
        self._is_told = False
        self._folder, self._machine, self._attempt, self._spec = folder, machine, attempt, spec
        self._journal, self._wire = journal, wire
        self._live = LiveParams(params)
        self._checkpoints = Checkpoints(folder, self._acknowledge)
        self._state: TrainingState | None = None
        self._pinned: dict[str, str] = {}
        self._data: dict[str, str] = {}
        self._total, self._epoch_steps, self._best_step = 0, 0, 0
        self._notice, self._is_started = "", False
        self._twice: set[str] = set()
        """metrics of which it need not be said any more that a step has one value"""
        self._look_seconds, self._look_at, self._beat_at = look_seconds, 0.0, 0.0
        self._pace = ImagePace()
        self._is_unsaved_told = False
        """the last that was noted is that a checkpoint could not be saved"""

    # --- before the loop ------------------------------------------------------------------------------------

    def total(self, steps: int, *, epoch: int = 0) -> int:
        """Say how many updates there are to be, and how many an `epoch` has where all have as many."""
        self._total, self._epoch_steps = steps, epoch
        return steps

    def pin(self, **facts: str) -> None:
        """What an exact resume depends on beside the state: the data, by their fingerprint.

        To be called before anything is kept. Raises MismatchedCheckpoint for `data` not trained on.
        """
        before = self._checkpoints.recorded() if "data" in facts else CheckpointFacts()
        recorded = before.pinned.get("data", "")
        if recorded and recorded != facts["data"]:
            told, now = f"data {recorded[:12]}", f"data {facts['data'][:12]}"
            if self._is_read_otherwise(before, facts["data"]):
                raise self._other_reading(before, told, now)
            raise self._other_data(told, now)
        self._pinned |= facts

    def trains_on(self, title: str, fingerprint: str) -> None:
        """What the data are called, and the SHA-256 of their very bytes: for everybody to see and to compare.

        To be called before anything is kept. Raises MismatchedCheckpoint for data it was not
        trained on, DataError on a node of a cluster for other data than were named.
        """
        told, known = f"{title} ({fingerprint[:12]})", self._checkpoints.recorded().data
        if known and known["fingerprint"] != fingerprint:
            raise self._other_data(f"{known['title']} ({known['fingerprint'][:12]})", told)
        expected, _, name = os.environ.get("DLTUI_EXPECTED_DATA", "").partition(" ")
        if expected and expected != fingerprint:
            raise DataError(
                f"{socket.gethostname()} has {told}, expected {name} ({expected[:12]}), as its user named.",
                "Put the same data on every node, or ask for the run with DLTUI_DATA unset.",
            )
        self._data = {"title": title, "fingerprint": fingerprint}

    def notice(self, text: str) -> None:
        """What the user has to know for as long as this run trains."""
        self._notice = text

    def restore(self, state: TrainingState) -> int:
        """Go back to the newest checkpoint that is whole; returns the number of updates done, 0 for none.

        To be called after `total`, `pin` and `notice`. Raises MismatchedCheckpoint.
        """
        self._state = state
        self.announce()
        verified, damaged = self._checkpoints.newest()
        for words in damaged:
            self.note(words, severity="warning")
        facts = CheckpointFacts()
        if verified is not None:
            strict = self._attempt.mode != "fast"
            facts = self._checkpoints.restore(verified, state, self._pinned, strict=strict)
            self.step, self._best_step = verified.manifest.step, facts.best_step
        if self._journal.goes_on:
            self._live.restore(
                self.step, self._live_of(facts), live_params.told(self._folder.events, self._spec)
            )
            last_steps = {**facts.last_steps, **metrics.told_at(self._folder.events, self.step)}
            # An attempt that goes on at the last step measures its end once more.
            self._twice |= {name for name, step in last_steps.items() if step == self.step}
            self._journal.restart(self.step, facts.counts, last_steps)
            self._journal.event("restored", step=self.step)
            self._replay()
        return self.step

    def _live_of(self, facts: CheckpointFacts) -> Mapping[str, float | None]:
        """Of a checkpoint, in the values of the present version."""
        if facts.version >= VERSION:
            return facts.live
        experiment, submitted = self._spec.experiment, self._spec.params
        return {
            name: spec_versions.live(experiment, submitted, name, value) for name, value in facts.live.items()
        }

    # --- in the loop ----------------------------------------------------------------------------------------

    @property
    def set(self) -> Mapping[str, float | None]:
        """Live hyper-parameters: the value of each that is in force now."""
        return self._live.values

    def heard(self, name: str) -> tuple[float | None, ...]:
        """All values that a live hyper-parameter was given up to this step, in order."""
        return tuple(change.value for change in self._live.heard if change.name == name)

    def log(self, step: int, **values: float) -> None:
        """Record numbers. Raises Diverged for a loss that is not finite; the curve keeps it.

        The steps of a metric go up and each has one value: the first stays, in events, CSV and TensorBoard
        alike. A later value for the same or an earlier step is left out, which is said once per metric, but
        not of what an earlier attempt had measured at the step where this one goes on.
        """
        self.step = step
        for name, value in values.items():
            value = float(value)
            if not self._journal.metrics.add(step, name, value):
                self._tell_twice(name, step)
            if not isfinite(value) and name.endswith("loss"):
                raise Diverged(f"{name} became {value} at step {step}.", self._way_back())

    def checkpoint(self, step: int, *, is_best: bool = False) -> None:
        """To be called after each update: saves when it is time. Raises NotFinite for a weight that is not.

        `is_best`: no weights were better so far. They are saved at once and kept until better ones are; they
        are what the run answers with. What the disk does not take is said and tried again later.
        """
        self.step = step
        before = self._best_step
        if is_best:
            self._best_step = step
        if is_best or time.monotonic() >= self._checkpoints.due_at:
            try:
                self.save()
            except SaveFailed as error:
                self._best_step = before
                self.note(str(error), severity="danger")
                self._is_unsaved_told = True

    def best(self) -> tuple[int, bytes] | None:
        """Step and model.safetensors of the best weights that were kept; None when there are none."""
        model = self._checkpoints.model_of(self._best_step) if self._best_step else None
        return None if model is None else (self._best_step, model)

    @property
    def should_stop(self) -> bool:
        """To be asked after `checkpoint`, once per update: this is when words from the user are heard."""
        if self.step >= self._live.next_step:
            self._replay()
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + self._look_seconds
            self._look(now)
        if self._wish is not None and not self._is_told:
            self._listen()  # a signal outruns the word that says why
            self._is_told = True
        return self._is_told

    def note(self, text: str, *, severity: str = "note") -> None:
        """Something for the user to read; severity is note, warning, danger, or ok: it is over."""
        self._is_unsaved_told = False
        self._journal.note(text, severity)

    def image(self, tag: str, pixels: Sequence[Sequence[float]]) -> None:
        """A grey picture for TensorBoard: rows of numbers, the smallest black, the largest white."""
        self._journal.picture(tag, self.step, pixels)

    def sketch(self, step: int, parts: Parts, *, at_once: bool = False) -> None:
        """A live picture: what `parts` returns, named nested lists of numbers (16,384 at most).

        To be called after any update; `parts` is called when a picture is due, or `at_once`. It must not draw
        from a random stream that the training uses. Raises SketchTooLarge.
        """
        now = time.monotonic()
        if at_once or self._pace.is_due(now):
            self._pace.drawn(now, self._journal.sketch(step, drawn(parts())))

    def text(self, tag: str, words: str) -> None:
        """Some text for TensorBoard, at the present step."""
        self._journal.text(tag, self.step, words)

    def keep(self, name: str, data: bytes) -> None:
        """A file in the run folder, replaced at once. Raises OSError."""
        store.write_bytes(self._folder.path / name, data)

    def kept(self, name: str) -> bytes | None:
        """What was kept under that name, by this attempt or an earlier one."""
        path = self._folder.path / name
        return path.read_bytes() if path.exists() else None

    # --- around the loop ------------------------------------------------------------------------------------

    def ask_to_leave(self, why: Leave) -> None:
        """What ranks higher stays."""
        ranks = list(Leave)
        if self._wish is None or ranks.index(why) > ranks.index(self._wish):
            self._wish = why

    @property
    def total_steps(self) -> int:
        """The updates that there are to be; 0 where the experiment has not said."""
        return self._total

    @property
    def left_because(self) -> Leave | None:
        """Why the loop left early; None when it came to its own end."""
        return self._wish if self._is_told and self.step < self._total else None

    @property
    def saved_step(self) -> int:
        """Of the newest checkpoint that this attempt wrote or began with; 0 for none."""
        return self._checkpoints.saved_step or 0

    def save(self, *, is_last: bool = False) -> None:
        """A checkpoint of the present step, unless there is one. Raises SaveFailed and NotFinite.

        The events up to it are on stable storage before. The last one may use the space that is kept free.
        """
        if self._state is None or self._checkpoints.saved_step == self.step:
            return
        self._journal.flush(to_the_last=True)
        self._sync_events()
        logged = self._journal.metrics
        facts = CheckpointFacts(
            dict(self._live.values), logged.counts(), self._pinned, logged.last_steps(), self._epoch_steps,
            self._best_step, self._data,
        )  # fmt: skip
        leftover = self._checkpoints.save(self.step, self._state, facts, is_last=is_last)
        if self._is_unsaved_told:
            self.note(f"Step {self.step} was saved: disk space is available again.", severity="ok")
        self._journal.write_board()
        if leftover:
            self.note(leftover, severity="warning")

    def _sync_events(self) -> None:
        try:
            self._journal.sync()
        except OSError as error:
            cause = f"its events cannot be written: {error.strerror or error}"
            raise SaveFailed(self._folder.events, self.step, cause, None) from error

    def announce(self) -> None:
        """That this attempt has begun, once."""
        if self._is_started:
            return
        self._is_started = True
        machine, attempt = self._machine, self._attempt
        self._journal.event(
            "started", attempt=attempt.number, mode=attempt.mode, pid=os.getpid(), device=machine.name,
            threads=machine.threads, total_steps=self._total, notice=self._notice, versions=machine.versions,
            pinned=dict(self._pinned), data=dict(self._data),
        )  # fmt: skip
        self._beat(time.monotonic())

    def _other_data(self, before: str, now: str) -> MismatchedCheckpoint:
        folder = f"data folder: {self.places.data or 'none named'}"
        return MismatchedCheckpoint(
            f"It was trained on {before}; what is found now is {now}.",
            f"Restore the data it was trained on ({folder}), or start a new run.",
        )

    def _is_read_otherwise(self, before: CheckpointFacts, pinned: str) -> bool:
        """The pinned is made of bytes that are the same, or were not written down."""
        known, now = before.data.get("fingerprint", ""), self._data.get("fingerprint", "")
        return bool(now) and now != pinned and known in ("", now)

    def _other_reading(self, before: CheckpointFacts, told: str, now: str) -> MismatchedCheckpoint:
        title = self._data["title"]
        if before.data:
            what = f"{title} is the text it was trained on, but other words are read in it now"
        else:
            what = f"{title} holds other words than it was trained on: it changed, or is read otherwise now"
        return MismatchedCheckpoint(
            f"{what} (<unk>, signs nobody sees): {told} then, {now} now.",
            "It cannot go on, with --fast neither, but answers from its checkpoints: start a new run (R).",
        )

    def _look(self, now: float) -> None:
        """The periodic duties."""
        self._listen()
        if now >= self._beat_at:
            self._beat(now)
        self._journal.flush_if_due(now)

    def _listen(self) -> None:
        for word in self._wire.words():
            self._hear(word)
        if self._wire.is_cut:
            self.ask_to_leave(Leave.ORPHANED)

    def _hear(self, word: Json) -> None:
        if word["word"] in ("pause", "stop"):
            self.ask_to_leave(Leave(word["word"]))
            self.why_left = self.why_left or str(word.get("why") or "")
        elif word["word"] == "set":
            try:
                self._tell(self._live.change(self.step, str(word.get("name")), word.get("value")))
            except ParamError as error:
                self.note(str(error), severity="warning")

    def _replay(self) -> None:
        for change in self._live.due(self.step):
            self._tell(change, replayed=True)

    def _tell_twice(self, name: str, step: int) -> None:
        if name not in self._twice:
            self._twice.add(name)
            said = f"{name}: a value for step {step:,} is ignored: this or a later step is logged already."
            self.note(said, severity="warning")

    def _tell(self, change: ParamChange, **facts: object) -> None:
        self._journal.event(
            "set", step=change.step, name=change.name, value=change.value, version=VERSION, **facts
        )

    def _beat(self, now: float) -> None:
        self._beat_at = now + BEAT_SECONDS
        try:
            self._folder.beat.touch()
        except OSError:
            pass  # a full or read-only disk is told of by what has to be saved

    def _acknowledge(self, found: CheckpointInfo, seconds: float) -> None:
        self._journal.event(
            "checkpoint", step=found.step, path=str(found.path), weights_sha256=found.weights_sha256,
            bytes=found.size, seconds=round(seconds, 4),
        )  # fmt: skip

    def _way_back(self) -> str:
        saved = self._checkpoints.saved_step
        kept = f"; its last good checkpoint is of step {saved}." if saved else "."
        return f"Start it again with a smaller learning rate{kept}"
