"""A comparison of runs: rows of parameters, progress and metrics, with the best value of each row."""

from __future__ import annotations

import math
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.protocol import RunSummary
from tui.data.annotation_text import first_line, tags_text
from tui.data.value_text import data_text, duration_text, effective_params, format_value, short_number
from tui.terminal.plain_text import plain

MISSING = "-"
STEP_OF_BEST = "step of best"
TEXT_LIMIT = 60
Number = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One row: `values` in the order of the runs; `best`: places of the best run of each experiment."""

    heading: str
    """parameters, progress or metrics"""
    name: str
    values: tuple[str, ...]
    best: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Facts:
    texts: Mapping[str, Mapping[str, str]]
    numbers: Mapping[str, float]
    """metrics by name"""


def differing_rows(runs: Sequence[RunSummary], number: Number = short_number) -> list[ComparedRow]:
    """The rows whose values differ; a dash where a run has no value."""
    return [entry for entry in compare_rows(runs, number) if len(set(entry.values)) > 1]


def compare_rows(
    runs: Sequence[RunSummary], number: Number = short_number, baseline: str = ""
) -> list[ComparedRow]:
    """All rows. With a `baseline`, a run id, metrics show their difference to that run."""
    facts_of_runs = [_facts(run, number) for run in runs]
    entries = []
    for heading in facts_of_runs[0].texts:
        for name in _names(facts_of_runs, heading):
            values = [facts.texts[heading].get(name, MISSING) for facts in facts_of_runs]
            best: frozenset[int] = frozenset()
            if heading == "metrics":
                found = [facts.numbers.get(name) for facts in facts_of_runs]
                best = _best_of_each(runs, found, name)
                base = next((n for n, run in enumerate(runs) if run.id == baseline), None)
                values = _with_difference(values, found, base)
            entries.append(ComparedRow(heading, name, tuple(values), best))
    return entries


def _names(facts_of_runs: Sequence[_Facts], heading: str) -> list[str]:
    """Names of the rows; the step of the best value last, as its metric may differ between runs."""
    names = dict.fromkeys(name for facts in facts_of_runs for name in facts.texts[heading])
    return sorted(names, key=lambda name: name == STEP_OF_BEST)


def _best_of_each(runs: Sequence[RunSummary], values: Sequence[float | None], name: str) -> frozenset[int]:
    """Places of the best run of each experiment: losses of two experiments cannot be compared."""
    places: set[int] = set()
    for experiment in {run.spec.experiment for run in runs}:
        own = [run for run in runs if run.spec.experiment == experiment]
        numbers = [
            value if run.spec.experiment == experiment else None
            for run, value in zip(runs, values, strict=True)
        ]
        places |= best_of(numbers, _goal(own, name))
    return frozenset(places)


def best_of(values: Sequence[float | None], goal: str) -> frozenset[int]:
    """Places of the best finite value; none where all are equal, or where `goal` is empty."""
    finite = {
        place: value for place, value in enumerate(values) if value is not None and math.isfinite(value)
    }
    if not goal or len(finite) < 2 or len(set(finite.values())) == 1:
        return frozenset()
    best = min(finite.values()) if goal == "min" else max(finite.values())
    return frozenset(place for place, value in finite.items() if value == best)


def _goal(runs: Sequence[RunSummary], name: str) -> str:
    """min or max; empty where neither is known."""
    from engine import catalog
    from engine.errors import UnknownExperiment

    bare = name.removeprefix("best ")
    for run in runs:
        try:
            experiment = catalog.of(run.spec)
        except UnknownExperiment:
            continue
        if experiment.best == bare:
            return experiment.goal
    return catalog.goal_by_name(bare)


def _with_difference(values: Sequence[str], numbers: Sequence[float | None], base: int | None) -> list[str]:
    zero = numbers[base] if base is not None else None
    if zero is None:
        return list(values)
    return [
        text if place == base or value is None else f"{text} ({value - zero:+.3g})"
        for place, (text, value) in enumerate(zip(values, numbers, strict=True))
    ]


def _facts(run: RunSummary, number: Number) -> _Facts:
    metrics = dict(run.metrics)
    steps = {}
    if run.best:
        metrics[f"best {run.best.metric}"] = run.best.value
        steps[STEP_OF_BEST] = f"{run.best.step:,}"
    return _Facts(
        {
            "parameters": {
                "experiment": run.spec.experiment,
                **{name: _text(format_value(name, value)) for name, value in effective_params(run).items()},
                "seed": str(run.spec.seed),
                **({"command": _text(shlex.join(run.spec.command.argv))} if run.spec.command else {}),
                **({"code": run.spec.file.source[:12]} if run.spec.file else {}),
                "data": _text(data_text(run) or MISSING),
                "device": _text(run.device or MISSING),
                **({"tags": _text(tags_text(run))} if run.tags else {}),
                **({"note": _text(first_line(run))} if run.note else {}),
            },
            "progress": {
                "status": str(run.status), "steps": f"{run.step:,}",
                "trained for": duration_text(run.train_seconds),
            },
            "metrics": {**{name: number(value) for name, value in metrics.items()}, **steps},
        },
        metrics,
    )  # fmt: skip


def _text(text: str) -> str:
    return plain(text, limit=TEXT_LIMIT)
