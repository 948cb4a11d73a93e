"""The trials of a sweep as a table: filtered, sorted, grouped, in pages.

Parser, signs, booleans and errors are those of runs. Runs are compared in SQL, since an index may hold
100,000 of them; trials in memory, since most of their fields (value, config, pinned) are not in the index.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from engine.filter_fields import ALIASES, SOURCES
from engine.params import Value
from engine.service.index.filter_parser import FilterError, fields_of, parse
from engine.service.index.filter_predicate import RowFields, predicate
from engine.sweep_protocol import TrialGroup, TrialPage, TrialQuery, TrialRow, TrialStatus

LIMIT = 1000
"""most rows or groups of one page"""
_FIELDS = (
    "trial", "config", "seed", "status", "value", "step", "best_step", "total_steps", "seconds", "pinned",
    "run", "cause",
)  # fmt: skip
_SEARCHED = ("run", "status", "cause")
_RANKS = {status: rank for rank, status in enumerate(TrialStatus)}


def page(rows: Sequence[TrialRow], query: TrialQuery, *, largest: bool) -> TrialPage:
    """Raises FilterError for a filter that does not parse or a field that no trial has."""
    found = filtered(rows, query.where)
    limit = min(query.limit, LIMIT)
    if query.group:
        groups = _groups(found, [name.strip() for name in query.group.split(",")], largest)
        groups = _sorted_groups(groups, query, largest)
        window = tuple(groups[query.offset : query.offset + limit])
        return TrialPage((), window, len(groups), len(rows))
    _check(rows, query.sort, "sort")
    found = sorted_rows(found, query.sort, query.descending)
    return TrialPage(tuple(found[query.offset : query.offset + limit]), (), len(found), len(rows))


def filtered(rows: Sequence[TrialRow], where: str) -> list[TrialRow]:
    """The rows that match the filter `where`. Raises FilterError."""
    clause = parse(where)
    if clause is None:
        return list(rows)
    for name in fields_of(clause):
        _check(rows, name, "filter")
    test = predicate(clause, _TRIAL_FIELDS)
    return [row for row in rows if test(row)]


def field_value(row: TrialRow, name: str) -> Any:
    """The value of a field, metric or parameter; None if the trial has none."""
    name = ALIASES.get(name, name)
    if name == "best":
        return row.value
    if name in _FIELDS:
        return getattr(row, name)
    found: Any = row.metrics.get(name)
    if found is None:
        found = row.params.get(name)
    return _of_source(row, name) if found is None else found


def _of_source(row: TrialRow, name: str) -> Any:
    """The value of `params.NAME` or `metrics.NAME`."""
    for source, values in zip(SOURCES, (row.params, row.metrics), strict=True):
        if name.startswith(source):
            return values.get(name.removeprefix(source))
    return None


def sorted_rows(rows: Iterable[TrialRow], sort: str, descending: bool) -> list[TrialRow]:
    """Sorted rows; those without the field, or with NaN, come last in both directions."""
    keyed = [(_key(row, sort), row) for row in rows]
    known = [(key, row) for key, row in keyed if key is not None]
    known.sort(key=lambda pair: (pair[0], pair[1].trial), reverse=descending)
    return [row for _, row in known] + [row for key, row in keyed if key is None]


def _key(row: TrialRow, sort: str) -> Any:
    """Sort key with numbers before text, so that a column of both can be sorted."""
    value = field_value(row, sort)
    if value is None or value != value:
        return None
    if sort == "status":
        return (0, _RANKS[value])
    return (1, value) if isinstance(value, str) else (0, value)


# --- the filter -------------------------------------------------------------------------------------------


_TRIAL_FIELDS: RowFields[TrialRow] = RowFields(
    value=field_value,
    params=lambda row: row.params,
    searched=lambda row: (*(getattr(row, name) for name in _SEARCHED), *row.params.values()),
)


def _check(rows: Sequence[TrialRow], name: str, what: str) -> None:
    """Raises FilterError for a field that no trial has, unless there is no trial."""
    if ALIASES.get(name, name) in (*_FIELDS, "best") or not rows:
        return
    bare = next((name.removeprefix(source) for source in SOURCES if name.startswith(source)), name)
    if any(bare in row.params or bare in row.metrics for row in rows):
        return
    known = dict.fromkeys(key for row in rows[:100] for key in (*row.params, *row.metrics))
    near = get_close_matches(name, [*_FIELDS, *known], 3)
    raise FilterError(
        f"{what}: expected one of the fields of the trials, got {name[:80]!r}.",
        f"Did you mean {' or '.join(near)}?" if near else f"There is: {', '.join((*_FIELDS, *known))[:300]}.",
    )


# --- groups -----------------------------------------------------------------------------------------------


def _groups(rows: Sequence[TrialRow], names: Sequence[str], largest: bool) -> list[TrialGroup]:
    for name in names:
        _check(rows, name, "group")
    parts: dict[tuple[Value, ...], list[TrialRow]] = {}
    for row in rows:
        parts.setdefault(tuple(field_value(row, name) for name in names), []).append(row)
    return [_group(dict(zip(names, key, strict=True)), part, largest) for key, part in parts.items()]


def _group(key: dict[str, Value], rows: Sequence[TrialRow], largest: bool) -> TrialGroup:
    valued = [row for row in rows if row.value is not None]
    values = [row.value for row in valued if row.value is not None]
    best = (max if largest else min)(valued, key=lambda row: row.value or 0.0) if valued else None
    return TrialGroup(
        key=key,
        count=len(rows),
        valued=len(values),
        mean=statistics.fmean(values) if values else None,
        spread=statistics.stdev(values) if len(values) > 1 else None,
        best=best,
    )


def _sorted_groups(groups: list[TrialGroup], query: TrialQuery, largest: bool) -> list[TrialGroup]:
    """Sorted by a field of the key, count, mean, spread or best value; `trial` sorts the best one first.

    `best_trial` and any other field sort by that of the best row.
    """
    sort = query.sort

    def key(group: TrialGroup) -> Any:
        if sort in group.key:
            found: Any = group.key[sort]
        elif sort in ("count", "mean", "spread"):
            found = getattr(group, sort)
        elif sort in ("value", "best"):
            found = group.best.value if group.best else None
        elif sort == "trial":
            found = group.best.value if group.best else None
            return None if found is None else (0, -found if largest else found)
        else:
            name = "trial" if sort == "best_trial" else sort
            return _key(group.best, name) if group.best else None
        return None if found is None else ((1, found) if isinstance(found, str) else (0, found))

    known = [group for group in groups if key(group) is not None]
    known.sort(key=key, reverse=query.descending)
    return known + [group for group in groups if key(group) is None]
