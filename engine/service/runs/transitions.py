"""Which command is allowed in which status, and how it is carried out."""

from __future__ import annotations

from enum import Enum

from engine.errors import RunRefused
from engine.protocol import Status

S = Status


class Transition(Enum):
    SEND = "send"
    """send the command to the keeper"""
    RECORD = "record"
    """there is no keeper: write it to the run folder"""
    NOTHING = "nothing"
    """the run is, or soon will be, in that status"""


SEND, RECORD, NOTHING = Transition.SEND, Transition.RECORD, Transition.NOTHING
_TABLE: dict[str, dict[Status, Transition]] = {
    "pause": {S.RUNNING: SEND, S.QUEUED: RECORD, S.PAUSING: NOTHING, S.PAUSED: NOTHING},
    "stop": {
        S.RUNNING: SEND, S.PAUSING: SEND, S.QUEUED: RECORD, S.PAUSED: RECORD,
        S.STOPPING: NOTHING, S.STOPPED: NOTHING,
    },
    "resume": {S.PAUSED: RECORD, S.STOPPED: RECORD, S.FAILED: RECORD, S.LOST: RECORD},
    "extend": {
        S.DONE: RECORD, S.PAUSED: RECORD, S.STOPPED: RECORD, S.FAILED: RECORD,
        S.LOST: RECORD,
    },
    "set": {S.RUNNING: SEND},
    "remove": {
        S.QUEUED: RECORD, S.PAUSED: RECORD, S.DONE: RECORD, S.STOPPED: RECORD,
        S.FAILED: RECORD, S.LOST: RECORD, S.DAMAGED: RECORD, S.IMPORTED: RECORD,
    },
}  # fmt: skip
_PAST = {
    "pause": "paused", "stop": "stopped", "resume": "resumed", "extend": "extended", "set": "changed",
    "remove": "removed",
}  # fmt: skip


def transition(command: str, status: Status, name: str) -> Transition:
    """Raises RunRefused naming the status of the run and the commands that are possible."""
    found = _TABLE[command].get(status)
    if found is None:
        raise RunRefused(f"{name} is {status} and cannot be {_PAST[command]} now.", _remedy(status))
    return found


def why_not(verb: object, status: Status, name: str) -> tuple[str, bool]:
    """Why `verb` has no effect on a run of that status, and whether the run is in that state already.

    The text is empty when it has an effect. Raises RunRefused for an unknown verb.
    """
    if verb not in _TABLE:
        raise RunRefused(f"Expected one of {', '.join(_TABLE)}, got {str(verb)[:80]!r}.")
    try:
        found = transition(str(verb), status, name)
    except RunRefused as error:
        return error.message, False
    return (f"{name} is {status} already.", True) if found is Transition.NOTHING else ("", False)


def _remedy(status: Status) -> str:
    allowed = [verb for verb in ("pause", "resume", "stop", "set", "remove") if status in _TABLE[verb]]
    useful = [verb for verb in allowed if _TABLE[verb][status] is not Transition.NOTHING]
    return f"Possible now: {', '.join(useful)}." if useful else "Wait until it has ended."
