"""Runs side by side: what of them differs, what came of them, and which value of a row is the best."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.protocol import RunSummary
from tui.data.value_text import data_words, settled_params, short_number, span, value_of
from tui.terminal.plain_text import plain

MISSING = "-"
STEP_OF_BEST = "step of best"
TEXT_LIMIT = 60
SMALLEST = ("loss", "perplexity", "error", "mse")
LARGEST = ("accuracy", "precision", "recall", "f1", "success")
"""parts of names of metrics that say which end is better, where the experiment does not"""
Number = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One row: `values` of the runs in their order; `best` are the places of the best of each experiment."""

    heading: str
    """parameters, progress or metrics"""
    name: str
    values: tuple[str, ...]
    best: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Facts:
    words: Mapping[str, Mapping[str, str]]
    numbers: Mapping[str, float]
    """metrics by name"""


def differing(runs: Sequence[RunSummary], number: Number = short_number) -> list[ComparedRow]:
    """What is not the same for all; a dash where a run has no such thing."""
    return [entry for entry in compared(runs, number) if len(set(entry.values)) > 1]


def compared(
    runs: Sequence[RunSummary], number: Number = short_number, baseline: str = ""
) -> list[ComparedRow]:
    """Every row there is. With a `baseline`, the id of one of them, metrics say their difference to it."""
    told = [_facts(run, number) for run in runs]
    entries = []
    for heading in told[0].words:
        for name in _names(told, heading):
            values = [facts.words[heading].get(name, MISSING) for facts in told]
            best: frozenset[int] = frozenset()
            if heading == "metrics":
                found = [facts.numbers.get(name) for facts in told]
                best = _best_of_each(runs, found, name)
                base = next((n for n, run in enumerate(runs) if run.id == baseline), None)
                values = _with_difference(values, found, base)
            entries.append(ComparedRow(heading, name, tuple(values), best))
    return entries


def _names(told: Sequence[_Facts], heading: str) -> list[str]:
    """Of the rows; where the best values were comes last, it may be of other metrics in other runs."""
    names = dict.fromkeys(name for facts in told for name in facts.words[heading])
    return sorted(names, key=lambda name: name == STEP_OF_BEST)


def _best_of_each(runs: Sequence[RunSummary], values: Sequence[float | None], name: str) -> frozenset[int]:
    """Places of the best run of each experiment: what two experiments call a loss is not the same."""
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
    """min or max; empty where nothing says which."""
    from engine import catalog
    from engine.errors import UnknownExperiment

    bare = name.removeprefix("best ")
    for run in runs:
        try:
            experiment = catalog.find(run.spec.experiment)
        except UnknownExperiment:
            continue
        if experiment.best == bare:
            return experiment.goal
    if any(word in bare for word in LARGEST):
        return "max"
    return "min" if any(word in bare for word in SMALLEST) else ""


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
                **{name: _text(value_of(name, value)) for name, value in settled_params(run).items()},
                "seed": str(run.spec.seed),
                "data": _text(data_words(run) or MISSING),
                "device": _text(run.device or MISSING),
            },
            "progress": {
                "status": str(run.status), "steps": f"{run.step:,}", "trained for": span(run.train_seconds),
            },
            "metrics": {**{name: number(value) for name, value in metrics.items()}, **steps},
        },
        metrics,
    )  # fmt: skip


def _text(text: str) -> str:
    return plain(text, limit=TEXT_LIMIT)
