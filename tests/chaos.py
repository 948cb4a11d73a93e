"""The size of the fault tests: DLTUI_CHAOS=1 is full size; the default is a tenth of it."""

from __future__ import annotations

import os


def scaled(full: int, least: int = 3) -> int:
    """A count of kills, cuts or inputs, scaled by DLTUI_CHAOS."""
    return max(least, round(full * float(os.environ.get("DLTUI_CHAOS", "0.1"))))
