"""Pictures in the terminal's own pixels: kitty's protocol or sixel, by the extra `images`."""

from __future__ import annotations

import os
import sys

HOW = "Sharp pictures: install dltui[images] and start with DLTUI_IMAGES=1 in a kitty or sixel terminal."


def prepare() -> None:
    """Before the app runs: the package asks the terminal what it can while it is imported."""
    if os.environ.get("DLTUI_IMAGES"):
        from importlib.util import find_spec

        if find_spec("textual_image") is not None:
            import textual_image.widget  # noqa: F401


def is_prepared() -> bool:
    return "textual_image.widget" in sys.modules
