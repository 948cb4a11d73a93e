"""Experiments of the user's own that are files: loaded in threads, described by other processes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from engine import places
from engine.catalog import Experiment
from engine.experiment_files.description import FileExperiment


async def load_known() -> None:
    """Add them to the catalog of this process as they were described last; takes milliseconds."""
    from engine.experiment_files import prepare  # not before the first screen

    await asyncio.to_thread(prepare.load_known, places.home())


async def load_all() -> list[str]:
    """As `load_known` for all that were added, which takes seconds; the errors of those that fail."""
    from engine.experiment_files import prepare

    return await asyncio.to_thread(prepare.load, places.home())


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
