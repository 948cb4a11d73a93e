"""Runs as rows of groups: which rows there are in which order, and the statistics of each group."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.table_protocol import GroupRow, GroupStatistics

GROUP_SORTS = ("count", "spread")
"""what groups alone are sorted by: the number of their runs, the deviation of their best values"""
NUMBER, STANDING, BEST, SORT, VALUES = 0, 1, 2, 3, 4
"""columns of a run that was found: its number in the index, its status, its best value, what the table is
sorted by, and from there on the values of which groups have statistics"""
FoundRun = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class FoundGroup:
    """`runs` are those that pass the filter, the newest first."""

    id: str
    runs: Sequence[FoundRun]


def sorted_groups(groups: Iterable[FoundGroup], sort: str, descending: bool) -> list[FoundGroup]:
    """Sorted by the mean of a number of their runs, by the first of their texts, or by GROUP_SORTS.

    `created`: by the newest run, as the groups are. Groups without a value come last.
    """
    found = list(groups)
    if sort == "created":
        return found if descending else found[::-1]
    placed = [(_place(group, sort), group) for group in found]
    known = [(place, group) for place, group in placed if place is not None]
    known.sort(key=lambda pair: pair[0], reverse=descending)
    return [group for _, group in known] + [group for place, group in placed if place is None]


def _place(group: FoundGroup, sort: str) -> tuple[int, Any] | None:
    """A sort key with numbers before texts; None where the group has no value."""
    if sort == "count":
        return 0, len(group.runs)
    if sort == "spread":
        spread = statistics_of(run[BEST] for run in group.runs).spread
        return None if spread is None else (0, spread)
    places = [run[SORT] for run in group.runs if run[SORT] is not None]
    if not places:
        return None
    try:
        mean = math.fsum(places) / len(places)
    except TypeError:
        return 1, min(map(str, places))
    except (OverflowError, ValueError):  # beyond the range of numbers; inf and -inf
        mean = sum(place / len(places) for place in places)
    return None if math.isnan(mean) else (0, mean)


def _sorted_runs(group: FoundGroup, sort: str, descending: bool) -> list[FoundRun]:
    """The runs of an open group in the order of the table."""
    if sort == "created":
        return list(group.runs if descending else group.runs[::-1])
    known = [run for run in group.runs if run[SORT] is not None]
    known.sort(key=lambda run: (isinstance(run[SORT], str), run[SORT]), reverse=descending)
    return known + [run for run in group.runs if run[SORT] is None]


@dataclass(frozen=True, slots=True)
class GroupWindow:
    """Rows of a page: runs, and groups, each with its newest run."""

    numbers: tuple[int, ...]
    """of the run of each row, of a group that of its newest run"""
    groups: tuple[tuple[int, FoundGroup, bool], ...]
    """index of its row, group, whether its runs follow"""
    length: int
    """rows of the whole table"""


def window_of(
    groups: Iterable[FoundGroup],
    opened: Collection[str],
    order: tuple[str, bool],
    offset: int,
    limit: int,
) -> GroupWindow:
    """A page of the table: each group, and below an `opened` one of several runs these.

    `order` is the field by which the table is sorted and whether it falls.
    """
    numbers: list[int] = []
    shown: list[tuple[int, FoundGroup, bool]] = []
    at, end = 0, offset + limit
    for group in groups:
        is_open = len(group.runs) > 1 and group.id in opened
        below = at + 1 + is_open * len(group.runs)
        if below > offset and at < end:
            if at >= offset:
                shown.append((len(numbers), group, is_open))
            rows = [group.runs[0], *(_sorted_runs(group, *order) if is_open else ())]
            numbers += [run[NUMBER] for run in rows[max(0, offset - at) : end - at]]
        at = below
    return GroupWindow(tuple(numbers), tuple(shown), at)


def row_of_group(
    place: int, group: FoundGroup, is_open: bool, metric: str, values: Mapping[str, Iterable[Any]]
) -> GroupRow:
    """`metric` is that of the best values; `values` are those of the runs by the name of the metric."""
    return GroupRow(
        place=place,
        id=group.id,
        count=len(group.runs),
        counts=dict(Counter(run[STANDING] for run in group.runs)),
        best=statistics_of(run[BEST] for run in group.runs),
        metric=metric,
        metrics={name: statistics_of(column) for name, column in values.items()},
        is_open=is_open,
    )


def statistics_of(values: Iterable[Any]) -> GroupStatistics:
    """Of the finite numbers among the values."""
    found = [float(value) for value in values if isinstance(value, int | float) and math.isfinite(value)]
    if not found:
        return GroupStatistics(0)
    count, low, high = len(found), min(found), max(found)
    mean = min(max(sum(value / count for value in found), low), high)
    spread = math.hypot(*(value - mean for value in found)) / math.sqrt(count - 1) if count > 1 else None
    return GroupStatistics(
        count, mean, spread if spread is None or math.isfinite(spread) else None, low, high
    )
