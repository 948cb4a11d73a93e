"""How large the fault tests are: DLTUI_CHAOS=1 is full size, a tenth of it the default."""

from __future__ import annotations

import os


def scaled(full: int, least: int = 3) -> int:
    """A count of kills, cuts or inputs, in the size that was asked for."""
    return max(least, round(full * float(os.environ.get("DLTUI_CHAOS", "0.1"))))
