"""What the folder of data of a run holds now, against what the run was trained on."""

from __future__ import annotations

from pathlib import Path

from engine.places import Places
from engine.protocol import RunSummary


def data_now(places: Places, run: RunSummary) -> str:
    """One line where the folder that was named for the run is gone or holds other data; else empty.

    A run without a named folder, or that said nothing of its data, has nothing to compare.
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
        return f"{folder} holds other data now: {found.words}."
    return ""
