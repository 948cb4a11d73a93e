"""The `dltui` command. Without a verb it opens the app; every verb works without a screen."""

from __future__ import annotations

import sys

INTERRUPTED = 130
"""what a shell says of a program that SIGINT ended"""


def main() -> None:
    """Nothing but the app's own modules is imported on the way to the first screen."""
    try:
        _start()
    except KeyboardInterrupt:  # also while modules are still being imported
        sys.exit(INTERRUPTED)


def _start() -> None:
    if len(sys.argv) == 1 and _is_terminal():
        sys.exit(_app())
    from tui.cli import commands

    commands.main()


def _is_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def _app() -> int:
    try:
        from tui.terminal import capabilities

        if capabilities.has_no_screen():
            return capabilities.refused()
        from engine import places
        from tui.app import open_app

        return open_app(places.home())
    except Exception as error:
        from tui.cli import guard

        return guard.told(error)


if __name__ == "__main__":
    main()
