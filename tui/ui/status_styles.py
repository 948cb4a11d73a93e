"""How the status of a run looks: the name of its style, and its sign in Unicode and in ASCII."""

from __future__ import annotations

from engine.protocol import Status
from tui.terminal.glyphs import glyphs
from tui.ui.span import Span

STATUS_STYLES = {
    Status.QUEUED: "muted",
    Status.RUNNING: "good",
    Status.PAUSING: "warn",
    Status.PAUSED: "warn",
    Status.STOPPING: "muted",
    Status.DONE: "done",
    Status.STOPPED: "muted",
    Status.FAILED: "bad",
    Status.LOST: "bad",
    Status.IMPORTED: "muted",
    Status.DAMAGED: "bad",
}
_SIGNS = {
    Status.QUEUED: ("◌", "."),
    Status.RUNNING: ("●", "*"),
    Status.PAUSING: ("◍", "o"),
    Status.PAUSED: ("‖", "="),
    Status.STOPPING: ("◧", "-"),
    Status.DONE: ("✓", "v"),
    Status.STOPPED: ("■", "#"),
    Status.FAILED: ("✗", "x"),
    Status.LOST: ("?", "?"),
    Status.IMPORTED: ("↓", "i"),
    Status.DAMAGED: ("!", "!"),
}


def status_sign(status: Status) -> Span:
    """One cell."""
    return Span(_SIGNS[status][glyphs().ascii_only], STATUS_STYLES[status])
