"""Kept sources: written once per source into the home, linked into each run and sweep that uses it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import time
from dataclasses import asdict, replace
from pathlib import Path

from engine import files
from engine.errors import CorruptRun, DltuiError
from engine.experiment_files import git_state, source_files
from engine.experiment_files.description import SOURCE, FileExperiment
from engine.experiment_files.errors import UnusableExperiment
from engine.experiment_files.kept_source_record import SourceFacts
from engine.experiment_files.source_files import Source
from engine.places import Places, make_private

FACTS = "source.json"
FILES = "files"
DIFF = "uncommitted.diff"
UNUSED_SECONDS = 24 * 3600.0
"""after which a source that no run keeps is deleted"""


def keep(places: Places, described: FileExperiment, source: Source) -> FileExperiment:
    """`described` with the name of its kept source; that is written unless it is there. Raises DltuiError."""
    git = git_state.state_of(source.root, source.texts)
    shown = git.diff.encode()
    facts = SourceFacts(
        source.main, str(source.root), source.files(), source.sha256, git.commit, _diff_note(git, shown)
    )
    key = source_files.sha256(json.dumps(asdict(facts)).encode() + shown)[:24]
    target = places.sources / key
    make_private(places.root)
    try:
        if target.is_dir():
            os.utime(target)
        else:
            _write(places, target, facts, source, shown if facts.diff == "kept" else b"")
    except OSError as error:
        raise DltuiError(
            f"The source of {described.path} cannot be kept in {target}: {error.strerror or error}."
        ) from error
    return replace(described, stored=key, source=source.sha256)


def _diff_note(git: git_state.GitState, shown: bytes) -> str:
    if not git.commit:
        return ""
    if not shown:
        return "none"
    if len(shown) <= git_state.DIFF_BYTES:
        return "kept"
    return f"{len(shown):,} bytes, too large to be kept: SHA-256 {source_files.sha256(shown)}"


def _write(places: Places, target: Path, facts: SourceFacts, source: Source, shown: bytes) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    remove_unused(places)
    draft = target.with_name(f".new-{target.name}-{os.urandom(4).hex()}")
    draft.mkdir(mode=0o700)
    try:
        for file in facts.files:
            if file.is_kept:
                _write_file(draft / FILES / file.name, source.texts[file.name])
        if shown:
            _write_file(draft / DIFF, shown)
        _write_file(draft / FACTS, json.dumps(asdict(facts)).encode())
        os.rename(draft, target)
    except FileExistsError:
        pass  # another process kept the same source
    except OSError:
        if not target.is_dir():
            raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    files.sync_path(target.parent)


def _write_file(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files.write_new(path, data)
    os.chmod(path, 0o400)
    files.sync_path(path)


def link(stored: Path, owner: Path) -> None:
    """Hard links of the kept source `stored` below the folder `owner`; copies where links are impossible.

    Raises OSError, and CorruptRun where there is no such source.
    """
    facts = read_facts(stored)
    target = owner / SOURCE / stored.name
    names = [FACTS, *([DIFF] if facts.diff == "kept" else [])]
    names += [f"{FILES}/{file.name}" for file in facts.files if file.is_kept]
    for name in names:
        place = target / name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            os.link(stored / name, place)
        except FileExistsError:
            continue
        except OSError:
            shutil.copy2(stored / name, place)


def folder_in(owner: Path, described: FileExperiment) -> Path:
    """The kept source in the folder of a run or of a sweep."""
    return owner / SOURCE / described.stored


def read_facts(stored: Path) -> SourceFacts:
    """Raises CorruptRun."""
    found = files.read_typed(stored / FACTS, SourceFacts)
    if found is None:
        raise CorruptRun(f"{stored / FACTS} is missing: the source of the experiment is gone.")
    inside = all(_is_inside(file.name) for file in found.files) and _is_inside(found.main)
    if not inside:
        raise CorruptRun(f"{stored / FACTS}: expected names inside the folder.")
    return found


def _is_inside(name: str) -> bool:
    parts = name.split("/")
    return bool(name) and "\0" not in name and not {"", ".", ".."} & set(parts)


def read_texts(stored: Path, facts: SourceFacts) -> dict[str, bytes]:
    """The bytes of the files that are kept. Raises CorruptRun where one is missing or damaged."""
    found: dict[str, bytes] = {}
    for file in facts.files:
        if not file.is_kept:
            continue
        text = files.read_bytes(stored / FILES / file.name, limit=source_files.KEPT_BYTES)
        if text is None or source_files.sha256(text) != file.sha256:
            what = "is missing" if text is None else "is damaged"
            raise CorruptRun(
                f"{stored / FILES / file.name} {what}: it is the code of this run.",
                "Start a new run from the file.",
            )
        found[file.name] = text
    return found


def read_diff(stored: Path) -> str:
    """What was not committed; empty where nothing is kept. Raises CorruptRun."""
    found = files.read_bytes(stored / DIFF, limit=git_state.DIFF_BYTES)
    return (found or b"").decode("utf-8", "replace")


def remove_unused(places: Places) -> None:
    """Delete sources that no run and no sweep has linked for a day."""
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(places.sources)):
            with contextlib.suppress(OSError):
                facts = os.stat(os.path.join(entry.path, FACTS))
                is_old = entry.stat().st_mtime < time.time() - UNUSED_SECONDS
                if stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1 and is_old:
                    shutil.rmtree(entry.path, ignore_errors=True)


def changed_files(stored: Path) -> list[str]:
    """Names of the files that differ from the kept ones at their original place. Raises CorruptRun.

    Empty where the main file is gone or cannot be read: the kept source is what trains.
    """
    facts = read_facts(stored)
    now = _now(facts)
    return [one.name for one in facts.files if one.sha256 != now.get(one.name)] if now else []


def _now(facts: SourceFacts) -> dict[str, str]:
    """The hash of each file at its original place; empty where the main file is gone."""
    root, found = Path(facts.root), {}
    for name in (facts.main, *(one.name for one in facts.files)):
        with contextlib.suppress(UnusableExperiment):
            found[name] = source_files.sha256(source_files.read_text(root / name))
        if facts.main not in found:
            return {}
    return found


def changes(stored: Path) -> str:
    """The diff from the kept source to the files at their original place; empty as `changed_files` is.

    Raises CorruptRun.
    """
    facts = read_facts(stored)
    if not changed_files(stored):
        return ""
    kept, root = read_texts(stored, facts), Path(facts.root)
    now: dict[str, bytes] = {}
    for name in kept:
        with contextlib.suppress(UnusableExperiment):
            now[name] = source_files.read_text(root / name)
    return git_state.diff(kept, now, "the run", "now") or "A file that is too large to be kept was changed.\n"
