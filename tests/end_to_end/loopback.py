"""A Ray cluster on this machine, in processes of its own and with its own token."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine import process_identity
from tests.end_to_end.home import ROOT, Home, kill

MARK = "DLTUI_TEST_CLUSTER"


@dataclass
class Loopback:
    address: str
    token: str
    process: subprocess.Popen[str]
    folder: Path
    """where a file makes the runs there hurry"""

    def command(self, verb: str, number: int) -> None:
        """Send a command to the cluster and wait until it is done."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{verb} {number}\n")
        self.process.stdin.flush()
        _until(self.process, f"done {verb}")

    def trust(self, home: Home, token: str = "") -> None:
        """Have the home use the token of this cluster."""
        home.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token or self.token}


@contextlib.contextmanager
def cluster(*cpus: int, **environ: str) -> Iterator[Loopback]:
    """A cluster with one node for each number of CPUs, beside its head; ended with all its processes."""
    folder = tempfile.mkdtemp(prefix="r", dir="/tmp")  # Ray puts sockets deep below it
    token = "t" + os.urandom(20).hex()
    marks = {MARK: folder, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token, "RAY_TMPDIR": folder}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.ray_nodes", *map(str, cpus)],
        cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={
            **os.environ, **marks, "DLTUI_HOME": f"{folder}/home", "PYTHONPATH": str(ROOT),
            "DLTUI_EXTRA_CATALOG": "tests.fakes.catalog:CATALOG", "DLTUI_HURRY": folder, **environ,
        },
    )  # fmt: skip
    try:
        yield Loopback(_until(process, "address").split()[1], token, process, Path(folder))
    finally:
        _end(process, folder)


def _until(process: subprocess.Popen[str], start: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(start):
            return line
    raise AssertionError(f"the cluster ended before it printed {start}")


def _end(process: subprocess.Popen[str], folder: str) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    mark = f"{MARK}={folder}".encode()
    for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
        with contextlib.suppress(OSError):
            if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                kill(process_identity.of(pid))
    shutil.rmtree(folder, ignore_errors=True)
