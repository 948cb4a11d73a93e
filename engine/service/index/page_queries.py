"""A page of the run table from the index: runs, trials of sweeps as one row, groups."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from engine.run_groups import CONFIG
from engine.service.index import filter_sql
from engine.service.index.filter_parser import FilterError
from engine.service.index.group_rows import (
    BEST,
    GROUP_SORTS,
    NUMBER,
    SORT,
    VALUES,
    FoundGroup,
    row_of_group,
    sorted_groups,
    window_of,
)
from engine.service.index.index_rows import BODY, FROM, IndexWindow, verified_body
from engine.table_protocol import Query, SweepRow

LIMIT = 1000
"""most rows of one page"""
GROUP_FIELDS, STATISTICS = 8, 16
"""most fields to group by, and of which groups have the mean"""


class PageQueries:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def page(self, query: Query, sweeps: Mapping[str, str] | None) -> IndexWindow:
        """`sweeps` are names by id. Raises FilterError."""
        condition = filter_sql.where(query.where, sweeps)
        order = filter_sql.order(query.sort, query.descending)
        limit, offset = min(max(query.limit, 0), LIMIT), max(query.offset, 0)
        if query.group:
            return self._page_by_group(query, condition, limit, offset)
        sizes = self._sizes_of_sweeps() if query.by_sweep and not filter_sql.names_trials(query.where) else {}
        if sizes:
            return self._page_by_sweep(query, condition, order, sizes)
        total = self.total()
        source = filter_sql.source(condition, order)
        found = f"SELECT r.number {source} WHERE {condition.text} ORDER BY {order.text}"
        values = condition.values + order.values
        if condition.text == "1":
            numbers = self.numbers(f"{found} LIMIT ? OFFSET ?", (*values, limit, offset))
            return IndexWindow(self.bodies(numbers), total, total, self._unknown(query))
        numbers = self.numbers(found, values)
        window = self.bodies(numbers[offset : offset + limit])
        return IndexWindow(window, len(numbers), total, self._unknown(query))

    def numbers(self, sql: str, values: tuple[Any, ...]) -> list[int]:
        return [row[0] for row in self._db.execute(sql, values)]

    def bodies(self, numbers: Iterable[int]) -> tuple[bytes, ...]:
        find = f"SELECT {BODY} FROM bodies b WHERE number = ?"
        return tuple(verified_body(self._db.execute(find, (number,)).fetchone())[0] for number in numbers)

    def total(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM runs").fetchone()[0])

    def _page_by_sweep(
        self, query: Query, condition: filter_sql.Sql, order: filter_sql.Sql, sizes: Mapping[str, int]
    ) -> IndexWindow:
        limit, offset = min(max(query.limit, 0), LIMIT), max(query.offset, 0)
        total = self.total()
        if condition.text == "1" and query.sort == "created" and sizes.keys().isdisjoint(query.open_sweeps):
            matching, length = total, total - sum(sizes.values()) + len(sizes)
            rows = self._newest_or_oldest(sizes, order, limit, offset)
        else:
            source = filter_sql.source(condition, order)
            sql = f"SELECT r.number, r.sweep {source} WHERE {condition.text} ORDER BY {order.text}"
            found = self._db.execute(sql, condition.values + order.values).fetchall()
            whole = group_trials(found, sizes, query.open_sweeps)
            matching, length, rows = len(found), len(whole), whole[offset : offset + limit]
        sweeps = tuple(
            self._sweep_row(place, row, row in query.open_sweeps)
            for place, row in enumerate(rows)
            if isinstance(row, str)
        )
        bodies = self.bodies(row for row in rows if not isinstance(row, str))
        return IndexWindow(bodies, matching, total, self._unknown(query), sweeps, length)

    def _page_by_group(self, query: Query, condition: filter_sql.Sql, limit: int, offset: int) -> IndexWindow:
        fields, names = _group_fields(query.group), query.statistics[:STATISTICS]
        found, has_values = self._groups(query, fields, names, condition)
        order = query.sort, query.descending
        page = window_of(sorted_groups(found, *order), frozenset(query.open_groups), order, offset, limit)
        shown = [group for _, group, _ in page.groups]
        values = _values_in(shown, names, query.sort) if has_values else self._values_of(shown, names)
        rows = tuple(
            row_of_group(place, group, is_open, self._metric_of(group), values[group.id])
            for place, group, is_open in page.groups
        )
        matching = sum(len(group.runs) for group in found)
        unknown = self._unknown(query, fields)
        return IndexWindow(
            self.bodies(page.numbers), matching, self.total(), unknown, length=page.length, groups=rows
        )

    def _groups(
        self, query: Query, fields: Sequence[str], names: Sequence[str], condition: filter_sql.Sql
    ) -> tuple[list[FoundGroup], bool]:
        """The groups of the runs that pass the filter, in the order of their newest runs.

        Returns also whether the runs have the values of `names`: where the summaries are read anyway.
        """
        keys = [filter_sql.value_of(name) for name in fields]
        sort = filter_sql.Sql("NULL") if query.sort in GROUP_SORTS else filter_sql.sort_key(query.sort)
        reads = any(one.reads_summaries or one.reads_fields for one in (*keys, sort, condition))
        values = [filter_sql.sort_key(name) for name in names if name != query.sort] if reads else []
        columns = (sort, *values, *keys)
        sql = (
            f"SELECT r.number, iif(r.cause = 'pruned', 'pruned', r.status), r.best, "
            f"{', '.join(one.text for one in columns)} {filter_sql.source(*columns, condition)} "
            f"WHERE {condition.text} ORDER BY {filter_sql.age_order('DESC')}"
        )
        bound = tuple(value for one in (*columns, condition) for value in one.values)
        found: dict[Any, list[tuple[Any, ...]]] = {}
        for row in self._db.execute(sql, bound):
            key = row[-1] if len(keys) == 1 else row[-len(keys) :]
            found.setdefault(key, []).append(row)
        is_config = fields == [CONFIG]
        groups = [FoundGroup(key if is_config else json.dumps(key), runs) for key, runs in found.items()]
        return groups, reads

    def _metric_of(self, group: FoundGroup) -> str:
        """The metric of the best value of the newest run that has one."""
        number = next((run[NUMBER] for run in group.runs if run[BEST] is not None), None)
        find = "SELECT json_extract(b.summary, '$.best.metric') FROM bodies b WHERE number = ?"
        found = self._db.execute(find, (number,)).fetchone()
        return str(found[0]) if found is not None else ""

    def _values_of(
        self, groups: Sequence[FoundGroup], names: Sequence[str]
    ) -> dict[str, dict[str, list[Any]]]:
        if not names:
            return {group.id: {} for group in groups}
        columns = [filter_sql.sort_key(name) for name in names]
        sql = (
            f"SELECT r.number, {', '.join(one.text for one in columns)} {filter_sql.source(*columns)} "
            "WHERE r.number IN (SELECT value FROM json_each(?))"
        )
        numbers = [run[NUMBER] for group in groups for run in group.runs]
        bound = (*(value for one in columns for value in one.values), json.dumps(numbers))
        found = {row[0]: row[1:] for row in self._db.execute(sql, bound)}
        return {
            group.id: {
                name: [found[run[NUMBER]][place] for run in group.runs] for place, name in enumerate(names)
            }
            for group in groups
        }

    def _sizes_of_sweeps(self) -> dict[str, int]:
        """Number of trials by sweep, of sweeps with two or more."""
        sql = "SELECT sweep, count(*) FROM runs WHERE sweep != '' GROUP BY sweep HAVING count(*) > 1"
        return dict(self._db.execute(sql).fetchall())

    def _newest_or_oldest(
        self, sizes: Mapping[str, int], order: filter_sql.Sql, limit: int, offset: int
    ) -> list[int | str]:
        """Rows of the whole table in the order of submission, read from the index `by_age`."""
        first = (
            f"SELECT r.number FROM runs r WHERE r.sweep = ? AND r.sweep != '' ORDER BY {order.text} LIMIT 1"
        )
        firsts = {self._db.execute(first, (sweep,)).fetchone()[0]: sweep for sweep in sizes}
        sql = (
            f"SELECT r.number {FROM} WHERE r.number IN (SELECT value FROM json_each(?)) OR r.number NOT IN "
            "(SELECT t.number FROM runs t WHERE t.sweep != '' AND t.sweep IN "
            f"(SELECT value FROM json_each(?))) ORDER BY {order.text} LIMIT ? OFFSET ?"
        )
        values = (json.dumps(list(firsts)), json.dumps(list(sizes)), limit, offset)
        return [firsts.get(number, number) for (number,) in self._db.execute(sql, values)]

    def _sweep_row(self, place: int, sweep: str, is_open: bool) -> SweepRow:
        sql = (
            "SELECT iif(cause = 'pruned', 'pruned', status) AS standing, count(*), max(created), "
            "max(experiment) FROM runs WHERE sweep = ? AND sweep != '' GROUP BY standing"
        )
        found = self._db.execute(sql, (sweep,)).fetchall()
        counts = {str(row[0]): int(row[1]) for row in found}
        newest = max(float(row[2]) for row in found)
        return SweepRow(place, sweep, str(found[0][3]), sum(counts.values()), counts, newest, is_open)

    def _unknown(self, query: Query, fields: Iterable[str] = ()) -> tuple[str, ...]:
        """Those of the query, and of the fields that it groups by, that no run has."""
        sort = "created" if query.group and query.sort in GROUP_SORTS else query.sort
        names = filter_sql.dynamic_fields(query.where, sort)
        names += [name for one in fields for name in filter_sql.dynamic_fields("", one)]
        return tuple(name for name in names if not self._is_known(filter_sql.has_field(name)))

    def _is_known(self, has_field: filter_sql.Sql) -> bool:
        found = self._db.execute(f"SELECT 1 FROM fields f WHERE {has_field.text} LIMIT 1", has_field.values)
        return found.fetchone() is not None


def _group_fields(text: str) -> list[str]:
    """Raises FilterError."""
    names = list(dict.fromkeys(name for part in text.split(",") if (name := part.strip())))
    if not 0 < len(names) <= GROUP_FIELDS:
        raise FilterError(f"group: expected 1 to {GROUP_FIELDS} names of fields, got {text[:80]!r}.")
    return names


def _values_in(
    groups: Iterable[FoundGroup], names: Sequence[str], sort: str
) -> dict[str, dict[str, list[Any]]]:
    """The values that the runs of each group were found with, by name."""
    others = [name for name in names if name != sort]
    places = {name: SORT if name == sort else VALUES + others.index(name) for name in names}
    return {
        group.id: {name: [run[place] for run in group.runs] for name, place in places.items()}
        for group in groups
    }


def group_trials(
    found: Iterable[tuple[int, str]], sizes: Mapping[str, int], opened: Collection[str]
) -> list[int | str]:
    """Numbers of runs, and ids of sweeps in place of their trials, in the order of `found`.

    `found` are runs as (number, sweep), `sizes` the number of trials by sweep. A sweep whose trials are all
    found is one row at the place of the first; the trials of an `opened` one follow it. Trials of other
    sweeps stay in place.
    """
    runs = list(found)
    trials: dict[str, list[int]] = {}
    for number, sweep in runs:
        if sweep in sizes:
            trials.setdefault(sweep, []).append(number)
    waiting = {sweep for sweep, numbers in trials.items() if len(numbers) == sizes[sweep]}
    whole = frozenset(waiting)
    rows: list[int | str] = []
    for number, sweep in runs:
        if sweep not in whole:
            rows.append(number)
        elif sweep in waiting:
            waiting.remove(sweep)
            rows.append(sweep)
            rows += trials[sweep] if sweep in opened else []
    return rows
