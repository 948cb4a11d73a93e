"""How sweeps and trials are said in a shell."""

from __future__ import annotations

from engine.protocol import Json
from engine.sweep_protocol import SweepSummary, TrialRow, TrialStatus, row_to_json
from tui.data.trial_export import sweep_json as sweep_json
from tui.data.value_text import short_number

_SHORT_OF_ITS_END = (TrialStatus.STOPPED, TrialStatus.PRUNED, TrialStatus.PAUSED)


def row_json(row: TrialRow) -> Json:
    return row_to_json(row)


def counted(sweep: SweepSummary) -> str:
    """3 done, 1 running."""
    return ", ".join(f"{count} {status}" for status, count in sweep.counts.items()) or "no trial yet"


def how_far(row: TrialRow) -> str:
    """What has to be known of a trial beside its value: that it did not come to its end, or is gone."""
    words = ["run removed"] if row.removed else []
    if row.status in _SHORT_OF_ITS_END:
        of = f" of {row.total_steps:,}" if row.total_steps else ""
        words.append(f"{row.status} at step {row.step:,}{of}")
    return ", ".join(words)


def valued(row: TrialRow | None) -> str:
    return "" if row is None or row.value is None else short_number(row.value)
