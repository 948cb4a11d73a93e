"""Names of the ten classes, from an optional file of a data set."""

from __future__ import annotations

from pathlib import Path

from engine.data.regular_file import open_regular
from engine.errors import DataError

FILES = ("class-names.txt", "class_names.txt", "classes.txt")
DIGITS = tuple("0123456789")
LIMIT = 4096
LONGEST = 40


def find_class_names(folder: Path) -> Path | None:
    """The first of FILES that is in the folder of the images."""
    return next((folder / name for name in FILES if (folder / name).is_file()), None)


def read_class_names(path: Path) -> tuple[str, ...]:
    """Ten names from a UTF-8 file, one per line, class 0 first; empty lines are skipped. Raises DataError."""
    with open_regular(path) as file:
        content = file.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise DataError(f"{path} is longer than {LIMIT} bytes, expected ten class names, one a line.")
    try:
        lines = [line.strip() for line in content.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: no UTF-8 text at offset {error.start}, expected ten class names."
        ) from error
    names = tuple(line for line in lines if line)
    if len(names) != len(DIGITS):
        raise DataError(f"{path} holds {len(names)} class names, expected {len(DIGITS)}, one a line.")
    for at, name in enumerate(names):
        if len(name) > LONGEST or not name.isprintable():
            raise DataError(f"{path}: name {at} is no printable text of at most {LONGEST} characters.")
    return names
