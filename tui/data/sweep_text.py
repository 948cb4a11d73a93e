"""Sweeps and trials as text for the CLI."""

from __future__ import annotations

from engine.sweep_protocol import SweepSummary, TrialRow, TrialStatus
from tui.data.trial_export import sweep_json as sweep_json
from tui.data.value_text import short_number

_ENDED_EARLY = (TrialStatus.STOPPED, TrialStatus.PRUNED, TrialStatus.PAUSED)


def trial_counts(sweep: SweepSummary) -> str:
    """3 done, 1 running."""
    return ", ".join(f"{count} {status}" for status, count in sweep.counts.items()) or "no trial yet"


def trial_note(row: TrialRow) -> str:
    """A note beside the value of a trial: ended early, or its run was removed; else empty."""
    notes = ["run removed"] if row.removed else []
    if row.status in _ENDED_EARLY:
        of = f" of {row.total_steps:,}" if row.total_steps else ""
        notes.append(f"{row.status} at step {row.step:,}{of}")
    return ", ".join(notes)


def value_text(row: TrialRow | None) -> str:
    return "" if row is None or row.value is None else short_number(row.value)
