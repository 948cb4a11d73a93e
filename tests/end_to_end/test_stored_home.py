"""A home that an earlier version wrote opens as ever, and the same commands still write the same files."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.home import ROOT
from tests.end_to_end.home_contents import contents, is_batch, is_close, machine, names_of, without_ids
from tests.end_to_end.stored_home import RUNNING_EPOCHS, Shell, answers, stop_engine, write_home

STORED = ROOT / "tests" / "stored" / "home"
EXPECTED: dict[str, Any] = json.loads((ROOT / "tests" / "stored" / "home.json").read_text())
"""`answers`: what commands printed then; `weights`: those of the paused run trained without a pause; `names`:
of all files, some of which are not stored"""

LATER_COLUMNS = ",\n    tags TEXT NOT NULL, note TEXT NOT NULL, config TEXT NOT NULL"
LATER_TABLES = (
    "CREATE INDEX by_config ON runs (config)",
    "CREATE TABLE fields (number INTEGER PRIMARY KEY, fields TEXT NOT NULL)",
)
"""columns of the index that came after the home was stored; an index of then is built again"""
LATER_FACTS = frozenset(("metric", "metric_value"))
"""facts of manifests that came after the home was stored: the value at the step of the checkpoint"""

LATER_FIELDS = re.compile(r"\n *\"disk\": \d+,")
"""of runs as JSON, that came after the home was stored"""


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    made = Shell(ROOT, tmp_path / "home")
    yield made
    made.dltui("engine", "stop", status=None)


@pytest.fixture
def opened(shell: Shell) -> Shell:
    """A copy of the stored home."""
    shutil.copytree(STORED, shell.home)
    shell.home.chmod(0o700)
    return shell


@pytest.mark.long
def test_a_stored_home_is_listed_shown_filtered_and_exported_as_then(opened: Shell) -> None:
    names = dict(names_of(STORED))
    found = answers(opened)
    assert found.keys() == EXPECTED["answers"].keys()
    for question, expected in EXPECTED["answers"].items():
        if question == "keys":
            then = expected.split()
            assert [name for name in found[question].split() if name in then] == then
            continue
        then = LATER_FIELDS.sub("", without_ids(found[question], names))
        assert then == without_ids(expected, names), question


@pytest.mark.long
def test_a_run_that_was_paused_then_is_resumed_to_the_weights_of_an_uninterrupted_one(opened: Shell) -> None:
    opened.dltui("resume", "paused")
    is_exact = opened.reach("paused", "done", "failed") == "done"
    if not is_exact:  # another processor or another version of a package
        opened.dltui("resume", "paused", "--fast")
        opened.reach("paused", "done")
    done = json.loads(opened.dltui("show", "paused", "--json"))
    assert done["step"] == RUNNING_EPOCHS
    assert not is_exact or done["checkpoints"][-1]["weights_sha256"] == EXPECTED["weights"]


def as_then(written: Any, expected: Any) -> Any:
    """What was written, without the fields that came after the home was stored."""
    if not (isinstance(written, dict) and isinstance(expected, dict)):
        return written
    return {name: as_then(written[name], expected[name]) for name in expected if name in written}


@pytest.mark.long
def test_the_same_commands_write_the_same_files(shell: Shell) -> None:
    shell.home.mkdir(mode=0o700)
    write_home(shell, running_epochs=10_000_000)
    stop_engine(shell)
    is_exact = machine(shell.home) == machine(STORED)
    written, stored = (contents(home, is_exact=is_exact) for home in (shell.home, STORED))
    assert sorted(written) == EXPECTED["names"]
    for path in written:
        if path.endswith("/MANIFEST.json"):
            facts = written[path]["env"]
            written[path]["env"] = {name: facts[name] for name in facts if name not in LATER_FACTS}
    schema = [text for text in written["index.sqlite"] if text not in LATER_TABLES]
    written["index.sqlite"] = [text.replace(LATER_COLUMNS, "") for text in schema]
    written["view.json"] = as_then(written["view.json"], stored["view.json"])
    for path, expected in stored.items():
        if is_batch(path):
            assert is_close(written[path], expected), path
        else:
            assert written[path] == expected, path
