"""TOML files of a deck: arrays of tables whose fields are read one by one, with the line of each."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from engine.course.problems import Problems, first_control, relative
from engine.errors import CorruptRun
from engine.files import read_bytes

FILE_LIMIT = 1_000_000
"""most bytes of a file of a deck"""


def read_text(path: Path, folder: Path, problems: Problems) -> str | None:
    """The text of a file of the deck in `folder`; None, and a complaint, where it cannot be used."""
    try:
        if path.exists() and (size := path.stat().st_size) > FILE_LIMIT:
            problems.add(f"at most {FILE_LIMIT:,} bytes", f"{size:,}")
            return None
        data = read_bytes(path, limit=FILE_LIMIT, follow=True)
    except (CorruptRun, OSError) as error:
        problems.add("a readable file", str(error).replace(str(path), relative(path, folder)))
        return None
    if data is None:
        problems.add("the file", "none")
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        problems.add("UTF-8", f"byte {data[error.start]:#04x}", line=data.count(b"\n", 0, error.start) + 1)
        return None
    text = text.replace("\r\n", "\n")
    if control := first_control(text):
        problems.add("no control characters", control[1], line=control[0])
        return None
    return text


def parse_toml(text: str, problems: Problems, first_line: int = 1) -> dict[str, Any] | None:
    """None, and a complaint with its line, where the text is no TOML."""
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1  # it says: at end of document
        problems.add("TOML", str(error), line=line + first_line - 1)
        return None


def read_tables(path: Path, folder: Path, name: str, problems: Problems) -> list[Table]:
    """The tables `[[name]]` of a file; other keys of the file are complained about."""
    text = read_text(path, folder, problems)
    made = None if text is None else parse_toml(text, problems)
    if text is None or made is None:
        return []
    for other in made.keys() - {name}:
        problems.add(f"tables [[{name}]] alone", other)
    found = made.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        problems.add(f"tables [[{name}]]", found)
        return []
    starts = [i for i, line in enumerate(text.split("\n"), 1) if re.match(rf"\s*\[\[\s*{name}\s*\]\]", line)]
    lines = text.split("\n")
    return [
        Table(one, problems, lines, start, starts[number + 1] if number + 1 < len(starts) else len(lines) + 1)
        for number, (one, start) in enumerate(zip(found, starts, strict=False))
    ]


class Table:
    """A table whose fields are taken by name and type; what is not taken is complained about at the end."""

    def __init__(
        self, fields: dict[str, Any], problems: Problems, lines: list[str], start: int, end: int
    ) -> None:
        """Its header is in line `start`; `end` is the line after it."""
        self.fields, self.problems = fields, problems
        self._lines, self.start, self._end = lines, start, end
        self._taken: set[str] = set()
        given = fields.get("id", fields.get("name", ""))
        self.name = given if isinstance(given, str) else ""

    def complain(self, name: str, expected: str, got: object) -> None:
        self.problems.add(expected, got, item=self.name, name=name, line=self.line(name))

    def line(self, name: str = "") -> int:
        """The line of a field, or that of the header."""
        for number in range(self.start, min(self._end, len(self._lines)) if name else self.start):
            if re.match(rf"\s*{re.escape(name)}\s*[=.]", self._lines[number]):
                return number + 1
        return self.start

    def take(self, name: str) -> Any:
        self._taken.add(name)
        return self.fields.get(name)

    def text(self, name: str, default: str | None = None) -> str:
        """A text that is not empty; without a default it is required."""
        value = self.take(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not value.strip():
            self.complain(name, "text", "nothing" if value is None else value)
            return default or ""
        return value.strip()

    def texts(self, name: str, least: int = 0, most: int = 1000) -> tuple[str, ...]:
        value = self.take(name)
        given = [] if value is None else value
        is_list = isinstance(given, list) and all(isinstance(one, str) and one.strip() for one in given)
        if not is_list or not least <= len(given) <= most:
            self.complain(name, f"{_count(least, most)} texts", "nothing" if value is None else value)
            return ()
        return tuple(one.strip() for one in given)

    def whole(self, name: str, default: int | None = None) -> int:
        value = self.take(name)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.complain(name, "a whole number", "nothing" if value is None else value)
            return default or 0
        return value

    def number(self, name: str, default: float) -> float:
        value = self.take(name)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.complain(name, "a number", value)
            return default
        return float(value)

    def table(self, name: str) -> dict[str, Any]:
        value = self.take(name)
        if value is not None and not isinstance(value, dict):
            self.complain(name, "a table", value)
        return dict(value) if isinstance(value, dict) else {}

    def tables(self, name: str, least: int, most: int) -> list[dict[str, Any]]:
        value = self.take(name)
        is_list = isinstance(value, list) and all(isinstance(one, dict) for one in value)
        if not is_list or not least <= len(value) <= most:
            self.complain(name, f"{_count(least, most)} tables", "nothing" if value is None else value)
        return value if is_list else []

    def close(self) -> None:
        """Complains about each field that was not taken."""
        for name in self.fields:
            if name not in self._taken:
                self.complain(name, "a known field", name)


def _count(least: int, most: int) -> str:
    return f"{least} to {most}" if most < 1000 else f"{least} or more"
