"""Writes what a real library logs to `tests/stored/logs/LIBRARY-VERSION`, without a name of this machine.

Times count from BEGAN in milliseconds, as far as Python gives them, so that a second writing is the same.
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

LOGS = Path(__file__).parents[1] / "stored" / "logs"
SIZE_LIMIT = 2_000_000
"""bytes of all logs together"""
BEGAN = 1_700_000_000.0
HOST = "host"
SEED = 1
_EVENT_FILE = re.compile(r"(events\.out\.tfevents)\.\d+\.[^.]+(\.\d+)?")
_SHORTEST = 3
"""characters of a name that is searched in the files: shorter ones are in any"""


def store(library: str, write: Callable[[Path], None]) -> None:
    """Let `write` fill a folder in which it runs, and keep it in place of what the same version wrote before.

    A library that is not installed is named and left out.
    """
    try:
        version = metadata.version(library).partition("+")[0]
    except metadata.PackageNotFoundError:
        print(f"{library} is not installed: left out")
        return
    private = _private_names()
    _be_steady()
    target = LOGS / f"{library}-{version}"
    with tempfile.TemporaryDirectory(prefix="log") as made:
        os.chdir(made)
        write(Path())
        os.chdir(LOGS.parent)
        _rename_events(Path(made))
        _refuse_private_names(Path(made), [*private, made])
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(made, target)
    print(target.name, _size(target), "bytes")
    if (size := _size(LOGS)) > SIZE_LIMIT:
        sys.exit(f"{LOGS} has {size:,} bytes, expected at most {SIZE_LIMIT:,}.")


def _private_names() -> list[str]:
    here = [socket.gethostname(), getpass.getuser(), str(Path.home()), str(Path.cwd()), sys.prefix]
    return [name for name in here if len(name) >= _SHORTEST and name != HOST]


def _be_steady() -> None:
    """Names, seeds and times that do not depend on the machine and its load."""
    import random

    random.seed(SEED)
    socket.gethostname = lambda: HOST
    passed = 0

    def steady_time() -> float:
        nonlocal passed
        if threading.current_thread() is threading.main_thread():
            passed += 1
        return BEGAN + passed / 1000

    time.time = steady_time


def _rename_events(folder: Path) -> None:
    """Event files: time, host and process in their names become those of every machine."""
    for number, path in enumerate(sorted(folder.rglob("*tfevents*"))):
        name = _EVENT_FILE.sub(rf"\1.{int(BEGAN) + number}.{HOST}.1", path.name)
        path.rename(path.with_name(name))


def _refuse_private_names(folder: Path, private: list[str]) -> None:
    for path in filter(Path.is_file, folder.rglob("*")):
        data = path.read_bytes()
        for name in private:
            if re.search(rb"(?<!\w)" + re.escape(name.encode()) + rb"(?!\w)", data):
                sys.exit(f"{path.relative_to(folder)} has {name!r} in it, expected no name of this machine.")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
