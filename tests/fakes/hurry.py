"""A file in a run folder, or in the home, that ends all waiting of the fakes there.

A test has its run wait between steps for as long as the test may need, and tells it to hurry then.
"""

from __future__ import annotations

import time
from pathlib import Path

LOOK = 0.01


def tell(place: Path) -> None:
    """From now on nobody there waits."""
    (place / "hurry").touch()


def wait(seconds: float, *places: Path) -> None:
    """That long, or until one of these places is in a hurry."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and not any((place / "hurry").exists() for place in places):
        time.sleep(min(left, LOOK))
