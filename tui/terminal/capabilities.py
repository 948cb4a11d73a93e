"""Capabilities of the terminal, as far as the environment tells."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from engine.machine_protocol import Finding, Severity
from tui.terminal.glyphs import is_utf8, output_encoding


def examine(
    environ: Mapping[str, str] | None = None,
    isatty: bool | None = None,
    encoding: str | None = None,
) -> list[Finding]:
    """Colours, letters, multiplexer and graphics. Without arguments: of this process."""
    environ = os.environ if environ is None else environ
    if not (sys.stdout.isatty() if isatty is None else isatty):
        return [Finding("terminal", Severity.NOTE, "The output is not a terminal: plain text.")]
    return [
        colours(environ),
        letters(environ, output_encoding() if encoding is None else encoding),
        graphics(environ),
        *multiplexer(environ),
    ]


NO_SCREEN = ("", "dumb", "unknown")
"""values of TERM of terminals without a full screen"""


def has_no_screen(environ: Mapping[str, str] | None = None) -> bool:
    return (os.environ if environ is None else environ).get("TERM", "") in NO_SCREEN


def print_no_screen() -> int:
    """Print on stderr that the app needs a full screen; returns the exit status."""
    term = os.environ.get("TERM") or "not set"
    print(
        f"TERM is {term}: the app needs a terminal with a full screen. Verbs work without one: dltui run, "
        "ls, show, plot, ...; all of them: dltui --help",
        file=sys.stderr,
    )
    return 2


def colours(environ: Mapping[str, str]) -> Finding:
    """By the rules of Rich: COLORTERM, then TERM."""
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR"):
        return Finding("colours", Severity.NOTE, "NO_COLOR is set: no colours.")
    if has_no_screen(environ):
        text = f"TERM is {term or 'not set'}: no colours, no full screen."
        return Finding(
            "colours", Severity.WARNING, text, "Set TERM to what your terminal is, as xterm-256color."
        )
    if environ.get("COLORTERM", "").lower() in ("truecolor", "24bit") or term.endswith("-direct"):
        return Finding("colours", Severity.OK, f"16 million colours ({term}).")
    if "256color" in term or term.startswith("xterm-kitty"):
        remedy = "If it can do more: export COLORTERM=truecolor"
        return Finding("colours", Severity.OK, f"256 colours ({term}).", remedy)
    return Finding(
        "colours",
        Severity.NOTE,
        f"16 colours ({term}).",
        "If it can do more: export TERM=xterm-256color COLORTERM=truecolor",
    )


def letters(environ: Mapping[str, str], encoding: str) -> Finding:
    if environ.get("TERM") == "linux":
        return Finding(
            "letters", Severity.NOTE, "The Linux console has no braille: curves are drawn in ASCII."
        )
    if not is_utf8(encoding):
        text = f"The locale writes {encoding or 'ASCII'}: curves are drawn in ASCII."
        return Finding("letters", Severity.WARNING, text, "export LANG=C.UTF-8")
    return Finding("letters", Severity.OK, "Unicode: curves are drawn in braille.")


def graphics(environ: Mapping[str, str]) -> Finding:
    """Guessed by name: a query would be answered through the keyboard input."""
    inside = environ.get("TMUX") or environ.get("STY")
    name = environ.get("TERM_PROGRAM", "")
    kitty = "KITTY_WINDOW_ID" in environ or environ.get("TERM") in ("xterm-kitty", "xterm-ghostty")
    if not inside and (kitty or name in ("WezTerm", "ghostty")):
        return Finding("graphics", Severity.OK, "Kitty graphics (known by its name).")
    if not inside and (name == "iTerm.app" or environ.get("TERM", "").startswith(("foot", "mlterm"))):
        return Finding("graphics", Severity.OK, "Sixel graphics (known by its name).")
    return Finding(
        "graphics", Severity.OK, "No image protocol is known for it: images are drawn in coloured blocks."
    )


def multiplexer(environ: Mapping[str, str]) -> list[Finding]:
    if environ.get("TMUX"):
        remedy = (
            "For the clipboard: set -s set-clipboard on. For all colours: set -as terminal-features ',*:RGB'"
        )
        return [
            Finding(
                "tmux", Severity.OK, "Inside tmux: a dropped connection leaves the screen as it is.", remedy
            )
        ]
    if environ.get("STY"):
        return [Finding("screen", Severity.NOTE, "Inside GNU screen: no clipboard.", "tmux passes it on.")]
    return []
