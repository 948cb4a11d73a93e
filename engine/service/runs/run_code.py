"""The code of a run of a file experiment, for those who look at it."""

from __future__ import annotations

from dataclasses import asdict

from engine import store
from engine.experiment_files import source_store
from engine.experiment_files.code import CodeFile, RunCode
from engine.experiment_files.description import SourceFacts
from engine.places import Places
from engine.protocol import Json, Spec

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
