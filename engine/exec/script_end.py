"""How a command's run ended, as far as its worker tells it; the keeper explains failures.

Statuses and kinds of causes are those of `engine.protocol`, which is not imported: it would add
a third to the cost of the worker.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from engine import ending_signals

RESUME_REMEDY = "Resume starts the command again with DLTUI_RESUME=1; what it continues is its own matter."
RESUMED = "It was started again with DLTUI_RESUME=1: whether it continues exactly is the script's own matter."


class ScriptEnd(NamedTuple):
    code: int
    """the exit code, or minus the signal that ended it"""
    step: int = 0
    """the last that was logged; 0: none"""
    requested: str = ""
    """pause or stop"""
    prune_reason: str = ""
    signal_number: int | None = None
    """a signal from outside that ended the run"""
    is_orphaned: bool = False
    """whether the keeper has ended"""
    diverged: str = ""
    """which loss was not finite first"""
    saved_step: int = 0
    """of the last checkpoint before that; 0: none"""


def exit_message(end: ScriptEnd) -> dict[str, Any] | None:
    """Status and cause; None where the command failed: the worker ends as the command did."""
    at = f" at step {end.step}" if end.step else ""
    left = _left(end.code)
    if end.is_orphaned:
        return _message("lost", "keeper_lost", f"Its keeper died; the command was ended{at}.", RESUME_REMEDY)
    if end.requested == "stop" and end.prune_reason:
        return _message("stopped", "pruned", f"Pruned{at}: {end.prune_reason}.", RESUME_REMEDY)
    if end.requested == "stop":
        return _message(
            "stopped", "user_stop", f"Stopped by its user{at}: the command {left}.", RESUME_REMEDY
        )
    if end.requested == "pause":
        return _message("paused", "paused", f"Paused{at}: the command {left}.", RESUME_REMEDY)
    if end.signal_number is not None:
        name = ending_signals.name_of(end.signal_number)
        text = f"{name} from outside{at}: the command {left}."
        return _message("stopped", "signal", text, RESUME_REMEDY)
    if end.diverged and end.code >= 0:
        text = end.diverged if end.code == 0 else f"{end.diverged} The command {left}."
        kept = f"; its last good checkpoint is of step {end.saved_step}." if end.saved_step else "."
        return _message("failed", "diverged", text, f"Start it again with a smaller learning rate{kept}")
    if end.code == 0:
        return _message("done", "finished", f"Finished{at}." if end.step else "Finished: exit code 0.", "")
    return None


def without_last_events(message: dict[str, Any] | None) -> dict[str, Any] | None:
    """The message where the disk is too full for what was logged last."""
    if message is None:
        return None
    cause = message["cause"]
    text = f"{cause['text'][:300]} What it logged last is lost: the disk is full."
    return {
        **message,
        "cause": {**cause, "text": text, "remedy": cause["remedy"] or "Make room on the disk."},
    }


def _left(code: int) -> str:
    if code < 0:
        return f"was ended by {ending_signals.name_of(-code)}"
    return f"exited with code {code}"


def _message(status: str, kind: str, text: str, remedy: str) -> dict[str, Any]:
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:400]
    return {"status": status, "cause": {"kind": kind, "text": shown, "remedy": remedy}}
