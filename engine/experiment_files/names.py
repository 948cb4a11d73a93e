"""Names of experiments that are files."""

from __future__ import annotations

import re
from pathlib import Path

from engine import catalog, spec_versions
from engine.experiment_files.errors import UnusableExperiment

VERBS = ("add", "remove", "exec", "import")
"""words that mean something else where the name of an experiment is expected"""
_NAME = re.compile(r"[A-Za-z0-9_]{1,40}")


def of_path(path: Path) -> str:
    """The name of the file, with _ for each character that no name has."""
    return re.sub(r"[^A-Za-z0-9_]", "_", path.stem)


def check(name: str, path: Path) -> str:
    """`name`. Raises UnusableExperiment where it is taken, or cannot be one."""
    if not _NAME.fullmatch(name):
        raise UnusableExperiment(
            f"{path}: expected a name of up to 40 letters, digits and _, got {name[:80]!r}: rename the file."
        )
    if name in VERBS:
        raise UnusableExperiment(
            f"{path}: no experiment may be called {name}, which is a command: rename the file."
        )
    current = spec_versions.current_experiment(name)
    if current in {one.name for one in catalog.built_in()} or catalog.suite(name):
        raise UnusableExperiment(f"{path}: dltui has an experiment {current} itself: rename the file.")
    return name
