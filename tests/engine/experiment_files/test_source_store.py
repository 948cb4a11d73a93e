"""Sources that runs keep."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import catalog, params, store
from engine.errors import CorruptRun
from engine.experiment_files import git_state, prepare, source_files, source_store
from engine.experiment_files.description import FileExperiment
from engine.places import Places
from engine.service.runs import verify_runs
from engine.worker.kept_source import load_train
from tests.engine.experiment_files.files import EMPTY, describe, write
from tests.fakes.engine import make_run


def keep(places: Places, path: Path) -> FileExperiment:
    return prepare.keep(places, describe(places, path))


def linked(places: Places, kept: FileExperiment, name: str) -> Path:
    owner = places.runs / name
    owner.mkdir(parents=True)
    source_store.link(places.sources / kept.stored, owner)
    return source_store.folder_in(owner, kept)


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@b")
    done = subprocess.run(
        ["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
    )  # fmt: skip
    return done.stdout.strip()


def test_equal_sources_are_one_file_on_disk(places: Places, tmp_path: Path) -> None:
    kept = keep(places, write(tmp_path))
    assert keep(places, tmp_path / "mine.py") == kept
    folders = [linked(places, kept, name) for name in ("a", "b")]
    inodes = {(folder / "files" / "mine.py").stat().st_ino for folder in folders}
    assert len(inodes) == 1
    assert source_store.read_texts(folders[0], source_store.read_facts(folders[0])) == {
        "mine.py": (tmp_path / "mine.py").read_bytes()
    }


def test_a_source_of_a_disk_without_links_is_copied(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*given: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    folder = linked(places, keep(places, write(tmp_path)), "a")
    assert (folder / "files" / "mine.py").read_bytes() == (tmp_path / "mine.py").read_bytes()


def test_a_change_names_the_files_and_a_file_that_is_gone_is_none(places: Places, tmp_path: Path) -> None:
    write(tmp_path, "other.py", "X = 1\n")
    path = write(tmp_path, text=f"import other\n{EMPTY}")
    folder = linked(places, keep(places, path), "a")
    assert source_store.changed_files(folder) == [] and source_store.changes(folder) == ""
    write(tmp_path, "other.py", "X = 2\n")
    assert source_store.changed_files(folder) == ["other.py"]
    assert "-X = 1\n+X = 2\n" in source_store.changes(folder)
    path.unlink()
    assert source_store.changed_files(folder) == [] and source_store.changes(folder) == ""


def test_a_kept_file_that_was_changed_is_damaged(places: Places, tmp_path: Path) -> None:
    folder = linked(places, keep(places, write(tmp_path)), "a")
    (folder / "files" / "mine.py").unlink()
    with pytest.raises(CorruptRun, match="is missing: it is the code of this run"):
        source_store.read_texts(folder, source_store.read_facts(folder))
    (folder / "files" / "mine.py").write_text(EMPTY)
    with pytest.raises(CorruptRun, match="is damaged"):
        source_store.read_texts(folder, source_store.read_facts(folder))


def test_a_large_file_is_named_and_hashed(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_files, "KEPT_BYTES", 1000)
    write(tmp_path, "large.py", f"X = {'1' * 999}\n")
    folder = linked(places, keep(places, write(tmp_path, text=f"import large\n{EMPTY}")), "a")
    facts = {one.name: one for one in source_store.read_facts(folder).files}
    assert not facts["large.py"].is_kept and len(facts["large.py"].sha256) == 64
    assert sorted(os.listdir(folder / "files")) == ["mine.py"]


def test_the_commit_and_what_is_not_committed_are_kept_and_nothing_of_the_repository_runs(
    places: Places, tmp_path: Path
) -> None:
    repository = tmp_path / "repository"
    path = write(repository, "code/mine.py", EMPTY)
    write(repository, ".gitattributes", "*.py filter=trap diff=trap\n")
    git(repository, "init", "-q")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "one")
    trap = write(tmp_path, "trap", f"#!/bin/sh\ntouch {tmp_path}/executed\ncat\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "filter.trap.clean", "filter.trap.smudge", "diff.trap.command",
                "diff.trap.textconv", "diff.external", "core.pager"):  # fmt: skip
        git(repository, "config", key, str(trap))
    for hook in ("post-index-change", "post-checkout", "pre-commit"):
        write(repository, f".git/hooks/{hook}", trap.read_text()).chmod(0o755)
    (tmp_path / "executed").unlink(missing_ok=True)
    path.write_text(f"X = 1\n{EMPTY}")
    (repository / "code" / "data.csv").write_text("1,2,3\n")
    folder = linked(places, keep(places, path), "a")
    facts = source_store.read_facts(folder)
    assert not (tmp_path / "executed").exists()
    assert facts.commit == git(repository, "rev-parse", "HEAD") and facts.diff == "kept"
    shown = source_store.read_diff(folder)
    assert "+X = 1\n" in shown and "data.csv" not in shown


def test_a_large_difference_to_the_commit_is_named_and_hashed(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(git_state, "DIFF_BYTES", 10)
    path = write(tmp_path, text=EMPTY)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "one")
    path.write_text(f"X = 1\n{EMPTY}")
    facts = source_store.read_facts(linked(places, keep(places, path), "a"))
    assert "too large to be kept: SHA-256 " in facts.diff


def test_a_source_that_no_run_keeps_is_deleted_after_a_day(places: Places, tmp_path: Path) -> None:
    used, unused = keep(places, write(tmp_path)), keep(places, write(tmp_path, "other.py", EMPTY))
    linked(places, used, "a")
    for kept in (used, unused):
        os.utime(places.sources / kept.stored, (1, 1))
    source_store.remove_unused(places)
    assert os.listdir(places.sources) == [used.stored]


def test_what_was_too_large_to_be_kept_is_imported_from_where_it_was_if_it_is_as_it_was(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_files, "KEPT_BYTES", 1000)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    large = write(tmp_path, "too_large_module.py", f"X = {'1' * 999}\n")
    kept = keep(places, write(tmp_path, text=f"import too_large_module\n{EMPTY}"))
    folder = linked(places, kept, "a").parent.parent
    load_train(folder, kept)
    assert sys.modules.pop("too_large_module").__file__ == str(large)
    large.write_text("X = 2\n")
    with pytest.raises(CorruptRun, match=r"too_large_module\.py has changed since; it was too large"):
        load_train(folder, kept)
    large.unlink()
    with pytest.raises(CorruptRun, match=r"there is no such file\. It was too large to be kept"):
        load_train(folder, kept)


def test_verify_names_a_kept_file_that_is_damaged(places: Places, tmp_path: Path) -> None:
    kept = keep(places, write(tmp_path))
    folder = store.create(places, replace(make_run(1, experiment="mine").spec, file=kept))
    assert verify_runs.check(places, [folder.id]) == []
    (source_store.folder_in(folder.path, kept) / "files" / "mine.py").unlink()
    [row] = verify_runs.check(places, [folder.id])
    assert not row["ok"] and "files/mine.py is missing" in row["text"]


def test_a_file_that_is_too_large_itself_trains_from_where_it_is(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_files, "KEPT_BYTES", 1000)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    write(tmp_path, "module_beside_it.py", "STEPS = 3\n")
    text = f"from module_beside_it import STEPS\nX = {'1' * 999}\ndef train(params, run):\n    run(STEPS)\n"
    kept = keep(places, write(tmp_path, "very_large.py", text))
    folder = linked(places, kept, "a").parent.parent
    (tmp_path / "module_beside_it.py").write_text("STEPS = 4\n")
    steps: list[int] = []
    train: Callable[[Any, Any], None] = load_train(folder, kept)
    train(params.build(catalog.from_file(kept).params, {}), steps.append)
    assert steps == [3] and "very_large.py" not in os.listdir(folder / "source" / kept.stored / "files")
    sys.modules.pop("module_beside_it"), sys.modules.pop("very_large")
