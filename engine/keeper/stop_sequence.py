"""The stop ladder: ask, wait, SIGTERM, wait, SIGKILL. No clock and no process of its own."""

from __future__ import annotations

import signal
from dataclasses import dataclass, replace
from enum import IntEnum


class StopStep(IntEnum):
    CALM = 0
    ASKED = 1
    TERMINATED = 2
    KILLED = 3


@dataclass(frozen=True, slots=True)
class GracePeriods:
    """Seconds the worker has before the next rung."""

    ask: float = 30.0
    term: float = 15.0


@dataclass(frozen=True, slots=True)
class StopSequence:
    graces: GracePeriods = GracePeriods()
    rung: StopStep = StopStep.CALM
    deadline: float | None = None
    """on the clock of the caller; None: time alone changes nothing"""


def ask(ladder: StopSequence, now: float) -> StopSequence:
    """The worker was asked to leave. Asking again gives it no more time."""
    if ladder.rung is not StopStep.CALM:
        return ladder
    return replace(ladder, rung=StopStep.ASKED, deadline=now + ladder.graces.ask)


def climb(ladder: StopSequence, now: float) -> tuple[StopSequence, signal.Signals | None]:
    """One rung up when its time has come, and the signal to send."""
    if ladder.deadline is None or now < ladder.deadline:
        return ladder, None
    if ladder.rung is StopStep.ASKED:
        up = replace(ladder, rung=StopStep.TERMINATED, deadline=now + ladder.graces.term)
        return up, signal.SIGTERM
    return replace(ladder, rung=StopStep.KILLED, deadline=None), signal.SIGKILL
