"""Keeps what TensorFlow prints at import out of the log of a run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FILTER_SCRIPT = Path(__file__).with_name("output_filter.py")
STDERR = 2
TIMEOUT = 10.0
"""seconds for the filter process to write its last line"""


@contextlib.contextmanager
def filtered_stderr() -> Iterator[None]:
    """Pipe stderr of this process through a filter; no setting of TensorFlow silences these lines."""
    sys.stderr.flush()
    plain = os.dup(STDERR)
    command = (sys.executable, "-I", "-S", str(FILTER_SCRIPT))
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=plain)
    assert process.stdin is not None
    os.dup2(process.stdin.fileno(), STDERR, inheritable=True)
    process.stdin.close()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(plain, STDERR, inheritable=True)
        os.close(plain)
        _wait(process)


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(TIMEOUT)
    except subprocess.TimeoutExpired:  # a process started meanwhile still holds the pipe
        process.kill()
        process.wait()
