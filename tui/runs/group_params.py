"""The parameters in which groups of runs differ, and those in which the runs of one group do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.protocol import RunSummary
from engine.run_groups import group_of, is_left_out
from engine.table_protocol import GroupRow, SweepRow
from tui.data.group_text import newest_of
from tui.runs.differing_params import differing_params


def params_of_rows(rows: Iterable[RunSummary | SweepRow | GroupRow]) -> dict[str, str]:
    """By id of a group or of a run: the parameters in which it differs from the other groups in sight.

    Of a run below its group those in which it differs from the other runs of the group, such as the seed.
    """
    shown = list(rows)
    groups = {row.id: newest_of(row) for row in shown if isinstance(row, GroupRow)}
    below: dict[str, list[RunSummary]] = {}
    for run in shown:
        if isinstance(run, RunSummary):
            below.setdefault(group_of(run), []).append(run)
    alone = {run.id: run for group, runs in below.items() if group not in groups for run in runs}
    texts = differing_params_of_groups({**groups, **alone})
    for group, runs in below.items():
        if group in groups:
            texts |= (
                differing_params(runs) if len(runs) > 1 else {run.id: f"seed={run.spec.seed}" for run in runs}
            )
    return texts


def differing_params_of_groups(groups: Mapping[str, RunSummary]) -> dict[str, str]:
    """By id of a group, of which any run is given: the parameters in which they differ, but seeds."""
    return differing_params([_without_seeds(run, name) for name, run in groups.items()])


def _without_seeds(run: RunSummary, name: str) -> RunSummary:
    """A run of that id which has the parameters that are equal in its group."""
    spec = run.spec
    equal = {name: value for name, value in spec.params.items() if not is_left_out(name)}
    command = replace(spec.command, argv=()) if spec.command is not None else None
    return replace(run, spec=replace(spec, id=name, params=equal, seed=1, command=command))
