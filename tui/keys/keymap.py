"""The user's own keys: a JSON object from binding ids to keys."""

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
    """Good entries, and one line for what is wrong with the rest."""

    keys: Mapping[str, str] = field(default_factory=dict)
    complaint: str = ""

    def key_of(self, key: Key) -> str:
        """The first key that does it."""
        return self.keys.get(key.id, key.key).split(",")[0]

    def shown(self, binding: str, *, ascii_only: bool = False) -> str:
        """The first key of a binding id, as a person knows it."""
        return shown(self.key_of(BY_ID[binding]), ascii_only=ascii_only)


def read_keymap(path: Path) -> Keymap:
    """The keymap of that file; an empty one when there is none."""
    try:
        data = files.read_bytes(path, limit=SIZE_LIMIT, follow=True)
        wanted = {} if data is None else files.parse(data)
    except CorruptRun as error:
        return Keymap(complaint=plain(f"{path.name} is not used: {error.message}", limit=300))
    except ValueError as error:
        return Keymap(complaint=plain(f"{path.name} is not used: {error}.", limit=300))
    if not isinstance(wanted, dict):
        return Keymap(complaint=f'{path.name} is not used: expected {{"run.pause": "p", ...}}.')
    return _checked(wanted, path.name)


def _checked(wanted: dict[str, object], file: str) -> Keymap:
    good: dict[str, str] = {}
    bad: list[str] = []
    for name, given in wanted.items():
        key = _readable(given)
        wrong = "no such binding" if name not in BY_ID else ("not a key" if key is None else "")
        wrong = wrong or _clash(name, key or "", good)
        if wrong:
            bad.append(f"{plain(str(name), limit=40)}: {plain(str(given), limit=20)} ({wrong})")
        elif key:
            good[name] = key
    more = f" and {len(bad) - 2} more" if len(bad) > 2 else ""
    return Keymap(good, f"{file}: left out {', '.join(bad[:2])}{more}." if bad else "")


def _readable(given: object) -> str | None:
    """The key as the dispatcher spells it; None when it is not one."""
    if not isinstance(given, str) or not given:
        return None
    keys = [_NAMES.get(part.strip(), part.strip()) for part in given.split(",")]
    return (
        ",".join(keys)
        if all(key in _NAMED or re.fullmatch(_KEY, key, re.IGNORECASE) for key in keys)
        else None
    )


def _clash(name: str, wanted: str, good: Mapping[str, str]) -> str:
    mine = set(wanted.split(","))
    for other in KEYS:
        if other.id != name and overlaps(other.scope, BY_ID[name].scope):
            taken = mine & set(good.get(other.id, other.key).split(","))
            if taken:
                return f"{taken.pop()} is {other.id}"
    return ""
