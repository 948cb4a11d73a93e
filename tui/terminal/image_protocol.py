"""Images in the terminal by kitty's protocol or sixel, with the extra `images`."""

from __future__ import annotations

import os
import sys

INSTALL_HINT = (
    "Sharp pictures: install dltui[images] and start with DLTUI_IMAGES=1 in a kitty or sixel terminal."
)


def prepare() -> None:
    """To be called before the app runs: the package queries the terminal when it is imported."""
    if os.environ.get("DLTUI_IMAGES"):
        from importlib.util import find_spec

        if find_spec("textual_image") is not None:
            import textual_image.widget  # noqa: F401


def is_prepared() -> bool:
    return "textual_image.widget" in sys.modules
