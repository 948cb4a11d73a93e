"""The run table: the window that the app asks for, and its rows: runs, sweeps and groups of runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from engine.protocol import Count, RunSummary, with_current_name
from engine.typed_json import Number, typed


@dataclass(frozen=True, slots=True)
class Query:
    """A window of the run table: filter, order, offset, length and groups."""

    JSON_OMITTED: ClassVar = ("group", "open_groups", "statistics")

    where: str = ""
    """a filter such as `experiment=mnist and val_loss<0.1`, or words to search"""
    sort: str = "created"
    """a field; `created` is the order of submission"""
    descending: bool = True
    offset: Count = 0
    limit: Count = 200
    by_sweep: bool = False
    """show the trials of a sweep as one row, at the place of the first, where all of them pass the filter and
    the filter does not name `sweep` or `trial`"""
    open_sweeps: tuple[str, ...] = ()
    """ids of sweeps whose trials follow their row"""
    group: str = ""
    """names of fields separated by commas; `config` groups runs that differ in the seed alone. Groups are
    sorted by the mean of a number, or by count or spread"""
    open_groups: tuple[str, ...] = ()
    """ids of groups whose runs follow their row"""
    statistics: tuple[str, ...] = ()
    """metrics, or parameters, of which groups have the mean"""


@dataclass(frozen=True, slots=True)
class SweepRow:
    """A sweep in the run table: one row in place of its trials, or above them."""

    place: int
    """index of the row in the page"""
    id: str
    experiment: str
    trials: int
    """runs of the table that are its trials"""
    counts: Mapping[str, int]
    """these trials by status, `pruned` for those that were stopped early"""
    created_at: float
    """of the newest of these trials"""
    is_open: bool = False
    """whether its trials follow as rows"""
    name: str = ""
    """empty, as are the fields below, where the sweep itself was removed"""
    planned: int = 0
    metric: str = ""
    best: Number | None = None
    best_run: str = ""
    """id of the trial that reached `best`; empty where its run was removed"""


@dataclass(frozen=True, slots=True)
class GroupStatistics:
    """Of the finite values that the runs of a group have."""

    valued: int
    """runs with a finite value"""
    mean: float | None = None
    spread: float | None = None
    """sample standard deviation; None for fewer than two values"""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Runs with equal values in the fields of `Query.group`: one row in place of them, or above them."""

    JSON_OMITTED: ClassVar = ("newest",)

    place: int
    """index of the row in the page"""
    id: str
    """that of `config`, or the values as JSON"""
    count: int
    """runs that pass the filter"""
    counts: Mapping[str, int]
    """these by status, `pruned` for trials that were stopped early"""
    best: GroupStatistics
    """of the best values of the runs"""
    metric: str
    """of which `best` is; empty where no run has a best value"""
    metrics: Mapping[str, GroupStatistics]
    """of the last values of `Query.statistics`"""
    is_open: bool = False
    """whether its runs follow as rows"""
    newest: RunSummary | None = None
    """its newest run; not sent: it is at this place of `Page.runs`"""


@dataclass(frozen=True, slots=True)
class Page:
    """A window of the run table."""

    runs: tuple[RunSummary, ...]
    """with groups the run of every row, of a group its newest one"""
    matching: int
    """runs that pass the filter"""
    total: int
    unknown: tuple[str, ...] = ()
    """fields of the query that no run has"""
    notice: str = ""
    """a warning about the table itself: damaged runs, an index that is being rebuilt"""
    sweeps: tuple[SweepRow, ...] = ()
    """rows between the runs, in order"""
    length: int | None = None
    """rows of the whole table; None where each is a run"""
    groups: tuple[GroupRow, ...] = ()
    """rows in place of runs"""

    @property
    def rows(self) -> tuple[RunSummary | SweepRow | GroupRow, ...]:
        """Runs, groups and sweeps in the order of the table."""
        rows: list[RunSummary | SweepRow | GroupRow] = list(self.runs)
        for group in self.groups:
            rows[group.place] = replace(group, newest=self.runs[group.place])
        for sweep in self.sweeps:
            rows.insert(sweep.place, sweep)
        return tuple(rows)


def sweep_row_from_json(data: object) -> SweepRow:
    """Raises ValueError."""
    return with_current_name(typed(data, SweepRow, strict=True))
