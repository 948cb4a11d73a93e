"""`python -I -S engine/keeper/__main__.py RUNFOLDER ATTEMPT --python EXE`: keep one attempt of a run."""

from __future__ import annotations

import os
import sys

HOUSE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main(words: list[str]) -> int:
    sys.path.insert(0, HOUSE)
    from engine import signals

    signals.ignore()
    from engine.keeper import arguments
    from engine.keeper.attempt import keep

    try:
        asked = arguments.parse(words, os.environ)
    except ValueError as error:
        say("", f"cannot start: {error}")
        return arguments.MISUSED
    _leave_everything()
    return keep(asked, lambda text: say(asked.folder.name, text))


def say(run: str, text: str) -> None:
    """One line into the engine's log; a full or closed one does not matter to a run."""
    line = f"keeper {run}: {text}".replace("\n", " ") + "\n"
    try:
        os.write(2, line.encode(errors="replace"))
    except OSError:
        pass  # nobody can be told


def _leave_everything() -> None:
    os.umask(0o077)
    os.chdir("/")
    try:
        os.setsid()
    except PermissionError:
        pass  # it leads a session of its own already


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
