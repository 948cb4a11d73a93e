"""Standard input to standard error, without the lines in which TensorFlow says that all is well.

A script of its own: what a crash has written in its last moment still comes through.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

IDLE = (b"I0000 ", b"WARNING: All log messages before absl::InitializeLog() is called")


def sifted(lines: Iterable[bytes]) -> Iterator[bytes]:
    return (line for line in lines if not line.startswith(IDLE))


if __name__ == "__main__":
    for told in sifted(sys.stdin.buffer):
        sys.stderr.buffer.write(told)
        sys.stderr.buffer.flush()
