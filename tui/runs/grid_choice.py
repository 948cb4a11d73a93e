"""Which charts a grid shows and in which order: the filter, hidden charts, charts that were moved."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from engine.protocol import RunSummary, fitting
from tui.chart.grid_layout import group_of
from tui.data.metric_pairs import MetricChart

NAMES_LIMIT = 500
"""names kept of hidden charts, and of the order"""
SEARCHED = 300
"""characters of a name that a filter sees"""
_REPEATED_REPEAT = re.compile(r"\([^()]*(?:[+*]|\{\d+,)[^()]*\)(?:[+*]|\{\d+,)")
"""such as (a+)+, which may take for ever"""


@dataclass(frozen=True, slots=True)
class GridChoice:
    """`where` is part of a name or a regular expression; `first` are the charts before all others."""

    where: str = ""
    hidden: list[str] = field(default_factory=list)
    first: list[str] = field(default_factory=list)

    @classmethod
    def from_json(cls, saved: Mapping[str, object]) -> GridChoice:
        """The saved choice; what does not fit is left out."""
        return fitting(saved, cls)

    def ordered(self, charts: Sequence[MetricChart]) -> list[MetricChart]:
        """The charts that are not hidden: moved ones first, then by the group of their prefix."""
        places = {name: place for place, name in enumerate(self.first)}
        names = dict.fromkeys(group_of(one.metric) for one in charts)
        groups = {name: place for place, name in enumerate(names)}
        hidden = set(self.hidden)
        return sorted(
            (one for one in charts if one.metric not in hidden),
            key=lambda one: (places.get(one.metric, len(places)), groups[group_of(one.metric)]),
        )

    def shown(self, charts: Sequence[MetricChart]) -> list[MetricChart]:
        """The charts that are not hidden and pass the filter, in their order."""
        passes = matcher(self.where)[0]
        return [one for one in self.ordered(charts) if any(passes(name) for name in one.names)]

    def moved(self, metric: str, by: int, charts: Sequence[MetricChart]) -> GridChoice:
        """With one chart so many places further among those shown; the same at either end."""
        names = [one.metric for one in self.shown(charts)]
        there = names.index(metric) + by
        if not 0 <= there < min(len(names), NAMES_LIMIT):
            return self
        other, order = names[there], [one.metric for one in self.ordered(charts)]
        one, two = order.index(metric), order.index(other)
        order.insert(two, order.pop(one))
        return replace(self, first=order[: min(max(one, two) + 1, NAMES_LIMIT)])

    def without(self, metric: str) -> GridChoice:
        """With one chart hidden."""
        return replace(self, hidden=[*self.hidden, metric][-NAMES_LIMIT:])


def matcher(where: str) -> tuple[Callable[[str], bool], str]:
    """Whether a name passes a filter, capitals or not; and why the filter is no regular expression, if so.

    It is then searched as it stands.
    """
    text = where.strip()
    problem = ""
    if _REPEATED_REPEAT.search(text):
        problem = "a repetition inside a repetition"
    else:
        try:
            search = re.compile(text, re.IGNORECASE).search
            return (lambda name: search(name[:SEARCHED]) is not None), ""
        except (re.error, OverflowError, RecursionError) as error:
            problem = str(error)
    lowered = text.casefold()
    return (lambda name: lowered in name.casefold()), f"no regular expression ({problem}): searched as text"


def experiment_of(run: RunSummary | None) -> str:
    """What the choice is kept for: the experiment, or the script of a command."""
    if run is None:
        return ""
    command = run.spec.command
    if command is None:
        return run.spec.experiment
    scripts = [word for word in command.argv if word.endswith((".py", ".sh"))]
    return f"{run.spec.experiment} {PurePath([*scripts, *command.argv][0]).name}"[:200]
