"""A file that ends all waiting of fakes: in a run folder, in the home, or in the folder DLTUI_HURRY names.

A test has its run wait between steps for as long as the test may need, and tells it to hurry then.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

LOOK = 0.01


def tell(place: Path) -> None:
    """From now on nobody there waits."""
    (place / "hurry").touch()


def calm(place: Path) -> None:
    """From now on they wait again."""
    (place / "hurry").unlink(missing_ok=True)


def wait(seconds: float, *places: Path) -> None:
    """That long, or until one of these places is in a hurry."""
    end = time.monotonic() + seconds
    where = (*places, Path(os.environ.get("DLTUI_HURRY", os.devnull)))
    while (left := end - time.monotonic()) > 0 and not any((place / "hurry").exists() for place in where):
        time.sleep(min(left, LOOK))
