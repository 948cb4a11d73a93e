"""The code of a run of a file experiment: whether it was changed since, its replacement, and its text."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict

from engine import catalog, params, store
from engine.errors import RunRefused
from engine.experiment_files import source_store
from engine.experiment_files.code import CodeFile, RunCode
from engine.experiment_files.description import FileExperiment
from engine.experiment_files.kept_source_record import SourceFacts
from engine.places import Places
from engine.protocol import Json, Spec
from engine.store import RunFolder

TEXT_LIMIT = 1_000_000
"""characters of all files, and of each difference, so that the answer fits into a frame"""


def read(places: Places, spec: Spec) -> Json | None:
    """A `RunCode` as JSON; None for an experiment of the catalog. Raises CorruptRun."""
    if spec.file is None:
        return None
    folder = source_store.folder_in(store.folder_of(places, spec.id).path, spec.file)
    facts = source_store.read_facts(folder)
    uncommitted = source_store.read_diff(folder) if facts.diff == "kept" else ""
    found = RunCode(
        facts.root, facts.source, _files(facts, source_store.read_texts(folder, facts)), facts.commit,
        facts.diff, uncommitted[:TEXT_LIMIT], source_store.changes(folder)[:TEXT_LIMIT],
    )  # fmt: skip
    return asdict(found)


def _files(facts: SourceFacts, texts: dict[str, bytes]) -> tuple[CodeFile, ...]:
    """The main file first; files beyond TEXT_LIMIT without their text."""
    found, left = [], TEXT_LIMIT
    for one in sorted(facts.files, key=lambda file: file.name != facts.main):
        text = texts.get(one.name, b"").decode("utf-8", "replace")
        found.append(CodeFile(one.name, one.sha256, one.bytes, text if len(text) <= left else ""))
        left -= len(found[-1].text)
    return tuple(found)


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
