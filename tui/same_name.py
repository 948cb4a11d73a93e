"""Runs that were given the same name: a verb cannot tell them apart by it."""

from __future__ import annotations

from engine.client import Client
from engine.protocol import Query, RunSummary
from tui.plain_text import plain


async def doubt_of_name(client: Client, run: RunSummary) -> str:
    """A warning where other runs have the name of this one; empty where none has. Raises DltuiError."""
    if not run.spec.name:
        return ""
    page = await client.runs(Query(f'name="{run.spec.name}"', limit=1))
    if page.matching < 2:
        return ""
    name = plain(run.spec.name, limit=80)
    return f"{page.matching} runs are called {name}: verbs need their ids, this one's is {run.id}."
