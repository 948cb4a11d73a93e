"""`python -I -S engine/keeper/__main__.py RUNFOLDER ATTEMPT --python EXE`: supervise one attempt of a run."""

from __future__ import annotations

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main(argv: list[str]) -> int:
    """Exit code: see `engine.keeper.arguments`."""
    sys.path.insert(0, ROOT)
    from engine import ending_signals

    ending_signals.ignore()
    from engine.keeper import arguments
    from engine.keeper.supervise_attempt import supervise

    try:
        args = arguments.parse(argv, os.environ)
    except ValueError as error:
        log_line("", f"cannot start: {error}")
        return arguments.USAGE_ERROR
    _detach()
    return supervise(args, lambda text: log_line(args.folder.name, text))


def log_line(run: str, text: str) -> None:
    """Write one line to stderr, which is the engine's log. Write errors are ignored."""
    line = f"keeper {run}: {text}".replace("\n", " ") + "\n"
    try:
        os.write(2, line.encode(errors="replace"))
    except OSError:
        pass  # the log is full or closed


def _detach() -> None:
    """Private files, no working folder, a session of its own."""
    os.umask(0o077)
    os.chdir("/")
    try:
        os.setsid()
    except PermissionError:
        pass  # already a session leader


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
