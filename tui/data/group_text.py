"""Texts about groups of runs: their names, counts, means and deviations."""

from __future__ import annotations

from collections.abc import Mapping

from engine.protocol import RunSummary
from engine.run_groups import is_left_out
from engine.table_protocol import GroupRow, GroupStatistics
from tui.data.value_text import changed_params, short_number
from tui.terminal.glyphs import glyphs


def statistics_text(found: GroupStatistics, count: int) -> str:
    """0.9123 ± 0.0041, and of how many runs where some have no value: 0.9123 ± 0.0041 (4 of 5)."""
    if found.mean is None:
        return ""
    some = f" ({found.valued} of {count})" if found.valued < count else ""
    return f"{short_number(found.mean)}{spread_text(found.spread)}{some}"


def spread_text(spread: float | None) -> str:
    return "" if spread is None else f" {glyphs().plus_minus} {short_number(spread)}"


def newest_of(group: GroupRow) -> RunSummary:
    """Its newest run, which has the values that all have."""
    assert group.newest is not None
    return group.newest


def counts_text(counts: Mapping[str, int]) -> str:
    """5 done; 4 done, 1 failed"""
    return ", ".join(f"{count:,} {status}" for status, count in counts.items())


def equal_params(run: RunSummary) -> dict[str, object]:
    """The parameters in which the runs of its group are alike and that differ from their defaults."""
    return {name: value for name, value in changed_params(run).items() if not is_left_out(name)}
