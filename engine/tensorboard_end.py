"""The TensorBoard event file with the end of a run, written by the keeper with the standard library alone.

All other event files are written by the worker.
"""

from __future__ import annotations

import contextlib
import os
import struct
from pathlib import Path

from engine import files, tfrecord
from engine.protocol import Status

END = ".end"
"""suffix of the file"""
OUTCOMES = {Status.DONE: 1, Status.STOPPED: 2, Status.FAILED: 2, Status.LOST: 2}
"""STATUS_SUCCESS and STATUS_FAILURE of the HPARAMS plugin; other statuses have no end there"""


def event_files(folder: Path) -> list[str]:
    """Names of the event files in the order in which TensorBoard reads them."""
    try:
        return sorted(name for name in os.listdir(folder) if ".tfevents." in name)
    except OSError:
        return []


def remove_end(folder: Path) -> None:
    """Remove the end, where a run is resumed. Files that cannot be removed stay."""
    for name in event_files(folder):
        if name.endswith(END):
            with contextlib.suppress(OSError):
                (folder / name).unlink()


def write_end(folder: Path, status: Status, at: float) -> None:
    """Write the end behind the other event files; nothing where there are none or the run may continue.

    Errors of the disk are ignored: no run depends on this file.
    """
    with contextlib.suppress(OSError):
        remove_end(folder)
        names = event_files(folder)
        if names and status in OUTCOMES:
            version = _double_field(1, at) + _bytes_field(3, b"brain.Event:2")
            data = tfrecord.encode(version) + tfrecord.encode(_end_event(at, OUTCOMES[status]))
            files.write_new(folder / (names[-1] + END), data)


# --- two events, as event.proto, summary.proto and plugin_hparams.proto number their fields ----------------


def _end_event(wall_time: float, outcome: int) -> bytes:
    info = bytes((1 << 3, outcome)) + _double_field(2, wall_time)
    plugin = _bytes_field(1, b"hparams") + _bytes_field(2, _bytes_field(4, info))
    value = _bytes_field(1, b"_hparams_/session_end_info") + _bytes_field(9, _bytes_field(1, plugin))
    return _double_field(1, wall_time) + _bytes_field(5, _bytes_field(1, value))


def _double_field(field: int, value: float) -> bytes:
    return bytes((field << 3 | 1,)) + struct.pack("<d", value)


def _bytes_field(field: int, data: bytes) -> bytes:
    """`data` has fewer than 128 bytes."""
    return bytes((field << 3 | 2, len(data))) + data
