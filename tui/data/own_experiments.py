"""Experiments of the user's own that are files: loaded in threads, described by other processes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from engine import places
from engine.catalog import Experiment
from engine.experiment_files.description import FileExperiment

READING_FILES = (
    "Files that are new or were changed are being read: each imports its framework, which takes seconds."
)


def reading_text(path: str) -> str:
    """Why the form of a file is not there yet."""
    name = os.path.basename(path) or "The file"
    return f"{name} is being read by a process of its own, which imports its framework: that takes seconds."


def checking_text(experiment: Experiment) -> str:
    """Why a run of a file is not queued yet; empty for others."""
    if experiment.file is None:
        return ""
    return (
        f"{os.path.basename(experiment.file.path)} is asked in a process of its own whether these values fit."
    )


async def load_known() -> None:
    """Add them to the catalog of this process as they were described last; takes milliseconds."""
    from engine.experiment_files import prepare  # not before the first screen

    await asyncio.to_thread(prepare.load_known, places.home())


async def load_all() -> list[str]:
    """As `load_known` for all that were added, which takes seconds; the errors of those that fail."""
    from engine.experiment_files import prepare

    return await asyncio.to_thread(prepare.load, places.home())


async def add(path: str) -> str:
    """Add a file or a folder to the catalog; names and paths, and errors of files that fail.

    Raises DltuiError, and nothing was added.
    """
    from engine.experiment_files import added

    found = await asyncio.to_thread(added.add, places.home(), path)
    return "\n".join(
        f"{one.described.experiment.name}  {one.place.path}" if one.described else one.error for one in found
    )


async def remove(path: str) -> str:
    """Remove a file or a folder from the catalog. Raises DltuiError, which names those that were added."""
    from engine.experiment_files import added

    removed = await asyncio.to_thread(added.remove, places.home(), path)
    return f"{removed} is no longer in the catalog. Its runs stay, and can be resumed."


async def added_path(file: FileExperiment | None) -> str:
    """The path by which a file was added: its own, or that of its folder; empty where there is none."""
    from engine.experiment_files import added

    if file is None:
        return ""
    known = {one.path for one in (await asyncio.to_thread(added.read, places.home())).added}
    return next((path for path in (file.path, os.path.dirname(file.path)) if path in known), "")


async def check(experiment: Experiment, values: Mapping[str, object]) -> None:
    """Raises ParamError where the code of its file refuses the values, which another process finds out."""
    if experiment.file is None:
        return
    from engine.experiment_files import prepare

    await asyncio.to_thread(prepare.check, experiment.file, values)


async def current(file: FileExperiment) -> Experiment:
    """The experiment as its file is now, or as it was where that is gone. Raises DltuiError."""
    from engine.experiment_files import prepare

    return await asyncio.to_thread(prepare.current, places.home(), file)
