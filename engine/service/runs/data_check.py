"""Compare the data folder of a run as it is now with the data that the run was trained on."""

from __future__ import annotations

from pathlib import Path

from engine.places import Places
from engine.protocol import RunSummary


def data_warning(places: Places, run: RunSummary) -> str:
    """One line where the data folder of the run is missing or holds other data; else empty.

    Also empty for a run without a named folder or without a fingerprint of its data.
    """
    from engine.remote.named_data import named_data

    folder = run.spec.data
    if not folder or not run.data_fingerprint:
        return ""
    if not Path(folder).is_dir():
        return f"{folder} does not exist any more: what it was trained on cannot be read."
    found = named_data(places, run.spec)
    if found is None:
        return f"{folder} does not hold what it was trained on any more."
    if found.fingerprint != run.data_fingerprint:
        return f"{folder} holds other data now: {found.description}."
    return ""
