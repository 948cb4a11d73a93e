"""The message that a worker sends before it exits: one JSON line with a status and a cause."""

from __future__ import annotations

import json

from engine.keeper.cause import Verdict, one_line
from engine.protocol import Cause, Status, cause_from_json

EXIT_MESSAGE_LIMIT = 64 * 1024
"""bytes that are kept of what the worker sends"""
_ALLOWED = (Status.PAUSED, Status.DONE, Status.STOPPED, Status.FAILED)


def read_exit_message(data: bytes) -> Verdict | None:
    """The last complete line that is a valid message; None when there is none."""
    for line in reversed(data.split(b"\n")[:-1]):
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
