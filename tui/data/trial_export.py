"""Export of trials as CSV or JSON, to a file or the clipboard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine import files
from engine.client.client import Client
from engine.protocol import Json, to_json
from engine.sweep_protocol import SweepSummary, TrialGroup, TrialQuery
from tui.data.csv_table import csv_lines
from tui.data.trial_pages import Entry

PAGE = 1000
OWN = ("trial", "config", "status", "value", "seed", "step", "best_step", "seconds", "pinned", "run", "cause")
STATISTICS = ("count", "valued", "mean", "spread")


async def read_all(client: Client, sweep: str, query: TrialQuery) -> list[Entry]:
    """All entries that pass the filter, in the order of the table. Raises DltuiError."""
    return (await read(client, sweep, query, None))[0]


async def read(client: Client, sweep: str, query: TrialQuery, most: int | None) -> tuple[list[Entry], int]:
    """The first `most` entries that pass the filter (None: all), and how many pass it."""
    found: list[Entry] = []
    while True:
        limit = PAGE if most is None else min(PAGE, most - len(found))
        page = await client.sweep_trials(sweep, replace(query, offset=len(found), limit=limit))
        part = page.groups if query.group else page.rows
        found += part
        if not part or len(found) >= min(page.matching, most or page.matching):
            return found, page.matching


def columns_of(entry: Entry) -> dict[str, Any]:
    """Values by column name; a metric with the name of a parameter is prefixed with `metric.`."""
    if isinstance(entry, TrialGroup):
        best = {f"best.{name}": value for name, value in columns_of(entry.best).items()} if entry.best else {}
        return {**entry.key, **{name: getattr(entry, name) for name in STATISTICS}, **best}
    own = {name: getattr(entry, name) for name in OWN}
    metrics = {
        f"metric.{name}" if name in entry.params else name: value for name, value in entry.metrics.items()
    }
    return {**own, **entry.params, **metrics}


def table_of(entries: Sequence[Entry], marked: Sequence[str] = ()) -> tuple[list[str], list[dict[str, Any]]]:
    """Column names, only the marked ones where some are, and a row for each entry."""
    rows = [columns_of(entry) for entry in entries]
    names = list(dict.fromkeys(name for row in rows for name in row)) or list(OWN)
    return [name for name in names if not marked or name in {*marked, "trial"}] or names, rows


def as_csv(
    entries: Sequence[Entry], marked: Sequence[str] = (), delimiter: str = ",", *, for_terminal: bool = False
) -> str:
    """A header and a line for each entry; for a terminal, control characters are spelled out."""
    return "".join(csv_lines(*table_of(entries, marked), delimiter=delimiter, for_terminal=for_terminal))


def as_json(sweep: SweepSummary, entries: Sequence[Entry]) -> str:
    kind = "groups" if entries and isinstance(entries[0], TrialGroup) else "trials"
    return json.dumps({"sweep": sweep_json(sweep), kind: to_json(list(entries))}, indent=1)


def sweep_json(sweep: SweepSummary) -> Json:
    """The sweep as JSON, without the token, which is internal to client and service."""
    data = to_json(sweep)
    data["spec"].pop("token", None)
    return data


def write(path: Path, text: str) -> None:
    """Create a file. Raises OSError, also where the file exists."""
    files.write_new(path, text.encode())


def free_path(folder: Path, stem: str, ending: str) -> Path:
    """`stem.ending` in the folder, with a number where that exists."""
    name = "".join(c if c.isalnum() or c in "-_." else "-" for c in stem).strip(".") or "sweep"
    path, number = folder / f"{name}.{ending}", 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.{ending}"
    return path
