"""Dialogs to remove the runs that ended long ago: how long, then which runs and the space they use."""

from __future__ import annotations

from collections.abc import Callable

from engine.client.client import Client
from engine.errors import InputError
from tui.data.old_runs import OldRuns, find_old, seconds_of_age
from tui.data.run_text import age_since, name_of
from tui.data.value_text import plural
from tui.dialogs.confirm import ConfirmScreen
from tui.dialogs.text_prompt import TextPrompt
from tui.ui.numbers import size

AGE = "30d"
LISTED = 100
"""runs listed in the question; the largest ones"""


def age_prompt(client: Client, where: str, show: Callable[[OldRuns], None]) -> TextPrompt:
    """Asks for the age; `show` gets the runs that pass the filter `where` and ended so long ago."""

    async def find(text: str) -> str:
        seconds = seconds_of_age(text)
        found, _ = await find_old(client, seconds, where)
        if not found.runs:
            others = f" {kept_text(found)}" if found.kept else ""
            raise InputError(f"No run that ended more than {text.strip()} ago is to be removed.{others}")
        show(found)
        return ""

    of_filter = f", of those that pass {where}" if where else ""
    about = (
        f"All that ended so long ago{of_filter}: 30d, 12h or 2w. Nothing is removed before they are listed."
    )
    return TextPrompt("Remove old runs", AGE, about, "list them", find)


def question(found: OldRuns, undo_key: str) -> ConfirmScreen:
    """The runs, the largest first, with what stays and why."""
    lines = [
        f"{name_of(run)} ({run.status}): {size(run.disk) if run.disk else 'size not known'}, "
        f"{age_since(run.ended_at or run.spec.created_at)}"
        for run in found.runs[:LISTED]
    ]
    if len(found.runs) > LISTED:
        lines.append(f"and {len(found.runs) - LISTED:,} smaller ones")
    if found.kept:
        lines.append(kept_text(found))
    lines.append(f"They use {size(found.bytes)} and are kept for a day: {undo_key} brings them back.")
    title = f"Remove {plural(len(found.runs), 'run')}, {size(found.bytes)}?"
    return ConfirmScreen(title, "\n".join(lines), "remove")


def kept_text(found: OldRuns) -> str:
    """Kept: 2 older runs, other runs began with it."""
    return "Kept: " + "; ".join(f"{plural(count, 'older run')}, {why}" for why, count in found.kept.items())


async def remove(client: Client, found: OldRuns, undo_key: str) -> str:
    removal = await client.remove(*(run.id for run in found.runs))
    count = len(removal.items)
    return (
        f"{plural(count, 'run')} {'is' if count == 1 else 'are'} removed: {size(removal.bytes)}, kept for a "
        f"day. {undo_key} brings {'it' if count == 1 else 'them'} back."
    )
