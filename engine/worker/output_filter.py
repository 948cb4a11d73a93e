"""Copies standard input to standard error without TensorFlow's informational lines.

It runs as a process of its own, so that output written just before a crash is still copied.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

INFORMATIONAL = (b"I0000 ", b"WARNING: All log messages before absl::InitializeLog() is called")


def filtered(lines: Iterable[bytes]) -> Iterator[bytes]:
    return (line for line in lines if not line.startswith(INFORMATIONAL))


if __name__ == "__main__":
    for line in filtered(sys.stdin.buffer):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
