"""The shown runs as groups: which of them share a curve, and what that curve is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.protocol import RunSummary
from engine.run_groups import group_of
from tui.runs.group_params import differing_params_of_groups
from tui.terminal.plain_text import plain


class ShownGroups:
    """Ids of the groups of runs, computed once for each state of a run."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[RunSummary, str]] = {}
        self._labels: tuple[tuple[tuple[str, int], ...], dict[str, str]] = ((), {})

    def id_of(self, run: RunSummary) -> str:
        known = self._known.get(run.id)
        is_same = known is not None and (known[0].spec, known[0].live, known[0].data_fingerprint) == (
            run.spec, run.live, run.data_fingerprint
        )  # fmt: skip
        if known is None or not is_same:
            known = self._known[run.id] = run, group_of(run)
        return known[1]

    def labels(self, groups: Mapping[str, Sequence[RunSummary]]) -> dict[str, str]:
        """By id: the parameters in which the groups differ, and the number of their runs."""
        key = tuple((group, len(runs)) for group, runs in groups.items())
        if key != self._labels[0]:
            texts = differing_params_of_groups({group: runs[0] for group, runs in groups.items()})
            names = {group: texts[group] or runs[0].spec.experiment for group, runs in groups.items()}
            self._labels = key, {group: _label(name, len(groups[group])) for group, name in names.items()}
        return self._labels[1]


def _label(name: str, count: int) -> str:
    """lr=0.1 x5, so short that the number is not cut."""
    from tui.chart.chart_legend import LONGEST_LABEL

    number = f" x{count}"
    return f"{plain(name, limit=LONGEST_LABEL - len(number))}{number}"
