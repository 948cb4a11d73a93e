"""A temporary home for one run, locked while in use, so that leftovers of a crash are recognised."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine import files
from engine.errors import CorruptRun, EngineError
from engine.places import Places, home, make_private
from engine.store import RunFolder

LOCK = "node.lock"


@dataclass(frozen=True, slots=True)
class TemporaryHome:
    root: Path

    @property
    def unpacking(self) -> Path:
        return self.root / "unpacking"

    def move_to_runs(self, run_id: str) -> RunFolder:
        """Rename the unpacked files to the folder of the run."""
        runs = Places(self.root).runs
        runs.mkdir(mode=0o700)
        final = runs / Path(run_id).name
        os.rename(self.unpacking, final)
        return RunFolder(final)


@contextlib.contextmanager
def create() -> Iterator[TemporaryHome]:
    """A folder removed at the end. Its data sets are those of this machine's own home."""
    with _locked_folder() as root:
        try:
            (root / "unpacking").mkdir(mode=0o700)
            _link_data(root)
            yield TemporaryHome(root)
        finally:
            shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def _locked_folder() -> Iterator[Path]:
    """A locked folder. An outer lock is held until then, so that it is not removed before it is locked."""
    above = parent_folder()
    with contextlib.ExitStack() as until_left:
        with files.locked(above.with_suffix(".lock")):
            _remove_unlocked(above)
            root = Path(tempfile.mkdtemp(dir=above))
            until_left.enter_context(files.locked(root / LOCK, 0))
        yield root


def parent_folder() -> Path:
    """Raises EngineError."""
    ours = Path(tempfile.gettempdir()) / f"dltui-{os.geteuid()}"
    for folder in (ours, ours / "far"):
        make_private(folder)
    return ours / "far"


def _link_data(root: Path) -> None:
    """Link the data cache of this machine's home; without a usable one, downloads last as long as the run."""
    cache = home().cache
    try:
        make_private(cache.parent)
        cache.mkdir(mode=0o700, exist_ok=True)
    except (OSError, EngineError) as error:
        print(f"data sets are not kept: {error}", file=sys.stderr)
        return
    (root / "data").symlink_to(cache)


def _remove_unlocked(above: Path) -> None:
    """Remove folders whose lock is free; a folder that its owner is just removing is no error."""
    for root in above.iterdir():
        with contextlib.suppress(OSError, CorruptRun), files.locked(root / LOCK, 0):
            shutil.rmtree(root, ignore_errors=True)
