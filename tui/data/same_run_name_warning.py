"""Warnings about runs or sweeps of the same name, which a command cannot address by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.protocol import RunSummary
from engine.table_protocol import Query
from tui.terminal.plain_text import plain

if TYPE_CHECKING:
    from engine.client.client import Client
    from engine.sweep_protocol import SweepSummary


async def same_name_warning(client: Client, run: RunSummary) -> str:
    """A warning where other runs have the same name, else empty. Raises DltuiError."""
    if not run.spec.name:
        return ""
    page = await client.runs(Query(f'name="{run.spec.name}"', limit=1))
    if page.matching < 2:
        return ""
    return _warning(page.matching, "runs", run.spec.name, run.id)


async def same_sweep_name_warning(client: Client, sweep: SweepSummary) -> str:
    """A warning where other sweeps have the same name, else empty. Raises DltuiError."""
    count = sum(one.spec.name == sweep.spec.name for one in await client.sweeps())
    return _warning(count, "sweeps", sweep.spec.name, sweep.id) if count > 1 else ""


def _warning(count: int, what: str, name: str, own: str) -> str:
    return f"{count} {what} are called {plain(name, limit=80)}: verbs need their ids, this one's is {own}."
