"""A run whose file was changed since: refuse it, or go on with the new code."""

from __future__ import annotations

import dataclasses

from engine import catalog, params, store
from engine.errors import RunRefused
from engine.experiment_files import source_store
from engine.experiment_files.description import FileExperiment
from engine.places import Places
from engine.protocol import Spec
from engine.store import RunFolder

NAMED = 5
"""files named in a message"""


def check_unchanged(folder: RunFolder, spec: Spec, file: FileExperiment) -> None:
    """Raises RunRefused where the files are not those that the run keeps, and CorruptRun.

    A file that is gone is no change: the run trains from the code that it keeps.
    """
    changed = source_store.changed_files(source_store.folder_in(folder.path, file))
    if not changed:
        return
    names = ", ".join(changed[:NAMED]) + (f" and {len(changed) - NAMED} more" if len(changed) > NAMED else "")
    raise RunRefused(
        f"{spec.name}: its code was changed since it started: {names}.",
        f"With the new code: dltui resume --fast {spec.id}; exactly, with the code it has: --kept",
    )


def replace_code(places: Places, folder: RunFolder, spec: Spec, changed: FileExperiment) -> None:
    """Let the run go on with `changed`: parameters of the same name keep their values.

    Raises ParamError where the new code does not accept one, OSError and CorruptRun.
    """
    declared = catalog.from_file(changed).params
    built = params.build(declared, params.known_values(declared, spec.params))
    store.source_linker(places, changed)(folder.path)
    store.write_amended(folder, dataclasses.asdict(built), changed)
