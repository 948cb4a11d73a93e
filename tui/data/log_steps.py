"""Which step of a run a line of its log belongs to, and where in the log a step is."""

from __future__ import annotations

import re
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

PLACES_LIMIT = 20_000
"""places kept; every second one is dropped when there are more"""
SLACK = 10
"""steps by which a line may be ahead of what was written, or behind it"""
DAY = 86_400
_NAMED = (  # compiled by their first use: the app starts without logs
    r"(?<![\w.-])(?:global[_ ]?step|train[_ ]?step|step|iter(?:ation)?|update)"
    r"[\"']?\s*(?:[:=#]\s*|\s)\[?\s*(\d[\d,_]{0,17})(?![\d.]*[.eE]\d)"
)
_CLOCK = r"(?:(\d{4}-\d\d-\d\d)[T ])?(?<!\d)([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?!\d)"
CLOCK_WITHIN = 60
"""characters at the beginning of a line in which a time of the day counts"""


class LogLine(NamedTuple):
    """A line of a log; `offset` is its first byte, counted from the first that was printed."""

    offset: int
    text: str


class LineStep(NamedTuple):
    """`is_exact`: the line names the step; otherwise it is the one that was trained at about that time."""

    step: float
    is_exact: bool


@dataclass(frozen=True, slots=True)
class RunClock:
    """The steps of a run by the clock on the wall: first and last time, and the step at a time."""

    first: float
    last: float
    step_at: Callable[[float], float]


class LogSteps:
    """Places of the log with the last step that was written when the log was that long.

    Events of metrics have them; those of versions before have not.
    """

    def __init__(self) -> None:
        self._offsets, self._steps = array("q"), array("d")

    def __bool__(self) -> bool:
        return bool(self._offsets)

    def take(self, facts: Mapping[str, Any], step: float) -> None:
        """From an event: `log_steps` has places and their steps, `log` is the length now, at `step`."""
        places = facts.get("log_steps")
        if isinstance(places, list) and len(places) == 2:
            for offset, at in zip(*places, strict=False):
                self.add(int(offset), float(at))
        if type(length := facts.get("log")) is int:
            self.add(length, step)

    def add(self, offset: int, step: float) -> None:
        """The log had `offset` bytes when `step` was the last one; a log does not get shorter."""
        if self._offsets and offset < self._offsets[-1]:
            return
        self._offsets.append(offset)
        self._steps.append(step)
        if len(self._offsets) > PLACES_LIMIT:
            del self._offsets[1::2]
            del self._steps[1::2]

    def around(self, offset: int) -> tuple[float, float] | None:
        """The last step that was written before a byte was printed, and the first after; None without any."""
        if not self._offsets:
            return None
        index = bisect_right(self._offsets, offset)
        low = self._steps[index - 1] if index else 0.0
        high = self._steps[index] if index < len(self._steps) else low
        return (low, high) if high >= low else (high, high)  # it went back to a checkpoint between them

    def estimate(self, offset: int) -> float | None:
        """The step at a byte: between the two places as far as the byte is between them."""
        found = self.around(offset)
        if found is None:
            return None
        low, high = found
        index = bisect_right(self._offsets, offset)
        before = self._offsets[index - 1] if index else 0
        after = self._offsets[index] if index < len(self._offsets) else before
        share = (offset - before) / (after - before) if after > before else 0.0
        return low + share * (high - low)

    def offset_of(self, step: float) -> int | None:
        """About where the log was at a step, where it was trained last; None without places."""
        for index in range(len(self._steps) - 1, -1, -1):
            before = self._steps[index - 1] if index else 0.0
            if before < step <= self._steps[index] or (index == 0 and step <= self._steps[0]):
                start = self._offsets[index - 1] if index else 0
                share = (
                    (step - before) / (self._steps[index] - before) if self._steps[index] > before else 0.0
                )
                return int(start + max(0.0, share) * (self._offsets[index] - start))
        return self._offsets[-1] if self._offsets else None


def named_step(text: str) -> int | None:
    """The step that a line names: `step 1200`, `iter=1,200`, `"step": 1200`; None where it names none."""
    found = re.search(_NAMED, text[:1_000], re.IGNORECASE)
    return int(re.sub(r"[,_]", "", found[1])) if found else None


def step_of_line(
    line: LogLine, places: LogSteps, last_step: float, clock: RunClock | None = None
) -> LineStep | None:
    """The step of a line: the one that it names, where that fits; else by its place, else by its time.

    `last_step` is the last one of the run. None where nothing is known.
    """
    named, around = named_step(line.text), places.around(line.offset)
    if named is not None and _fits(named, around, last_step):
        return LineStep(named, True)
    estimate = places.estimate(line.offset)
    if around is not None and estimate is not None:
        return LineStep(estimate, False)
    at = _time_in(line.text, clock) if clock is not None else None
    return LineStep(clock.step_at(at), False) if clock is not None and at is not None else None


def _fits(named: int, around: tuple[float, float] | None, last_step: float) -> bool:
    if around is None:
        return named <= last_step + SLACK
    low, high = around
    slack = max(SLACK, 2 * (high - low), 0.02 * high)
    return low - slack <= named <= high + slack


def _time_in(text: str, clock: RunClock) -> float | None:
    """The time with which a line begins, in seconds since 1970; one without a date is of the run's days."""
    found = re.search(_CLOCK, text[:CLOCK_WITHIN])
    if not found:
        return None
    of_day = int(found[2]) * 3600 + int(found[3]) * 60 + int(found[4])
    try:
        if found[1]:
            return time.mktime(time.strptime(found[1], "%Y-%m-%d")) + of_day
        began = time.localtime(clock.first)
    except (ValueError, OverflowError, OSError):
        return None
    midnight = time.mktime((began.tm_year, began.tm_mon, began.tm_mday, 0, 0, 0, 0, 0, -1))
    at = midnight + of_day
    return at if at >= clock.first - 60 else at + DAY


def nearest_line(steps: Sequence[LineStep | None], target: float, near: int) -> int | None:
    """The index of the line of a step: the last one that is not behind it, the nearest to index `near`."""
    known = [(index, one) for index, one in enumerate(steps) if one is not None]
    if not known:
        return None
    best = min(known, key=lambda pair: (pair[1].step > target, abs(pair[1].step - target),
                                        not pair[1].is_exact, abs(pair[0] - near)))  # fmt: skip
    return best[0]
