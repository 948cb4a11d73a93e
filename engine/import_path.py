"""How a new interpreter finds this very `engine`, installed or not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
"""the folder that holds the packages"""


def python_path(base: Mapping[str, str], house: Path = PACKAGE_ROOT) -> str:
    """PYTHONPATH for a child: as it was, with the house before it where no installation provides it."""
    given = base.get("PYTHONPATH", "")
    if house.name in ("site-packages", "dist-packages"):
        return given
    return os.pathsep.join([str(house), *filter(None, [given])])
