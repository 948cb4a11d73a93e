"""The events of a command's run: what it logs, checked and written by the one writer of its event file."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from math import isfinite
from operator import lt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import events, fold
from engine.events import Event, EventWriter
from engine.log_position import LogPosition
from engine.logged_media import MediaWriter, shown_tag
from engine.worker.event_log import METRICS, Metrics, columns

if TYPE_CHECKING:
    from engine.exec.output_metrics import FoundValues

Series = dict[str, list[list[Any]]]
MOST_METRICS = 10_000
MOST_PARAMS = 200
MOST_HELD = 20_000
HELD_SECONDS = 5.0
"""points, and the time, that wait until it is known at which step a resumed command goes on"""
STEP_LIMIT = 2**53


class _LastSteps:
    """The last step and the number of points of each metric: a `HistoryPart`."""

    def __init__(self) -> None:
        self.first: dict[str, int] = {}
        self.steps: dict[str, int] = {}
        self.counts: dict[str, int] = {}

    def add(self, event: Event) -> None:
        if event.kind == "metrics":
            for name, (steps, _) in event.facts["series"].items():
                if steps:
                    self.first.setdefault(name, steps[0])
                    self.steps[name] = max(steps[-1], self.steps.get(name, -1))
                    self.counts[name] = self.counts.get(name, 0) + len(steps)

    def rewind(self, step: int) -> None:
        self.steps = {name: min(last, step) for name, last in self.steps.items()}


class ScriptEvents:
    """Nothing that a command logs raises: what cannot be used is named in a note, once."""

    def __init__(self, folder: Path, writer: EventWriter) -> None:
        self.is_resumed = writer.seq > 0
        """whether an earlier attempt has started the command"""
        self.step = 0
        self.began_at: float | None = None
        """when the first attempt was started, of a command that is resumed"""
        self.diverged = ""
        """the first loss of this attempt that was not finite, as text; empty while all were"""
        self.saved_step = 0
        """that of the last checkpoint while all were finite"""
        self.has_points = False
        """whether there are points to write"""
        self._folder, self._writer = folder, writer
        self._log = LogPosition(folder / "worker.log")
        self._media = MediaWriter(folder, self.event, self.note_once, writer.seq + 1)
        self._metrics = Metrics(has_files=False)
        self._last: dict[str, int] = {}
        self._first: dict[str, int] = {}
        """the first step of each metric in earlier attempts"""
        self._held: list[tuple[str, int, float]] = []
        self._held_since = 0.0
        self._noted: set[str] = set()
        self._not_finite: dict[str, int] = {}
        """losses whose last value is not finite, and since which step"""
        self._flushes = 0
        self._is_open = not self.is_resumed
        """whether it is decided from which step on a resumed command goes on"""
        if self.is_resumed:
            self._read_history(folder / "events.jsonl")

    def event(self, kind: str, **facts: object) -> None:
        self._writer.append(kind, **facts)

    def note(self, text: str, severity: str = "note") -> None:
        self.event("note", text=text, severity=severity)

    def note_once(self, text: str, severity: str = "warning") -> None:
        if text not in self._noted and len(self._noted) < 100:
            self._noted.add(text)
            self.note(text, severity)

    # --- what it logs ---------------------------------------------------------------------------------------

    def add(self, message: Mapping[str, Any]) -> None:
        """A message of dltui_track, whose fields may be of any type."""
        for kind, facts in message.items():
            handler = _HANDLERS.get(kind)
            try:
                if handler is not None:
                    handler(self, facts)
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
                self.note_once(f"dltui_track sent {kind[:40]!r} that cannot be used: {error}")

    def add_output(self, found: FoundValues) -> None:
        """Values in the output; those without a step are behind the last of their metric."""
        if not self._is_open and found.steps is None:
            self._open()  # values are counted on: it does not go back
        steps = found.steps
        if steps is None:
            first = self._last.get(found.name, 0) + 1
            steps = range(first, first + len(found.values))
        self._points(found.name, steps, found.values)

    def _on_metrics(self, series: Series) -> None:
        for name, (steps, values) in series.items():
            if len(steps) != len(values):
                raise ValueError(f"{name[:80]}: {len(steps)} steps and {len(values)} values")
            self._points(name, steps, list(map(float, values)))

    def _points(self, name: str, steps: Sequence[int], values: Sequence[float]) -> None:
        are_plain = len(steps) > 1 and self._are_plain(name, steps, values)
        if are_plain and self._metrics.extend(name, steps, values):
            self._last[name], self.has_points = steps[-1], True
            self.step = max(self.step, steps[-1])
            return
        for step, value in zip(steps, values, strict=True):
            self._point(name, step, value)

    def _are_plain(self, name: str, steps: Sequence[int], values: Sequence[float]) -> bool:
        """Whether nothing about the points has to be said: a known metric, finite, steps that increase."""
        if not self._is_open or name not in self._last or self._not_finite or not isfinite(sum(values)):
            return False
        if isinstance(steps, range):
            return steps[-1] < STEP_LIMIT
        is_whole = set(map(type, steps)) == {int}
        return is_whole and steps[0] >= 0 and steps[-1] < STEP_LIMIT and all(map(lt, steps, steps[1:]))

    def _point(self, name: str, step: int, value: float) -> None:
        if not self._is_open:
            self._hold(name, step, value)
            return
        name = name if name.isprintable() and len(name) <= 200 else shown_tag(name)
        if name not in self._last and len(self._last) >= MOST_METRICS:
            self.note_once(f"More than {MOST_METRICS:,} metrics: the others are left out.")
            return
        if type(step) is not int or not -1 < step < STEP_LIMIT:
            self.note_once(f"{name}: expected a step from 0 to 2^53, got {step}: it is left out.")
            return
        if not self._metrics.add(step, name, value):
            self._note_repeated(name, step)
            return
        self._last[name] = step
        self.has_points = True
        self.step = max(self.step, step)
        if name.endswith("loss"):
            self._check_loss(name, step, value)

    def _note_repeated(self, name: str, step: int) -> None:
        if f"{name} repeated" not in self._noted:
            self._noted.add(f"{name} repeated")
            text = f"{name}: a value for step {step:,} is ignored: this or a later step is logged already."
            self.note(text, "warning")

    def _check_loss(self, name: str, step: int, value: float) -> None:
        """As for experiments the first one that is not finite fails the run, which is said at once.

        The command goes on: it is told as failed when it ends.
        """
        since = self._not_finite.get(name)
        if since is None and not isfinite(value):
            self._not_finite[name] = step
            text = f"{name} became {value} at step {step}."
            self.diverged = self.diverged or text
            self.note(text, "danger")
        elif since is not None and isfinite(value):
            del self._not_finite[name]
            self.note(f"{name} is finite again at step {step}; it was not at step {since}.", "warning")

    def _on_params(self, values: Mapping[str, Any]) -> None:
        plain = {
            str(name)[:80]: value if not isinstance(value, float) or isfinite(value) else str(value)
            for name, value in list(values.items())[:MOST_PARAMS]
            if value is None or isinstance(value, bool | int | float | str)
        }
        self.event("params", values={n: v[:400] if isinstance(v, str) else v for n, v in plain.items()})

    def _on_text(self, facts: Mapping[str, Any]) -> None:
        self._media.text(str(facts["tag"]), self._step_of(facts), str(facts["text"]))

    def _on_image(self, facts: Mapping[str, Any]) -> None:
        tag, step = str(facts["tag"]), self._step_of(facts)
        if "file" in facts:
            span = facts.get("span")
            self._media.place(tag, step, str(facts["file"]), list(map(int, span)) if span else None)
            return
        import base64  # most commands keep no image
        import binascii

        try:
            data = base64.b64decode(facts["data"], validate=True)
        except binascii.Error as error:
            raise ValueError(str(error)) from error
        self._media.image(tag, step, data)

    def _on_table(self, facts: Mapping[str, Any]) -> None:
        self._media.table(str(facts["tag"]), self._step_of(facts), facts["columns"], facts["rows"])

    def _on_histogram(self, facts: Mapping[str, Any]) -> None:
        self._media.histogram(str(facts["tag"]), self._step_of(facts), facts["buckets"])

    def _on_checkpoint(self, facts: Mapping[str, Any]) -> None:
        path, step = str(facts["path"]), self._step_of(facts)
        self.flush(everything=True)
        self.event("checkpoint", step=step, path=path, weights_sha256="", bytes=_size(path))
        if not self.diverged:
            self.saved_step = step

    def _on_note(self, text: str) -> None:
        self.note_once(str(text)[:400])

    def _step_of(self, facts: Mapping[str, Any]) -> int:
        step = facts.get("step")
        return self.step if step is None else max(0, min(int(step), STEP_LIMIT))

    # --- a resumed command ----------------------------------------------------------------------------------

    def _read_history(self, path: Path) -> None:
        found = _LastSteps()
        self.began_at = next((event.at for event in events.replay(path)), None)
        fold.read(path, 0, found, wanted=lambda line: METRICS in line[: fold.HEAD])
        self._last, self._first = found.steps, found.first
        self._metrics.resume(found.counts, found.steps)
        self.step = max(found.steps.values(), default=0)
        if not found.steps:
            self._is_open = True

    def _hold(self, name: str, step: int, value: float) -> None:
        """Keep points until the metric with the most steps is logged again, which shows where it goes on."""
        if not self._held:
            self._held_since = time.monotonic()
        self._held.append((name, step, value))
        if self._last.get(name) == self.step or len(self._held) > MOST_HELD:
            self._open()
        self.has_points = True

    def _open(self) -> None:
        """Go back to the step before the first that is logged again, unless it goes on behind the last.

        A command that begins anew replaces all: of metrics by epoch, whose steps are few, the first ones too.
        """
        self._is_open = True
        held, self._held = self._held, []
        again = next(((name, step) for name, step, _ in held if self._last.get(name) == self.step), None)
        if again is not None and again[1] <= self.step:
            name, first = again
            back = int(first) - 1 if first > self._first.get(name, 0) else -1
            self.event("restored", step=back)
            self._last = {name: min(last, back) for name, last in self._last.items()}
            self._metrics.resume(self._metrics.counts(), self._last)
            self.step = max(0, back)
        for name, step, value in held:
            self._point(name, step, value)

    # --- writing --------------------------------------------------------------------------------------------

    def flush(self, *, everything: bool = False) -> None:
        is_over = bool(self._held) and time.monotonic() > self._held_since + HELD_SECONDS
        if not self._is_open and (everything or is_over):
            self._open()
        popped = self._metrics.pop(include_bucket=everything)
        if popped:
            self.event("metrics", series=columns(popped), **self._log.facts())
            self._flushes += 1
            if self._flushes > 1:  # a pace is known: a beat before would make a stall of a long first epoch
                self._touch()
        self.has_points = bool(self._held)

    def _touch(self) -> None:
        try:
            (self._folder / "beat").touch()
        except OSError:
            pass  # a full or read-only disk

    def are_written(self) -> bool:
        """Write what is buffered; False while the disk is full. Raises OSError."""
        self.flush(everything=True)
        return self._writer.flush()

    def close(self, ended: Mapping[str, object] | None) -> None:
        """Write what is buffered and, with `ended`, the event of the end."""
        self.flush(everything=True)
        if ended is not None:
            self.event("ended", step=self.step, **ended)
        self._writer.close()
        self._media.close()


_HANDLERS: dict[str, Callable[[ScriptEvents, Any], None]] = {
    "metrics": ScriptEvents._on_metrics,
    "params": ScriptEvents._on_params,
    "text": ScriptEvents._on_text,
    "image": ScriptEvents._on_image,
    "table": ScriptEvents._on_table,
    "histogram": ScriptEvents._on_histogram,
    "checkpoint": ScriptEvents._on_checkpoint,
    "note": ScriptEvents._on_note,
}


def _size(path: str) -> int:
    """Bytes of a file; 0 of a folder or of what is not there."""
    try:
        return os.stat(path).st_size if os.path.isfile(path) else 0
    except OSError:
        return 0
