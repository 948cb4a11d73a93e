"""Complaints about a deck: each names file, line, item, field, what was expected and what came."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

LONGEST = 80
"""most characters of what came"""


@dataclass(frozen=True, slots=True)
class Problem:
    file: str
    """its path within the deck"""
    line: int
    """from 1; 0 where no line is meant"""
    item: str
    """id of the item, section, term or video; empty for the file itself"""
    field: str
    expected: str
    got: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        named = " ".join(part for part in (self.item, self.field) if part)
        got = self.got.removesuffix(".")
        return f"{where}: {named + ': ' if named else ''}expected {self.expected}, got {got}."


@dataclass(slots=True)
class Problems:
    """The complaints about one file, in the order in which they are found."""

    file: str
    found: list[Problem] = field(default_factory=list)

    def add(self, expected: str, got: object, *, item: str = "", name: str = "", line: int = 0) -> None:
        self.found.append(Problem(self.file, line, item, name, expected, shown(got)))


def shown(got: object) -> str:
    """What came, on one line, without control characters and not too long."""
    text = got if isinstance(got, str) else repr(got)
    plain = re.sub(r"[\x00-\x1f\x7f-\x9f\s]+", " ", text).strip()
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def first_control(text: str) -> tuple[int, str] | None:
    """Line and code of the first control character that is no line end and no tab."""
    found = re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)
    if found is None:
        return None
    return text.count("\n", 0, found.start()) + 1, f"U+{ord(found[0]):04X}"


def relative(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
