"""Metrics that share a chart: training and validation whose names pair, such as loss and val_loss."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

TRAINING = frozenset({"train", "training"})
_PART = r"(?<![a-z])(train(?:ing)?|val(?:id(?:ation)?)?|eval(?:uation)?|dev)(?![a-z])"
_ENDS = ("_epoch", "_step")
"""what Lightning appends to the name of a training metric that it also averages over an epoch"""


@dataclass(frozen=True, slots=True)
class MetricChart:
    """One metric, and that of validation, drawn in the same chart; empty where there is none."""

    metric: str
    validation: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        return (self.metric, self.validation) if self.validation else (self.metric,)

    @property
    def title(self) -> str:
        return " + ".join(self.names)

    @property
    def short_title(self) -> str:
        return f"{self.metric} + val" if self.validation else self.metric


@dataclass(frozen=True, slots=True)
class _SplitName:
    """`part` is the word for training or validation, `rest` the name without it, `form` has its place."""

    part: str
    rest: str
    form: str


def charts_of(metrics: Sequence[str], *, paired: bool = True) -> Sequence[MetricChart]:
    """A chart for each metric in their order; with `paired` one for each pair, at the place of the first."""
    return _charts(tuple(metrics), paired)


def chart_of(metric: str, charts: Sequence[MetricChart]) -> MetricChart:
    """The chart that has the metric; one of its own where none has."""
    return next((chart for chart in charts if metric in chart.names), MetricChart(metric))


@lru_cache(8)
def _charts(metrics: tuple[str, ...], paired: bool) -> tuple[MetricChart, ...]:
    if not paired:
        return tuple(map(MetricChart, metrics))
    validation_of = _pairs(metrics)
    training_of = {validation: training for training, validation in validation_of.items()}
    first = dict.fromkeys(training_of.get(metric, metric) for metric in metrics)
    return tuple(MetricChart(metric, validation_of.get(metric, "")) for metric in first)


def _pairs(metrics: tuple[str, ...]) -> dict[str, str]:
    """Metric of validation by that of training: the closest names first, each metric in one pair at most."""
    split = {metric: _split(metric) for metric in metrics}
    training: dict[tuple[str, str], str] = {}
    for metric, name in split.items():
        if name.part not in TRAINING and name.part:
            continue
        for key in ("form", name.form), ("rest", name.rest), ("bare", "" if name.part else name.rest):
            training.setdefault(key, metric)
    found: dict[str, str] = {}
    open_names = {
        metric: list(_candidates(name))
        for metric, name in split.items()
        if name.part and name.part not in TRAINING and name.rest
    }
    for place in range(max(map(len, open_names.values()), default=0)):
        for metric, candidates in list(open_names.items()):
            partner = training.get(candidates[place])
            if partner is not None and partner not in found:
                found[partner] = metric
                del open_names[metric]
    return found


def _candidates(name: _SplitName) -> Iterator[tuple[str, str]]:
    """Where to look for the metric of training, best first: the same form, no word for a part, any form.

    Transformers logs `loss` at every step and `train_loss` once, and `eval_loss`: there the bare one first.
    """
    same_form, bare = ("form", name.form), ("bare", name.rest)
    yield from (bare, same_form) if name.part.startswith("eval") else (same_form, bare)
    yield "rest", name.rest
    for end in _ENDS:
        yield "form", name.form + end
        yield "rest", name.rest + end


def _split(metric: str) -> _SplitName:
    name = metric[:1000].casefold()
    found = re.search(_PART, name, re.IGNORECASE)
    if found is None:
        return _SplitName("", name, name)
    before, after = name[: found.start()], name[found.end() :]
    rest = before + after[1:] if after else before[:-1]
    return _SplitName(found[0], rest, f"{before}\0{after}")
