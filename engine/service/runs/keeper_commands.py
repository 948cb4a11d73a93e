"""Send commands to a keeper, through the FIFO in the run folder."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

from engine.protocol import Json


class NoReader(Exception):
    """No keeper reads the FIFO, or not yet."""


def send_command(fifo: Path, command: Json) -> None:
    """Write one JSON line without blocking. Raises NoReader, and OSError for a FIFO that cannot be used."""
    line = json.dumps(command, allow_nan=False).encode() + b"\n"
    try:
        fd = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENOENT):
            raise NoReader(str(fifo)) from error
        raise
    try:
        if not stat.S_ISFIFO(os.fstat(fd).st_mode):
            raise NoReader(f"{fifo} is not a FIFO")
        os.write(fd, line)
    except BlockingIOError as error:
        raise NoReader(f"{fifo} is full: its keeper does not read") from error
    finally:
        os.close(fd)
