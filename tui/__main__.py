"""The `dltui` command: the app without arguments, else a command of the CLI."""

from __future__ import annotations

import sys

INTERRUPTED = 130
"""exit status of a process that SIGINT ended"""


def main() -> None:
    """Start the app or the CLI; the CLI is imported only where it is used."""
    try:
        _start()
    except KeyboardInterrupt:  # also while modules are still being imported
        sys.exit(INTERRUPTED)


def _start() -> None:
    if len(sys.argv) == 1 and _is_terminal():
        sys.exit(_app())
    from tui.cli import learn_due

    if learn_due.is_asked(sys.argv[1:]):
        sys.exit(learn_due.print_due(sys.argv[1:]))
    from tui.cli import commands

    commands.main()


def _is_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))


def _app() -> int:
    try:
        from tui.terminal import capabilities

        if capabilities.has_no_screen():
            return capabilities.print_no_screen()
        from engine import places
        from tui.app import open_app

        return open_app(places.home())
    except Exception as error:
        from tui.cli import guard

        return guard.report_error(error)


if __name__ == "__main__":
    main()
