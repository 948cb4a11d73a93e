"""What happened to a run, in a line each: the events that are no values of metrics."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.events import Event
from engine.protocol import Json, RunSummary, Status
from tui.data.value_text import format_value
from tui.terminal.plain_text import plain
from tui.ui.numbers import short, size, whole

ENTRIES_LIMIT = 2_000
"""entries kept; of the older half those of FREQUENT kinds go first, then the oldest"""
TEXT_LIMIT = 300
LOGGED = ("image", "text", "table", "histogram")
FREQUENT = frozenset(["checkpoint", *LOGGED])


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """`style_name`: good, warn, bad, text or muted."""

    at: float
    """seconds since 1970"""
    step: float
    kind: str
    text: str
    style_name: str = "text"


class RunTimeline:
    """Entries in the order in which they were written."""

    def __init__(self) -> None:
        self.entries: list[TimelineEntry] = []

    def add(self, event: Event, step: float) -> None:
        """`step` is the last one that was trained."""
        describe = _TEXTS.get(event.kind)
        if describe is None:
            return
        found = event.facts.get("step", step)
        place = float(found) if isinstance(found, int | float) and math.isfinite(found) else step
        text, style_name = describe(event.facts)
        self.entries.append(
            TimelineEntry(event.at, place, event.kind, plain(text, limit=TEXT_LIMIT), style_name)
        )
        if len(self.entries) > ENTRIES_LIMIT:
            self._drop_some()

    def _drop_some(self) -> None:
        half = len(self.entries) // 2
        kept = [one for one in self.entries[:half] if one.kind not in FREQUENT]
        self.entries[:half] = kept if len(kept) < half else kept[half // 4 :]


def with_end(entries: Sequence[TimelineEntry], run: RunSummary) -> Sequence[TimelineEntry]:
    """With the end of the last attempt, where the keeper alone has seen it."""
    last = next((one for one in reversed(entries) if one.kind in ("started", "ended")), None)
    if run.cause is None or run.ended_at is None or (last is not None and last.kind == "ended"):
        return entries
    text = plain(f"{run.status}: {run.cause.text}", limit=TEXT_LIMIT)
    style_name = "muted" if run.status is Status.DONE else "bad"
    return [*entries, TimelineEntry(run.ended_at, float(run.step), "ended", text, style_name)]


def _started(facts: Json) -> tuple[str, str]:
    attempt, device = facts.get("attempt"), facts.get("device")
    return f"attempt {attempt} started" + (f" on {device}" if device else ""), "muted"


def _note(facts: Json) -> tuple[str, str]:
    return str(facts.get("text", "")), _SEVERITIES.get(str(facts.get("severity")), "text")


def _set(facts: Json) -> tuple[str, str]:
    name, value = str(facts.get("name", "")), facts.get("value")
    return f"{name} set to {short(value) if isinstance(value, float) else format_value(name, value)}", "text"


def _checkpoint(facts: Json) -> tuple[str, str]:
    bytes_ = facts.get("bytes")
    return "checkpoint" + (f" {size(bytes_)}" if isinstance(bytes_, int) and bytes_ else ""), "good"


def _ended(facts: Json) -> tuple[str, str]:
    cause = facts.get("cause")
    text = str(cause.get("text", "")) if isinstance(cause, Mapping) else ""
    status = str(facts.get("status", "ended"))
    return f"{status}: {text}" if text else status, "bad" if status == "failed" else "muted"


def _logged(kind: str, facts: Json) -> tuple[str, str]:
    return f"{kind} {facts.get('tag', '')}", "muted"


def _restored(step: int) -> str:
    return f"went on from the checkpoint of step {whole(step)}" if step >= 0 else "began again"


_SEVERITIES = {"ok": "good", "warning": "warn", "danger": "bad"}
_TEXTS: Mapping[str, Callable[[Any], tuple[str, str]]] = {
    **{kind: functools.partial(_logged, kind) for kind in LOGGED},
    "started": _started,
    "restored": lambda facts: (_restored(facts.get("step", 0)), "muted"),
    "note": _note,
    "set": _set,
    "checkpoint": _checkpoint,
    "ended": _ended,
}
