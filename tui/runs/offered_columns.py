"""The columns that can be chosen: those of the table, facts of runs, metrics and parameters in sight.

One choice holds for the whole table: what most runs have comes first, and how many is said of the others.
"""

from __future__ import annotations

from collections import Counter

from tui.data.run_fields import FACTS, has_field, names_of
from tui.runs.chosen_columns import ColumnChoice
from tui.runs.columns_dialog import ColumnEntry
from tui.runs.run_columns import built_in_columns
from tui.runs.table import RunTable

_ABOUT = {
    "name": "name", "parameters": "tags, parent, and the parameters that differ", "experiment": "experiment",
    "progress": "progress, or how it ended",
    "best": "best value of its metric", "age": "time since submission",
}  # fmt: skip


def offered_columns(table: RunTable) -> list[ColumnEntry]:
    """Those of the table first, in its order; a chosen one that no run in sight has is said to be so."""
    runs = table.loaded_runs()
    now = {choice.name: choice for choice in table.chosen} or {
        name: ColumnChoice(name) for name in table.column_names
    }
    metrics = {name for run in runs for name in run.metrics}
    names = names_of(runs)
    counts = Counter(name for run in runs for name in {**run.metrics, **run.live, **run.spec.params})
    counts |= {name: sum(has_field(run, name) for run in runs) for name in now}

    def about(name: str) -> str:
        if name in _ABOUT or name in FACTS:
            return _ABOUT.get(name) or FACTS[name]
        if runs and not counts[name]:
            return "no run in sight has it"
        kind = "metric" if name in metrics else "parameter"
        return kind if counts[name] == len(runs) else f"{kind} of {counts[name]:,} of {len(runs):,} runs"

    common = sorted(names, key=lambda name: -counts[name])
    others = dict.fromkeys((*built_in_columns("", {}), *common, *FACTS))
    shown = [ColumnEntry(choice, about(name), True) for name, choice in now.items()]
    return shown + [ColumnEntry(ColumnChoice(name), about(name), False) for name in others if name not in now]
