"""`dltui learn due`, answered before anything else is imported: it stands in shell prompts."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.course.due import Due


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
        print(due_text(found))
    return 0


def due_text(found: Due) -> str:
    """9 due, about 6 minutes, then 4 new; tomorrow and later: 6, 11, 3"""
    if not found.due and not found.new:
        text = "nothing due"
    else:
        text = f"{found.due} due"
        if found.due:
            text += f", about {found.minutes} minute{'s' if found.minutes != 1 else ''}"
        if found.new:
            text += f", then {found.new} new"
    if found.next:
        text += "; next: " + ", ".join(f"{one.day} {one.cards}" for one in found.next[:3])
    return text
