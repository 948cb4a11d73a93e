"""`dltui learn due`, answered before anything else is imported: it stands in shell prompts."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.course.due import DayAhead


def is_asked(arguments: list[str]) -> bool:
    """Whether these are all of the words of a plain `learn due`; options other than --json are Typer's."""
    return arguments[:2] == ["learn", "due"] and arguments[2:] in ([], ["--json"])


def print_due(arguments: list[str]) -> int:
    """Print it; returns the exit status."""
    from engine import places
    from engine.course.due import count_due
    from engine.errors import DltuiError

    try:
        found = count_due(places.home().learn, time.time())
    except DltuiError as error:
        print(error, file=sys.stderr)
        return 1
    if "--json" in arguments:
        import dataclasses
        import json

        print(json.dumps(dataclasses.asdict(found), indent=2))
    else:
        print(due_text(found.due, found.new, found.minutes, found.next))
    return 0


def due_text(due: int, new: int, minutes: int, ahead: Sequence[DayAhead]) -> str:
    """9 due, about 6 minutes, then 4 new; next: 2026-12-01 6, 2026-12-02 11"""
    if not due and not new:
        text = "nothing due"
    else:
        text = f"{due} due" if due else "nothing due"
        if due:
            text += f", about {minutes} minute{'s' if minutes != 1 else ''}"
        if new:
            text += f", then {new} new"
    if ahead:
        text += "; next: " + ", ".join(f"{one.day} {one.cards}" for one in ahead[:3])
    return text
