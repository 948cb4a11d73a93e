"""Notifications by the terminal: OSC 9, OSC 777 and the bell.

OSC 9 is that of iTerm2, kitty, WezTerm, Ghostty and foot; OSC 777 that of rxvt-unicode and of terminals made
with VTE. In tmux both pass through where `allow-passthrough` is on.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.notifications import AUTO, OFF, OSC_777, TerminalNotification
from tui.terminal.plain_text import plain

BELL = "\a"
TITLE_LIMIT, TEXT_LIMIT = 100, 200


def sequences(told: TerminalNotification, environ: Mapping[str, str]) -> str:
    """What to write to the terminal; text that the user did not type holds no control character there."""
    title, text = plain(told.title, limit=TITLE_LIMIT), plain(told.text, limit=TEXT_LIMIT)
    kind = protocol(environ) if told.terminal == AUTO else told.terminal
    made = ""
    if kind == OSC_777:
        made = f"\x1b]777;notify;{title.replace(';', ',')};{text}\x1b\\"
    elif kind != OFF:
        made = f"\x1b]9;{': '.join(filter(None, (title, text)))}\x1b\\"
    if made and "TMUX" in environ:
        made = "\x1bPtmux;" + made.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    return made + BELL * told.bell


def protocol(environ: Mapping[str, str]) -> str:
    """That of the terminal in which the app runs, by its environment."""
    is_777 = "VTE_VERSION" in environ or environ.get("TERM", "").startswith("rxvt")
    return OSC_777 if is_777 else "osc9"
