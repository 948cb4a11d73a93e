"""Runs or sweeps that were given the same name: a verb cannot tell them apart by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.protocol import Query, RunSummary
from tui.terminal.plain_text import plain

if TYPE_CHECKING:
    from engine.client.client import Client
    from engine.sweep_protocol import SweepSummary


async def doubt_of_name(client: Client, run: RunSummary) -> str:
    """A warning where other runs have the name of this one; empty where none has. Raises DltuiError."""
    if not run.spec.name:
        return ""
    page = await client.runs(Query(f'name="{run.spec.name}"', limit=1))
    if page.matching < 2:
        return ""
    return _said(page.matching, "runs", run.spec.name, run.id)


async def doubt_of_sweep_name(client: Client, sweep: SweepSummary) -> str:
    """Likewise, of a sweep."""
    count = sum(one.spec.name == sweep.spec.name for one in await client.sweeps())
    return _said(count, "sweeps", sweep.spec.name, sweep.id) if count > 1 else ""


def _said(count: int, what: str, name: str, own: str) -> str:
    return f"{count} {what} are called {plain(name, limit=80)}: verbs need their ids, this one's is {own}."
