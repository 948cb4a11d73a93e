"""A temporary home for one run: taken with a lock, so that what a crash leaves is known as such."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import EngineError
from engine.places import Places, home, make_private
from engine.store import RunFolder

LOCK = "node.lock"


@dataclass(frozen=True, slots=True)
class TemporaryHome:
    root: Path

    @property
    def unpacking(self) -> Path:
        return self.root / "unpacking"

    def settle(self, run_id: str) -> RunFolder:
        """What was unpacked becomes the folder of that run."""
        runs = Places(self.root).runs
        runs.mkdir(mode=0o700)
        final = runs / Path(run_id).name
        os.rename(self.unpacking, final)
        return RunFolder(final)


@contextlib.contextmanager
def take() -> Iterator[TemporaryHome]:
    """A folder that is removed at the end. Its data sets are those of this machine's own home."""
    with _made() as root:
        try:
            (root / "unpacking").mkdir(mode=0o700)
            _lend_data(root)
            yield TemporaryHome(root)
        finally:
            shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def _made() -> Iterator[Path]:
    """A folder with its lock held. Until it is held, nobody may look for folders that nobody holds."""
    above = checkpoint_folder()
    with contextlib.ExitStack() as until_left:
        with _held(above.with_suffix(".lock"), fcntl.LOCK_EX):
            _sweep(above)
            root = Path(tempfile.mkdtemp(dir=above))
            until_left.enter_context(_held(root / LOCK, fcntl.LOCK_EX | fcntl.LOCK_NB))
        yield root


def checkpoint_folder() -> Path:
    """Raises EngineError."""
    ours = Path(tempfile.gettempdir()) / f"dltui-{os.geteuid()}"
    for folder in (ours, ours / "far"):
        make_private(folder)
    return ours / "far"


def _lend_data(root: Path) -> None:
    """Where this machine has no home that can be used, what is downloaded lasts as long as the run."""
    cache = home().cache
    try:
        make_private(cache.parent)
        cache.mkdir(mode=0o700, exist_ok=True)
    except (OSError, EngineError) as error:
        print(f"data sets are not kept: {error}", file=sys.stderr)
        return
    (root / "data").symlink_to(cache)


def _sweep(above: Path) -> None:
    """Remove what nobody holds any more, or what its holder is just removing."""
    for root in above.iterdir():
        with contextlib.suppress(OSError), _held(root / LOCK, fcntl.LOCK_EX | fcntl.LOCK_NB):
            shutil.rmtree(root, ignore_errors=True)


@contextlib.contextmanager
def _held(lock: Path, how: int) -> Iterator[None]:
    """Raises OSError: BlockingIOError when somebody else holds it and `how` is not to wait."""
    fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, how)
        yield
    finally:
        os.close(fd)
