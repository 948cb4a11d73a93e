"""Numbers as learners type them: 1e-3, 0,5, ½, 3/4, −2, 40 %."""

from __future__ import annotations

import math
import re
import unicodedata

from engine.errors import InputError

LONGEST = 40
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE)
_FRACTION = re.compile(r"([+-]?\d+)\s*/\s*(\d+)")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
_EXPECTED = "a number such as 0.5, 1e-3, ½ or 3/4"


def parse_number(text: str) -> float:
    """Raises InputError, in one line, for text that is no finite number or could be two."""
    given = text.strip()
    shown = re.sub(r"[\x00-\x1f\x7f-\x9f]", "?", given)[:LONGEST]
    if not given:
        raise InputError(f"answer: expected {_EXPECTED}, got nothing.")
    if _THOUSANDS.fullmatch(given):
        raise InputError(
            f"answer: expected {_EXPECTED}, got {shown!r}.", "Leave the comma out, or write a point."
        )
    value = _value(given.replace("−", "-").replace(" ", " ")) if len(given) <= LONGEST else None
    if value is None or not math.isfinite(value):
        raise InputError(f"answer: expected {_EXPECTED}, got {shown!r}.")
    return value


def _value(text: str) -> float | None:
    """None where it is no number."""
    if text.endswith("%"):
        part = _value(text[:-1].strip())
        return None if part is None else part / 100
    text = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    if _PLAIN.fullmatch(text):
        return float(text)
    if found := _FRACTION.fullmatch(text):
        return int(found[1]) / int(found[2]) if int(found[2]) else None
    sign, rest = (-1.0, text[1:]) if text.startswith("-") else (1.0, text)
    whole, last = rest[:-1].strip(), rest[-1:]
    if last and not last.isdecimal() and (not whole or whole.isdecimal()):
        part = unicodedata.numeric(last, -1.0)
        return sign * ((int(whole) if whole else 0) + part) if 0 < part < 1 else None
    return None
