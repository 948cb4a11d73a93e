"""Waits of fake experiments, which a test ends by a file `hurry` in a run folder, the home or DLTUI_HURRY.

A fake waits between its steps for as long as the test may need; the test then skips all further waits.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

POLL_SECONDS = 0.01


def skip(place: Path) -> None:
    """End all waits there until `resume`."""
    (place / "hurry").touch()


def resume(place: Path) -> None:
    """Wait again."""
    (place / "hurry").unlink(missing_ok=True)


def wait(seconds: float, *places: Path) -> None:
    """Wait that long, or until a file `hurry` is in one of the places."""
    end = time.monotonic() + seconds
    where = (*places, Path(os.environ.get("DLTUI_HURRY", os.devnull)))
    while (left := end - time.monotonic()) > 0 and not any((place / "hurry").exists() for place in where):
        time.sleep(min(left, POLL_SECONDS))
