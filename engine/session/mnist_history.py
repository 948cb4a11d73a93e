"""History of a network: the filters and maps that its training recorded in `sketch` events."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine import events, fold
from engine.errors import RunRefused
from engine.events import Event
from engine.protocol import number_from_json
from engine.session.cache import SessionCache
from engine.session.mnist_nets import folder_of
from engine.session_protocol.mnist import HistoryRequest, RecordedHistory, RecordedStep

SKETCH, METRICS, VALIDATED = b'"sketch"', b'"metrics"', b'"val_accuracy"'


@dataclass(slots=True)
class NetworkHistory:
    """Lines of `sketch` events by step, and the validation accuracies by step: a `HistoryPart`."""

    path: Path
    sketches: dict[int, bytes] = field(default_factory=dict)
    accuracies: dict[int, float] = field(default_factory=dict)
    _offset: int = 0

    def update(self) -> NetworkHistory:
        """Read the events that were added since the last call."""
        self._offset = fold.read(self.path, self._offset, self, wanted=_is_wanted)
        return self

    def add(self, event: Event) -> None:
        if event.kind == "sketch":
            self.sketches[int(event.facts["step"])] = event.line
        elif event.kind == "metrics":
            steps, values = event.facts["series"]["val_accuracy"]
            self.accuracies |= zip(steps, map(number_from_json, values), strict=True)

    def rewind(self, step: int) -> None:
        self.sketches = {at: found for at, found in self.sketches.items() if at <= step}
        self.accuracies = {at: found for at, found in self.accuracies.items() if at <= step}


def _is_wanted(line: bytes) -> bool:
    head = line[: fold.HEAD]
    return SKETCH in head or (METRICS in head and VALIDATED in line)


def history(session_cache: SessionCache, request: HistoryRequest) -> RecordedHistory:
    """Raises RunNotFound, and RunRefused for a step without a `sketch` event."""
    run, step = request.run, request.step
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
    return RecordedHistory(
        run,
        [RecordedStep(one, found.accuracies.get(one)) for one in steps],
        shown,
        {} if shown is None else events.parse(found.sketches[shown]).facts["parts"],
    )
