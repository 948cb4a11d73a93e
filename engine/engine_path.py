"""PYTHONPATH with which a child process imports this `engine`, installed or not."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PACKAGE_ROOT = Path(__file__).resolve().parent.parent
"""the folder that holds the packages"""


def python_path(base: Mapping[str, str], root: Path = PACKAGE_ROOT) -> str:
    """PYTHONPATH of `base` with `root` before it, unless the packages are installed."""
    given = base.get("PYTHONPATH", "")
    if root.name in ("site-packages", "dist-packages"):
        return given
    return os.pathsep.join([str(root), *filter(None, [given])])
