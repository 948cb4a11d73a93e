"""The stop sequence: request, wait, SIGTERM, wait, SIGKILL. Pure functions; the caller has the clock."""

from __future__ import annotations

import signal
from dataclasses import dataclass, replace
from enum import IntEnum


class StopStep(IntEnum):
    NOT_REQUESTED = 0
    REQUESTED = 1
    TERMINATED = 2
    KILLED = 3


@dataclass(frozen=True, slots=True)
class GracePeriods:
    """Seconds that the worker has after a request, and after SIGTERM."""

    request: float = 30.0
    term: float = 15.0


@dataclass(frozen=True, slots=True)
class StopSequence:
    grace_periods: GracePeriods = GracePeriods()
    step: StopStep = StopStep.NOT_REQUESTED
    deadline: float | None = None
    """of the next step, on the clock of the caller; None: no step is due"""


def request_stop(sequence: StopSequence, now: float) -> StopSequence:
    """Start the sequence. A second request does not extend the grace period."""
    if sequence.step is not StopStep.NOT_REQUESTED:
        return sequence
    return replace(sequence, step=StopStep.REQUESTED, deadline=now + sequence.grace_periods.request)


def advance(sequence: StopSequence, now: float) -> tuple[StopSequence, signal.Signals | None]:
    """The next step and the signal to send where the deadline is over, else the same sequence and None."""
    if sequence.deadline is None or now < sequence.deadline:
        return sequence, None
    if sequence.step is StopStep.REQUESTED:
        following = replace(sequence, step=StopStep.TERMINATED, deadline=now + sequence.grace_periods.term)
        return following, signal.SIGTERM
    return replace(sequence, step=StopStep.KILLED, deadline=None), signal.SIGKILL
