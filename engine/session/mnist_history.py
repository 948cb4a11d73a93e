"""History of a network: the filters and maps that its training recorded in `sketch` events."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine import events
from engine.errors import CorruptRun, RunRefused
from engine.protocol import Json, number_from_json, number_to_json
from engine.session.cache import SessionCache
from engine.session.mnist_nets import folder_of

SKETCH, METRICS, RESTORED = (f'"kind":"{kind}"'.encode() for kind in ("sketch", "metrics", "restored"))
VALIDATED = b'"val_accuracy"'


@dataclass(slots=True)
class NetworkHistory:
    """Lines of `sketch` events by step, and the validation accuracy where it was measured."""

    path: Path
    sketches: dict[int, bytes] = field(default_factory=dict)
    accuracies: dict[int, float] = field(default_factory=dict)
    _offset: int = 0

    def update(self) -> NetworkHistory:
        """Reads the events that were added since the last call."""
        while True:
            lines, end = events.read_lines(self.path, self._offset)
            for line in lines:
                try:
                    self._read(line)
                except (CorruptRun, KeyError, ValueError, TypeError):
                    continue  # the page of the run shows what is wrong with its events
            if end == self._offset:
                return self
            self._offset = end

    def _read(self, line: bytes) -> None:
        head = line[:120]
        if SKETCH in head:
            self.sketches[int(_facts(line)["step"])] = line
        elif METRICS in head and VALIDATED in line:
            steps, values = _facts(line)["series"]["val_accuracy"]
            self.accuracies |= zip(steps, map(number_from_json, values), strict=True)
        elif RESTORED in head:
            last = int(_facts(line)["step"])
            self.sketches = {step: found for step, found in self.sketches.items() if step <= last}
            self.accuracies = {step: found for step, found in self.accuracies.items() if step <= last}


def history(session_cache: SessionCache, run: str, step: int | None = None) -> Json:
    """Raises RunNotFound, and RunRefused for a step without a `sketch` event."""
    folder, _ = folder_of(session_cache, run)
    found = session_cache.get(("mnist.history", run), lambda: NetworkHistory(folder.events)).update()
    steps = sorted(found.sketches)
    if step is not None and step not in found.sketches:
        near = min(steps, key=lambda other: abs(other - step), default=None)
        remedy = (
            "Snapshots are recorded during training." if near is None else f"The nearest is of step {near}."
        )
        raise RunRefused(f"{run} has no snapshot of step {step}.", remedy)
    shown = step if step is not None else steps[-1] if steps else None
    return {
        "run": run,
        "steps": [{"step": one, "val_accuracy": _number(found.accuracies.get(one))} for one in steps],
        "step": shown,
        "parts": {} if shown is None else _facts(found.sketches[shown])["parts"],
    }


def _facts(line: bytes) -> Json:
    return events.parse(line).facts


def _number(accuracy: float | None) -> float | str | None:
    return None if accuracy is None else number_to_json(accuracy)
