"""The event files that TensorBoard reads: records of protocol buffers, as event.proto and summary.proto say.

Standard library alone: a keeper writes them too.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path

from engine import files
from engine.protocol import Status

MOST = 3.4028234663852886e38
LEAST = 1.401298464324817e-45
"""of the floats of 32 bits that TensorBoard keeps: what is beyond stays finite, and not 0"""
LAST_STEP = 2**63 - 1
END = ".end"
"""ends the name of the file that says how a run ended"""
OUTCOMES = {Status.DONE: 1, Status.STOPPED: 2, Status.FAILED: 2, Status.LOST: 2}
"""SUCCESS and FAILURE in the words of its HPARAMS; all that may go on has no end there"""
_STRING = 7
"""the type of a tensor"""


# --- what an event says -----------------------------------------------------------------------------------


def version(wall_time: float) -> bytes:
    """The first event of a file."""
    return _double(1, wall_time) + _text(3, "brain.Event:2")


def restart(wall_time: float, step: int) -> bytes:
    """What was told of this step and later ones no longer holds."""
    return _double(1, wall_time) + _varint(2, _step(step)) + _block(7, _varint(1, 1))


def scalars(wall_time: float, step: int, values: Mapping[str, float]) -> bytes:
    told = (_text(1, tag) + _float(2, value) for tag, value in values.items())
    return _event(wall_time, step, *told)


def picture(wall_time: float, step: int, tag: str, size: tuple[int, int], png: bytes) -> bytes:
    """`size` is width, height."""
    image = _varint(1, size[1]) + _varint(2, size[0]) + _varint(3, 1) + _block(4, png)
    return _event(wall_time, step, _text(1, tag) + _block(4, image))


def text(wall_time: float, step: int, tag: str, words: str) -> bytes:
    """TensorBoard reads Markdown: the words are written so that they look as they are."""
    shape = _block(2, _varint(1, 1))
    tensor = _varint(1, _STRING) + _block(2, shape) + _text(8, as_markdown(words))
    metadata = _block(1, _text(1, "text"))
    return _event(wall_time, step, _text(1, f"{tag}/text_summary") + _block(8, tensor) + _block(9, metadata))


def began(wall_time: float, step: int, params: Mapping[str, object]) -> bytes:
    """The start of a run, with its hyper-parameters."""
    entries = (_block(1, _text(1, name) + _block(2, _value(value))) for name, value in params.items())
    return _hparams(wall_time, step, "session_start_info", 3, b"".join(entries) + _double(5, wall_time))


def ended(wall_time: float, outcome: int) -> bytes:
    """The end of a run; `outcome` is one of OUTCOMES."""
    return _hparams(wall_time, 0, "session_end_info", 4, _varint(1, outcome) + _double(2, wall_time))


def _hparams(wall_time: float, step: int, name: str, field: int, info: bytes) -> bytes:
    plugin = _text(1, "hparams") + _block(2, _block(field, info))
    return _event(wall_time, step, _text(1, f"_hparams_/{name}") + _block(9, _block(1, plugin)))


def _event(wall_time: float, step: int, *values: bytes) -> bytes:
    summary = b"".join(_block(1, value) for value in values)
    return _double(1, wall_time) + _varint(2, _step(step)) + _block(5, summary)


def _value(value: object) -> bytes:
    if isinstance(value, bool):
        return _varint(4, int(value))
    if isinstance(value, int | float) and abs(value) < 2**1000:
        return _double(2, float(value))
    return _text(3, str(value))


def as_markdown(words: str) -> str:
    """Markdown that reads `words` again, line by line."""
    return "  \n".join(map(_plain_line, words.split("\n")))


def _plain_line(line: str) -> str:
    plain = _SIGNS.sub(lambda sign: f"&#{ord(sign[0])};", line)
    plain = _AT_START.sub(lambda found: f"{found[1]}&#{ord(found[2])};", plain)
    return _LEADING.sub(lambda spaces: "&#160;" * len(spaces[0]), plain)


_SIGNS = re.compile(r"[\\`*_\[\]<>&|~]")
_AT_START = re.compile(r"^(\s*\d*)([-+#=:.)])")
_LEADING = re.compile(r"^[ \t]+")


# --- the shape of a protocol buffer -----------------------------------------------------------------------


def _step(step: int) -> int:
    return max(-LAST_STEP, min(LAST_STEP, step))


def _varint(field: int, number: int) -> bytes:
    return _digits(field << 3) + _digits(number & 0xFFFF_FFFF_FFFF_FFFF)


def _digits(number: int) -> bytes:
    if number < 0x80:
        return bytes((number,))
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _double(field: int, value: float) -> bytes:
    return bytes((field << 3 | 1,)) + struct.pack("<d", value)


def _float(field: int, value: float) -> bytes:
    return bytes((field << 3 | 5,)) + struct.pack("<f", as_float32(value))


def as_float32(value: float) -> float:
    """What is finite stays finite, and what is not 0 stays so."""
    if not math.isfinite(value) or value == 0:
        return value
    return math.copysign(min(max(abs(value), LEAST), MOST), value)


def _text(field: int, words: str) -> bytes:
    return _block(field, words.encode("utf-8", "backslashreplace"))


def _block(field: int, data: bytes) -> bytes:
    return _digits(field << 3 | 2) + _digits(len(data)) + data


# --- records ----------------------------------------------------------------------------------------------


def record(data: bytes) -> bytes:
    """With its length and the checksums of both."""
    head = struct.pack("<Q", len(data))
    return head + _checksum(head) + data + _checksum(data)


def wall_times(path: Path) -> Iterator[float]:
    """Of the events of a file, up to the first that is torn. Raises OSError or CorruptRun."""
    with files.open_regular(path) as file:
        while len(head := file.read(12)) == 12:
            size = struct.unpack("<Q", head[:8])[0]
            data = file.read(min(size, 9))
            if len(data) < 9 or data[0] != 9:
                return
            yield struct.unpack("<d", data[1:])[0]
            file.seek(size - 9 + 4, os.SEEK_CUR)


def _checksum(data: bytes) -> bytes:
    table, crc = _TABLE, 0xFFFF_FFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFF_FFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282_EAD8) & 0xFFFF_FFFF)


def _entry(number: int) -> int:
    for _ in range(8):
        number = number >> 1 ^ (0x82F6_3B78 if number & 1 else 0)
    return number


_TABLE = tuple(map(_entry, range(256)))
"""of the Castagnoli polynomial"""


# --- the files of a run -----------------------------------------------------------------------------------


def names(folder: Path) -> list[str]:
    """In the order in which TensorBoard reads them."""
    try:
        return sorted(name for name in os.listdir(folder) if ".tfevents." in name)
    except OSError:
        return []


def goes_on(folder: Path) -> None:
    """The run is at work again: nothing says that it has ended. What cannot be removed stays."""
    for name in names(folder):
        if name.endswith(END):
            with contextlib.suppress(OSError):
                (folder / name).unlink()


def tell_end(folder: Path, status: Status, at: float) -> None:
    """Say how the run ended, behind all that it told. Where it told nothing or may go on, nothing is said.

    What cannot be written is left out: nobody's run depends on it.
    """
    with contextlib.suppress(OSError):
        goes_on(folder)
        told = names(folder)
        if told and status in OUTCOMES:
            data = record(version(at)) + record(ended(at, OUTCOMES[status]))
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(folder / (told[-1] + END), flags, 0o600), "wb") as file:
                file.write(data)
