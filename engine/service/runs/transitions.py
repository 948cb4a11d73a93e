"""Which word a run in which status may be told."""

from __future__ import annotations

from enum import Enum

from engine.errors import RunRefused
from engine.protocol import Status

S = Status


class Move(Enum):
    TELL = "tell"
    """its keeper has to be told"""
    SETTLE = "settle"
    """nobody is at work on it: it is done by writing it down"""
    NOTHING = "nothing"
    """it is so already, or on its way"""


_TABLE: dict[str, dict[Status, Move]] = {
    "pause": {S.RUNNING: Move.TELL, S.QUEUED: Move.SETTLE, S.PAUSING: Move.NOTHING, S.PAUSED: Move.NOTHING},
    "stop": {
        S.RUNNING: Move.TELL, S.PAUSING: Move.TELL, S.QUEUED: Move.SETTLE, S.PAUSED: Move.SETTLE,
        S.STOPPING: Move.NOTHING, S.STOPPED: Move.NOTHING,
    },
    "resume": {S.PAUSED: Move.SETTLE, S.STOPPED: Move.SETTLE, S.FAILED: Move.SETTLE, S.LOST: Move.SETTLE},
    "extend": {
        S.DONE: Move.SETTLE, S.PAUSED: Move.SETTLE, S.STOPPED: Move.SETTLE, S.FAILED: Move.SETTLE,
        S.LOST: Move.SETTLE,
    },
    "set": {S.RUNNING: Move.TELL},
    "remove": {
        S.QUEUED: Move.SETTLE, S.PAUSED: Move.SETTLE, S.DONE: Move.SETTLE, S.STOPPED: Move.SETTLE,
        S.FAILED: Move.SETTLE, S.LOST: Move.SETTLE, S.DAMAGED: Move.SETTLE,
    },
}  # fmt: skip
_PAST = {
    "pause": "paused", "stop": "stopped", "resume": "resumed", "extend": "extended", "set": "changed",
    "remove": "removed",
}  # fmt: skip


def move(word: str, status: Status, name: str) -> Move:
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
    return (f"{name} is {status} already.", True) if found is Move.NOTHING else ("", False)


def _remedy(status: Status) -> str:
    would = [word for word in ("pause", "resume", "stop", "set", "remove") if status in _TABLE[word]]
    useful = [word for word in would if _TABLE[word][status] is not Move.NOTHING]
    return f"Possible now: {', '.join(useful)}." if useful else "Wait until it has ended."
