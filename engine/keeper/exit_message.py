"""What a worker says before it leaves: one JSON line with a status and a cause."""

from __future__ import annotations

import json

from engine.keeper.cause import Verdict, one_line
from engine.protocol import Cause, Status, cause_from_json

LIMIT = 64 * 1024
"""bytes that are listened to"""
_ALLOWED = (Status.PAUSED, Status.DONE, Status.STOPPED, Status.FAILED)


def read(said: bytes) -> Verdict | None:
    """The last whole line that makes sense; None for silence, noise and torn words."""
    for line in reversed(said.split(b"\n")[:-1]):
        verdict = _parse(line)
        if verdict is not None:
            return verdict
    return None


def _parse(line: bytes) -> Verdict | None:
    try:
        data = json.loads(line)
        status = Status(data["status"])
        cause = cause_from_json(data["cause"])
        text, remedy = one_line(str(cause.text)), one_line(str(cause.remedy))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return (status, Cause(cause.kind, text, remedy)) if status in _ALLOWED else None
