"""How sweeps and trials are said in a shell."""

from __future__ import annotations

from engine.client import SweepSummary, TrialRow, row_to_json, sweep_to_json
from engine.protocol import Json
from tui.verbs.words import short_number


def sweep_json(sweep: SweepSummary) -> Json:
    return sweep_to_json(sweep)


def row_json(row: TrialRow) -> Json:
    return row_to_json(row)


def counted(sweep: SweepSummary) -> str:
    """3 done, 1 running."""
    return ", ".join(f"{count} {status}" for status, count in sweep.counts.items()) or "no trial yet"


def valued(row: TrialRow | None) -> str:
    return "" if row is None or row.value is None else short_number(row.value)
