"""Digits drawn by the user: a small test set, stored as JSON lines in one private file."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine import files
from engine.errors import CorruptRun, DataError

SIDE = 28
MOST = 1000
LINE_LIMIT = 4096
MARK_BYTES = 4


@dataclass(frozen=True, slots=True, eq=False)
class DrawnDigits:
    """`pixels` uint8 (28, 28), centred as in MNIST; `mark` is the id, `at` seconds since the epoch."""

    mark: str
    label: int
    at: float
    pixels: NDArray[np.uint8]


def read(path: Path) -> list[DrawnDigits]:
    """All digits, oldest first; a missing file is an empty set, invalid lines are skipped. Raises
    DataError."""
    try:
        lines = (files.read_bytes(path, limit=MOST * LINE_LIMIT) or b"").split(b"\n")
    except CorruptRun as error:
        raise DataError(error.message) from error
    return [drawn for line in lines if line and (drawn := _parsed(line)) is not None][:MOST]


def add(path: Path, pixels: NDArray[np.uint8], label: int, at: float) -> DrawnDigits:
    """Add a digit. Raises DataError for an invalid label, an empty image and a full set."""
    if not 0 <= label <= 9:
        raise DataError(f"A drawn digit has label {label}, expected 0 to 9.")
    if pixels.shape != (SIDE, SIDE) or not pixels.any():
        raise DataError("The drawing is empty: there is nothing to save.", "Draw a digit first.")
    drawn = DrawnDigits(os.urandom(MARK_BYTES).hex(), label, at, pixels)
    with _locked(path):
        kept = read(path)
        if len(kept) >= MOST:
            raise DataError(f"{path} is full: it holds {MOST} drawn digits.", "Remove some first.")
        _write(path, [*kept, drawn])
    return drawn


def remove(path: Path, mark: str) -> int:
    """Remove the digit with that mark, or all with `all`; returns the number removed. Raises DataError."""
    with _locked(path):
        kept = read(path)
        left = [] if mark == "all" else [drawn for drawn in kept if drawn.mark != mark]
        if len(left) == len(kept) and mark != "all":
            raise DataError(f"No drawn digit {mark[:40]!r} is kept.")
        _write(path, left)
    return len(kept) - len(left)


def _parsed(line: bytes) -> DrawnDigits | None:
    try:
        data = files.parse_object(line)
        pixels = np.frombuffer(base64.b64decode(data["pixels"], validate=True), np.uint8)
        label, at = int(data["label"]), float(data["at"])
        whole = DrawnDigits(str(data["mark"]), label, at, pixels.reshape(SIDE, SIDE))
    except (ValueError, KeyError, TypeError, ArithmeticError, binascii.Error):
        return None
    return whole if 0 <= label <= 9 else None


def _write(path: Path, kept: list[DrawnDigits]) -> None:
    try:
        files.write_bytes(path, b"".join(map(_line, kept)))
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror}.", "Free some space.") from error


def _line(drawn: DrawnDigits) -> bytes:
    pixels = base64.b64encode(drawn.pixels.tobytes()).decode()
    data = {"mark": drawn.mark, "label": drawn.label, "at": drawn.at, "pixels": pixels}
    return json.dumps(data).encode() + b"\n"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = path.with_name(f"{path.name}.lock")
    with ExitStack() as until_left:
        try:
            until_left.enter_context(files.locked(lock))
        except (OSError, CorruptRun) as error:
            raise DataError(f"{lock} cannot be used: {error}.", "Remove it.") from error
        yield
