"""Disables garbage collection while the app starts; to be imported before the rest of the app."""

from __future__ import annotations

import gc

gc.disable()


def finish() -> None:
    """Exempt the objects of now from garbage collection, and enable it."""
    gc.freeze()
    gc.enable()
