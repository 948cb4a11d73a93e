"""The user's keymap: a JSON object from binding ids to keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine import files
from engine.errors import CorruptRun
from tui.keys.all_keys import BY_ID, KEYS, SHOWN, Key, overlaps, shown
from tui.terminal.plain_text import plain

SIZE_LIMIT = 100_000
_NAMED = frozenset({"tab", "enter", "space", "backspace", "home", "end", "insert", *SHOWN})
_NAMES = {sign: name for name, sign in SHOWN.items()}
_KEY = r"(?:(?:ctrl|shift|alt)\+)*(?:[a-z0-9]|f[1-9]|f1[0-2])|[^\s,]"


@dataclass(frozen=True, slots=True)
class Keymap:
    """The valid entries, and one line on the invalid ones."""

    keys: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    def key_of(self, key: Key) -> str:
        """The first key of a binding."""
        return self.keys_of(key)[0]

    def keys_of(self, key: Key) -> list[str]:
        """All keys of a binding."""
        return self.keys.get(key.id, key.key).split(",")

    def shown(self, binding: str, *, ascii_only: bool = False) -> str:
        """The first key of a binding id, as it is displayed."""
        return shown(self.key_of(BY_ID[binding]), ascii_only=ascii_only)


def read_keymap(path: Path) -> Keymap:
    """The keymap of that file; an empty one where there is no file."""
    try:
        data = files.read_bytes(path, limit=SIZE_LIMIT, follow=True)
        requested = {} if data is None else files.parse(data)
    except CorruptRun as error:
        return Keymap(problem=plain(f"{path.name} is not used: {error.message}", limit=300))
    except ValueError as error:
        return Keymap(problem=plain(f"{path.name} is not used: {error}.", limit=300))
    if not isinstance(requested, dict):
        return Keymap(problem=f'{path.name} is not used: expected {{"run.pause": "p", ...}}.')
    return _checked(requested, path.name)


def _checked(requested: dict[str, object], file: str) -> Keymap:
    valid: dict[str, str] = {}
    invalid: list[str] = []
    for name, value in requested.items():
        key = _parsed(value)
        error = "no such binding" if name not in BY_ID else ("not a key" if key is None else "")
        error = error or _clash(name, key or "", valid)
        if error:
            invalid.append(f"{plain(str(name), limit=40)}: {plain(str(value), limit=20)} ({error})")
        elif key:
            valid[name] = key
    more = f" and {len(invalid) - 2} more" if len(invalid) > 2 else ""
    return Keymap(valid, f"{file}: left out {', '.join(invalid[:2])}{more}." if invalid else "")


def _parsed(value: object) -> str | None:
    """The keys as Textual names them, separated by commas; None where one is invalid."""
    if not isinstance(value, str) or not value:
        return None
    keys = [_NAMES.get(part.strip(), part.strip()) for part in value.split(",")]
    return (
        ",".join(keys)
        if all(key in _NAMED or re.fullmatch(_KEY, key, re.IGNORECASE) for key in keys)
        else None
    )


def _clash(name: str, requested: str, valid: Mapping[str, str]) -> str:
    mine = set(requested.split(","))
    for other in KEYS:
        if other.id != name and overlaps(other.scope, BY_ID[name].scope):
            taken = mine & set(valid.get(other.id, other.key).split(","))
            if taken:
                return f"{taken.pop()} is {other.id}"
    return ""
