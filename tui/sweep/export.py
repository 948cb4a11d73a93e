"""Trials for another program: a file, or the clipboard."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.client import (
    Client,
    Group,
    SweepSummary,
    TrialQuery,
    TrialRow,
    group_to_json,
    row_to_json,
    sweep_to_json,
)
from tui.plain_text import plain
from tui.sweep.pages import Entry

PAGE = 1000
OWN = ("trial", "config", "status", "value", "seed", "step", "best_step", "seconds", "pinned", "run", "cause")
STATISTICS = ("count", "valued", "mean", "spread")


async def read_all(client: Client, sweep: str, query: TrialQuery) -> list[Entry]:
    """Everything that passes the filter, in the order of the table. Raises DltuiError."""
    found: list[Entry] = []
    while True:
        asked = TrialQuery(query.where, query.sort, query.descending, len(found), PAGE, query.group)
        page = await client.sweep_trials(sweep, asked)
        part = page.groups if query.group else page.rows
        found += part
        if not part or len(found) >= page.matching:
            return found


def cells_of(entry: Entry) -> dict[str, Any]:
    """Columns by name; a metric that is called like a parameter is told apart."""
    if isinstance(entry, Group):
        best = {f"best.{name}": value for name, value in cells_of(entry.best).items()} if entry.best else {}
        return {**entry.key, **{name: getattr(entry, name) for name in STATISTICS}, **best}
    own = {name: _flat(getattr(entry, name)) for name in OWN}
    metrics = {
        f"metric.{name}" if name in entry.params else name: value for name, value in entry.metrics.items()
    }
    return {**own, **entry.params, **metrics}


def _flat(value: object) -> object:
    return plain(str(value), limit=1000) if isinstance(value, str) else value


def as_csv(entries: Sequence[Entry], marked: Sequence[str] = (), delimiter: str = ",") -> str:
    """A line for each; of the marked columns alone, where some are."""
    lines = [cells_of(entry) for entry in entries]
    names = list(dict.fromkeys(name for line in lines for name in line))
    kept = [name for name in names if not marked or name in {*marked, "trial"}] or names
    text = io.StringIO()
    table = csv.DictWriter(
        text, kept or list(OWN), extrasaction="ignore", delimiter=delimiter, lineterminator="\n"
    )
    table.writeheader()
    table.writerows(lines)
    return text.getvalue()


def as_json(sweep: SweepSummary, entries: Sequence[Entry]) -> str:
    told: list[Mapping[str, Any]] = [
        row_to_json(entry) if isinstance(entry, TrialRow) else group_to_json(entry) for entry in entries
    ]
    kind = "groups" if entries and isinstance(entries[0], Group) else "trials"
    return json.dumps({"sweep": sweep_to_json(sweep), kind: told}, indent=1)


def write(path: Path, text: str) -> None:
    """Raises OSError; a file that is there is not written over."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        file.write(text)


def free_path(folder: Path, stem: str, ending: str) -> Path:
    """`stem.csv`, or with the first number that is free."""
    name = "".join(c if c.isalnum() or c in "-_." else "-" for c in stem).strip(".") or "sweep"
    path, number = folder / f"{name}.{ending}", 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.{ending}"
    return path
