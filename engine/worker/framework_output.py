"""What a framework prints while it is imported, kept out of the log of a run."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SIEVE = Path(__file__).with_name("output_filter.py")
STDERR = 2
PATIENCE = 10.0
"""seconds for the sieve to write its last line"""


@contextlib.contextmanager
def sieved() -> Iterator[None]:
    """Standard error of this process goes through a sieve; no setting silences these lines of TensorFlow."""
    sys.stderr.flush()
    plain = os.dup(STDERR)
    command = (sys.executable, "-I", "-S", str(SIEVE))
    sieve = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=plain)
    assert sieve.stdin is not None
    os.dup2(sieve.stdin.fileno(), STDERR, inheritable=True)
    sieve.stdin.close()
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(plain, STDERR, inheritable=True)
        os.close(plain)
        _end(sieve)


def _end(sieve: subprocess.Popen[bytes]) -> None:
    try:
        sieve.wait(PATIENCE)
    except subprocess.TimeoutExpired:  # something that was started meanwhile still holds the pipe
        sieve.kill()
        sieve.wait()
