"""Which word a run in which status may be told."""

from __future__ import annotations

from enum import Enum

from engine.errors import RunRefused
from engine.protocol import Status

S = Status


class Transition(Enum):
    TELL = "tell"
    """its keeper has to be told"""
    SETTLE = "settle"
    """nobody is at work on it: it is done by writing it down"""
    NOTHING = "nothing"
    """it is so already, or on its way"""


TELL, SETTLE, NOTHING = Transition.TELL, Transition.SETTLE, Transition.NOTHING
_TABLE: dict[str, dict[Status, Transition]] = {
    "pause": {S.RUNNING: TELL, S.QUEUED: SETTLE, S.PAUSING: NOTHING, S.PAUSED: NOTHING},
    "stop": {
        S.RUNNING: TELL, S.PAUSING: TELL, S.QUEUED: SETTLE, S.PAUSED: SETTLE,
        S.STOPPING: NOTHING, S.STOPPED: NOTHING,
    },
    "resume": {S.PAUSED: SETTLE, S.STOPPED: SETTLE, S.FAILED: SETTLE, S.LOST: SETTLE},
    "extend": {
        S.DONE: SETTLE, S.PAUSED: SETTLE, S.STOPPED: SETTLE, S.FAILED: SETTLE,
        S.LOST: SETTLE,
    },
    "set": {S.RUNNING: TELL},
    "remove": {
        S.QUEUED: SETTLE, S.PAUSED: SETTLE, S.DONE: SETTLE, S.STOPPED: SETTLE,
        S.FAILED: SETTLE, S.LOST: SETTLE, S.DAMAGED: SETTLE,
    },
}  # fmt: skip
_PAST = {
    "pause": "paused", "stop": "stopped", "resume": "resumed", "extend": "extended", "set": "changed",
    "remove": "removed",
}  # fmt: skip


def move(word: str, status: Status, name: str) -> Transition:
    """Raises RunRefused saying where the run stands and what would work."""
    found = _TABLE[word].get(status)
    if found is None:
        raise RunRefused(f"{name} is {status} and cannot be {_PAST[word]} now.", _remedy(status))
    return found


def why_not(verb: object, status: Status, name: str) -> tuple[str, bool]:
    """Why `verb` would do nothing to a run of that status, and whether it is so already; empty when it would.

    Raises RunRefused for what is no verb.
    """
    if verb not in _TABLE:
        raise RunRefused(f"Expected one of {', '.join(_TABLE)}, got {str(verb)[:80]!r}.")
    try:
        found = move(str(verb), status, name)
    except RunRefused as error:
        return error.message, False
    return (f"{name} is {status} already.", True) if found is Transition.NOTHING else ("", False)


def _remedy(status: Status) -> str:
    would = [word for word in ("pause", "resume", "stop", "set", "remove") if status in _TABLE[word]]
    useful = [word for word in would if _TABLE[word][status] is not Transition.NOTHING]
    return f"Possible now: {', '.join(useful)}." if useful else "Wait until it has ended."
