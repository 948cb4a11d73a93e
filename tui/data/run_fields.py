"""Any field of a run as the text of a table: its own facts, parameters, metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine import filter_fields
from engine.protocol import RunSummary
from tui.data.annotation_text import first_line, tags_text
from tui.data.value_text import cause_text, field_text, format_value, status_text
from tui.terminal.plain_text import plain
from tui.ui.numbers import short

FACTS = {
    "status": "status", "tags": "tags", "note": "first line of the note", "id": "id of the run",
    "device": "device that trains", "seed": "random seed", "step": "last step",
    "total_steps": "planned number of steps", "attempt": "number of starts",
    "parent": "checkpoint that it began with", "sweep": "sweep of the trial",
    "cause": "why it ended or waits", "peak_memory": "most memory of its processes",
    "peak_gpu_memory": "most memory in use on its GPUs", "gpu_use": "mean use of its GPUs",
    "disk": "disk space of its folder",
    "gpu_idle": "longest time its GPUs had no work",
    **{one.name: one.title for one in filter_fields.COLUMNS},
}  # fmt: skip
"""columns besides those that the run table has by itself, and what they show"""
_BY_NAME = {one.name: one for one in filter_fields.FIELDS if one.title or one.unit}
NAMES_LIMIT = 500
"""parameters and metrics that are offered as columns"""


def has_field(run: RunSummary, name: str) -> bool:
    return name in FACTS or any(bare in source for bare, source in _sources(run, name))


def is_number(run: RunSummary, name: str) -> bool:
    found = _fact(run, name) if name in FACTS else _dynamic(run, name)
    return isinstance(found, int | float) and not isinstance(found, bool)


def cell_text(run: RunSummary, name: str) -> str:
    """The value in a few characters; empty where the run has none."""
    if name in _BY_NAME:
        return field_text(run, _BY_NAME[name])
    found = _fact(run, name) if name in FACTS else _dynamic(run, name)
    if found is None:
        return plain(format_value(bare_name(name), None), limit=40) if has_field(run, name) else ""
    if isinstance(found, int | float) and not isinstance(found, bool):
        return short(found)
    return plain(found if isinstance(found, str) else format_value(name, found), limit=200)


def _fact(run: RunSummary, name: str) -> object:
    match name:
        case "status":
            return status_text(run)
        case "tags":
            return tags_text(run)
        case "note":
            return first_line(run)
        case "parent":
            return run.spec.parent.short if run.spec.parent else ""
        case "cause":
            return cause_text(run)
    return getattr(run if hasattr(run, name) else run.spec, name)


def _dynamic(run: RunSummary, name: str) -> object:
    """A metric, else a parameter as it was changed live or submitted; as in filters and sort orders.

    None where the run has none, and for a parameter that is not set.
    """
    return next((found for bare, one in _sources(run, name) if (found := one.get(bare)) is not None), None)


def _sources(run: RunSummary, name: str) -> list[tuple[str, Mapping[str, object]]]:
    """Where a field may be, each with its name there."""
    sources: list[Mapping[str, object]] = [run.metrics, run.live, run.spec.params]
    params, metrics = filter_fields.SOURCES
    if name.startswith(params):
        sources = sources[1:]
    elif name.startswith(metrics):
        sources = sources[:1]
    return [(bare_name(name), source) for source in sources]


def bare_name(name: str) -> str:
    """Without the prefix `params.` or `metrics.`."""
    return next((name.removeprefix(one) for one in filter_fields.SOURCES if name.startswith(one)), name)


def field_of_all(runs: Iterable[RunSummary], name: str) -> str:
    """The name; that of the metric alone where some of the runs have one and others a parameter."""
    is_metric = name not in FACTS and any(name in run.metrics for run in runs)
    return f"{filter_fields.SOURCES[1]}{name}" if is_metric else name


def names_of(runs: Iterable[RunSummary]) -> list[str]:
    """Metrics, then parameters of these runs, each in order of appearance."""
    known: Sequence[RunSummary] = list(runs)
    metrics = dict.fromkeys(name for run in known for name in run.metrics)
    params = dict.fromkeys(name for run in known for name in run.spec.params)
    return list({**metrics, **params})[:NAMES_LIMIT]
