"""The index of all runs in SQLite, which can be rebuilt from the run folders. Only the service opens it."""

from __future__ import annotations

import json
import logging
import os
import shutil
import sqlite3
import stat
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import files
from engine.errors import CorruptRun, EngineError
from engine.protocol import GroupRow, Json, Query, RunSummary, Status, SweepRow, summary_to_json
from engine.run_groups import CONFIG, group_of_summary
from engine.service.health.storage import is_remote
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
from engine.text_pattern import SECONDS, PatternSearch

SCHEMA = 6
LIMIT = 1000
"""most rows of one page"""
GROUP_FIELDS, STATISTICS = 8, 16
"""most fields to group by, and of which groups have the mean"""
_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, submitted INTEGER NOT NULL, created REAL NOT NULL,
    name TEXT NOT NULL, experiment TEXT NOT NULL, status TEXT NOT NULL, step INTEGER NOT NULL, best REAL,
    cause TEXT NOT NULL, device TEXT NOT NULL, token TEXT NOT NULL, sweep TEXT NOT NULL,
    tags TEXT NOT NULL, note TEXT NOT NULL, config TEXT NOT NULL);
CREATE TABLE bodies (
    number INTEGER PRIMARY KEY, summary TEXT NOT NULL, tail TEXT NOT NULL, sum INTEGER NOT NULL);
CREATE INDEX by_age ON runs (submitted, created, id);
CREATE INDEX by_sweep ON runs (sweep, submitted, created, id) WHERE sweep != '';
CREATE INDEX by_name ON runs (name);
CREATE INDEX by_status ON runs (status);
CREATE INDEX by_config ON runs (config);
CREATE INDEX by_token ON runs (token) WHERE token != '';
CREATE INDEX by_mark ON runs (substr(id, -4));
"""
_VERIFIED = tuple(name for name in filter_sql.NARROW if name != CONFIG)
"""columns that are compared with the summary after a crash; to compute the group takes too long for that"""
_NARROW = ", ".join((*_VERIFIED, CONFIG))
_FROM = "FROM runs r"
_FROM_BOTH = "FROM runs r JOIN bodies b ON b.number = r.number"
_BODY = "CAST(b.summary AS BLOB), CAST(b.tail AS BLOB), b.sum"
_DISK_ERRORS = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
_CHECKSUM_SUFFIX = ".sum"
"""suffix of the file with the checksum of a closed index"""
_STATUSES = frozenset(Status)
"""the status of the narrow row may differ from the summary's, see `set_status`"""
_RESTING = ("paused", "done", "stopped", "failed", "lost", "imported")


@dataclass(frozen=True, slots=True)
class IndexRow:
    """A run in the index; `tail` is the state of reading its events."""

    summary: Json
    tail: Json

    @property
    def id(self) -> str:
        return str(self.summary["id"])


@dataclass(frozen=True, slots=True)
class IndexWindow:
    """A page of summaries as JSON text."""

    summaries: tuple[bytes, ...]
    matching: int
    total: int
    unknown: tuple[str, ...] = ()
    """fields of the query that no run has"""
    sweeps: tuple[SweepRow, ...] = ()
    """without the fields that come from the folder of the sweep"""
    length: int | None = None
    """number of all rows, where some of them are sweeps or groups"""
    groups: tuple[GroupRow, ...] = ()


class DamagedIndex(Exception):
    """The contents differ from what was written."""


def row_of(summary: RunSummary, tail: Json) -> IndexRow:
    return IndexRow(summary_to_json(summary), tail)


class Index:
    """Not thread-safe: only one thread may use it."""

    def __init__(self, connection: sqlite3.Connection, stamp: str = "", path: Path | None = None) -> None:
        self._db = connection
        self._patterns = PatternSearch()
        for name, search in (
            (filter_sql.MATCHES, self._patterns),
            (filter_sql.MATCHES_ANY_WORD, self._patterns.any_word),
        ):
            connection.create_function(name, 2, search, deterministic=True)
        self.path = path
        """None for an index in memory"""
        self.stamp = stamp
        """argument of the last `close`; empty after a crash and for a new index"""

    def put(self, rows: Iterable[IndexRow]) -> None:
        """Insert or replace rows in one transaction."""
        with self._db:
            for row in rows:
                number = self._upsert(row)
                summary, tail = _text(row.summary), _text(row.tail)
                body = (number, summary, tail, _checksum(summary.encode(), tail.encode()))
                self._db.execute("INSERT OR REPLACE INTO bodies VALUES (?, ?, ?, ?)", body)

    def _upsert(self, row: IndexRow) -> int:
        values = (*_narrow_values(row.summary, _VERIFIED), group_of_summary(row.summary))
        placeholders = ", ".join("?" * len(values))
        updates = ", ".join(f"{name} = excluded.{name}" for name in filter_sql.NARROW[1:])
        found = self._db.execute(
            f"INSERT INTO runs ({_NARROW}) VALUES ({placeholders}) ON CONFLICT (id) DO UPDATE SET {updates} "
            "RETURNING number",
            values,
        ).fetchone()
        return int(found[0])

    def set_status(self, run_id: str, status: Status) -> None:
        """Set the status of the narrow row only, so that the run is reconciled after a crash."""
        with self._db:
            self._db.execute("UPDATE runs SET status = ? WHERE id = ?", (str(status), run_id))

    def drop(self, run_ids: Iterable[str]) -> None:
        with self._db:
            for run_id in run_ids:
                self._db.execute("DELETE FROM bodies WHERE number = (SELECT number FROM runs WHERE id = ?)",
                                 (run_id,))  # fmt: skip
                self._db.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def clear(self) -> None:
        with self._db:
            self._db.execute("DELETE FROM bodies")
            self._db.execute("DELETE FROM runs")

    # --- queries -------------------------------------------------------------------------------------------

    def page(self, query: Query, sweeps: Mapping[str, str] | None = None) -> IndexWindow:
        """A page of the run table; `sweeps` are names by id. Raises FilterError."""
        self._patterns.restart()
        window = self._page(query, sweeps)
        self._check_patterns()
        return window

    def _check_patterns(self) -> None:
        if self._patterns.is_exhausted:
            raise FilterError(
                f"The regular expressions of the filter take more than {SECONDS:g} s for these runs."
            )

    def _page(self, query: Query, sweeps: Mapping[str, str] | None) -> IndexWindow:
        condition = filter_sql.where(query.where, sweeps)
        order = filter_sql.order(query.sort, query.descending)
        limit, offset = min(max(query.limit, 0), LIMIT), max(query.offset, 0)
        if query.group:
            return self._page_by_group(query, condition, limit, offset)
        sizes = self._sizes_of_sweeps() if query.by_sweep and not filter_sql.names_trials(query.where) else {}
        if sizes:
            return self._page_by_sweep(query, condition, order, sizes)
        total = self.total()
        source = _FROM_BOTH if condition.reads_summaries or order.reads_summaries else _FROM
        found = f"SELECT r.number {source} WHERE {condition.text} ORDER BY {order.text}"
        values = condition.values + order.values
        if condition.text == "1":
            numbers = self._numbers(f"{found} LIMIT ? OFFSET ?", (*values, limit, offset))
            return IndexWindow(self._bodies(numbers), total, total, self._unknown(query))
        numbers = self._numbers(found, values)
        window = self._bodies(numbers[offset : offset + limit])
        return IndexWindow(window, len(numbers), total, self._unknown(query))

    def _page_by_sweep(
        self, query: Query, condition: filter_sql.Sql, order: filter_sql.Sql, sizes: Mapping[str, int]
    ) -> IndexWindow:
        limit, offset = min(max(query.limit, 0), LIMIT), max(query.offset, 0)
        total = self.total()
        if condition.text == "1" and query.sort == "created" and sizes.keys().isdisjoint(query.open_sweeps):
            matching, length = total, total - sum(sizes.values()) + len(sizes)
            rows = self._newest_or_oldest(sizes, order, limit, offset)
        else:
            source = _FROM_BOTH if condition.reads_summaries or order.reads_summaries else _FROM
            sql = f"SELECT r.number, r.sweep {source} WHERE {condition.text} ORDER BY {order.text}"
            found = self._db.execute(sql, condition.values + order.values).fetchall()
            whole = group_trials(found, sizes, query.open_sweeps)
            matching, length, rows = len(found), len(whole), whole[offset : offset + limit]
        sweeps = tuple(
            self._sweep_row(place, row, row in query.open_sweeps)
            for place, row in enumerate(rows)
            if isinstance(row, str)
        )
        bodies = self._bodies(row for row in rows if not isinstance(row, str))
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
        unknown = (*self._unknown(query), *self._unknown_fields(fields))
        return IndexWindow(
            self._bodies(page.numbers), matching, self.total(), unknown, length=page.length, groups=rows
        )

    def _groups(
        self, query: Query, fields: Sequence[str], names: Sequence[str], condition: filter_sql.Sql
    ) -> tuple[list[FoundGroup], bool]:
        """The groups of the runs that pass the filter, in the order of their newest runs.

        Returns also whether the runs have the values of `names`: where the summaries are read anyway.
        """
        keys = [filter_sql.value_of(name) for name in fields]
        sort = filter_sql.Sql("NULL") if query.sort in GROUP_SORTS else filter_sql.sort_key(query.sort)
        reads = any(one.reads_summaries for one in (*keys, sort, condition))
        values = [filter_sql.sort_key(name) for name in names if name != query.sort] if reads else []
        columns = (sort, *values, *keys)
        sql = (
            f"SELECT r.number, iif(r.cause = 'pruned', 'pruned', r.status), r.best, "
            f"{', '.join(one.text for one in columns)} {_FROM_BOTH if reads else _FROM} "
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
        """The values of the runs of each group by name."""
        if not names:
            return {group.id: {} for group in groups}
        columns = [filter_sql.sort_key(name) for name in names]
        sql = (
            f"SELECT r.number, {', '.join(one.text for one in columns)} {_FROM_BOTH} "
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
            f"SELECT r.number {_FROM} WHERE r.number IN (SELECT value FROM json_each(?)) OR r.number NOT IN "
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

    def _unknown(self, query: Query) -> tuple[str, ...]:
        sort = "created" if query.group and query.sort in GROUP_SORTS else query.sort
        names = filter_sql.dynamic_fields(query.where, sort)
        return tuple(name for name in names if not self._is_known(filter_sql.has_field(name)))

    def _unknown_fields(self, names: Iterable[str]) -> list[str]:
        """Those of the fields that no run has."""
        dynamic = [name for one in names for name in filter_sql.dynamic_fields("", one)]
        return [name for name in dynamic if not self._is_known(filter_sql.has_field(name))]

    def _is_known(self, has_field: filter_sql.Sql) -> bool:
        found = self._db.execute(f"SELECT 1 FROM bodies b WHERE {has_field.text} LIMIT 1", has_field.values)
        return found.fetchone() is not None

    def matching_ids(self, where: str, sweeps: Mapping[str, str] | None = None) -> list[str]:
        """Ids of all runs that pass the filter, oldest first. Raises FilterError."""
        condition, order = filter_sql.where(where, sweeps), filter_sql.order("created", False)
        source = _FROM_BOTH if condition.reads_summaries or order.reads_summaries else _FROM
        found = f"SELECT r.id {source} WHERE {condition.text} ORDER BY {order.text}"
        self._patterns.restart()
        ids = [row[0] for row in self._db.execute(found, condition.values + order.values)]
        self._check_patterns()
        return ids

    def summaries(
        self, where: str, runs: Collection[str], limit: int, sweeps: Mapping[str, str] | None = None
    ) -> tuple[bytes, ...]:
        """Of the named runs, or else of those that pass the filter: the newest `limit`, the oldest first.

        Raises FilterError.
        """
        condition = filter_sql.where("" if runs else where, sweeps)
        if runs:
            condition = filter_sql.Sql("r.id IN (SELECT value FROM json_each(?))", (json.dumps(list(runs)),))
        source = _FROM_BOTH if condition.reads_summaries else _FROM
        order = filter_sql.age_order("DESC")
        found = f"SELECT r.number {source} WHERE {condition.text} ORDER BY {order} LIMIT ?"
        self._patterns.restart()
        numbers = self._numbers(found, (*condition.values, limit))
        self._check_patterns()
        return self._bodies(reversed(numbers))

    def get(self, run_id: str) -> IndexRow | None:
        """Raises DamagedIndex."""
        found = self._db.execute(f"SELECT {_BODY} {_FROM_BOTH} WHERE r.id = ?", (run_id,)).fetchone()
        return IndexRow(*map(json.loads, _verify_body(found))) if found else None

    def id_of_token(self, token: str) -> str | None:
        found = self._db.execute("SELECT id FROM runs WHERE token = ? AND token != ''", (token,)).fetchone()
        return str(found[0]) if found else None

    def find_ids(self, run: str, limit: int = 6) -> list[str]:
        """Ids of runs with that id, else name, else start of an id, else last four digits."""
        above, order = run + "\U0010ffff", filter_sql.age_order("DESC")
        for condition, values in (
            ("id = ?", (run,)),
            ("name = ?", (run,)),
            ("id >= ? AND id < ?", (run, above)),
            ("substr(id, -4) = ?", (run,)),
        ):
            rows = self._db.execute(
                f"SELECT r.id {_FROM} WHERE {condition} ORDER BY {order} LIMIT {int(limit)}", values
            ).fetchall()
            if rows:
                return [str(row[0]) for row in rows]
        return []

    def newest(self) -> str | None:
        """Id of the run that was submitted last, of those that are not damaged."""
        found = self._db.execute(
            f"SELECT r.id {_FROM} WHERE status != 'damaged' ORDER BY {filter_sql.age_order('DESC')} LIMIT 1"
        ).fetchone()
        return str(found[0]) if found else None

    def last_number(self) -> int:
        """The largest counter of submissions below 2^53; 0 where no run has one."""
        found = self._db.execute("SELECT coalesce(max(submitted), 0) FROM runs WHERE submitted < ?", (2**53,))
        return int(found.fetchone()[0])

    def remove_known(self, on_disk: set[str]) -> list[str]:
        """Remove from `on_disk` the ids that are in the index; returns those in the index only."""
        gone = []
        for (run_id,) in self._db.execute("SELECT id FROM runs"):
            if run_id in on_disk:
                on_disk.remove(run_id)
            else:
                gone.append(run_id)
        return gone

    def unsettled(self) -> list[str]:
        """Ids of runs that may have changed while no service ran, oldest first."""
        placeholders = ", ".join("?" * len(_RESTING))
        found = self._db.execute(
            f"SELECT r.id {_FROM} WHERE status NOT IN ({placeholders}) "
            f"ORDER BY {filter_sql.age_order('ASC')}",
            _RESTING,
        )
        return [row[0] for row in found]

    def offsets(self, after: int, limit: int) -> list[tuple[int, str, int]]:
        """(number, id, bytes of events read) of at most `limit` inactive runs above number `after`."""
        placeholders = ", ".join("?" * len(_RESTING))
        found = self._db.execute(
            f"SELECT r.number, r.id, coalesce(json_extract(b.tail, '$.offset'), 0) {_FROM_BOTH} "
            f"WHERE r.number > ? AND r.status IN ({placeholders}) ORDER BY r.number LIMIT ?",
            (after, *_RESTING, limit),
        )
        return found.fetchall()

    def counts(self) -> dict[str, int]:
        """Number of runs by status."""
        return dict(self._db.execute("SELECT status, count(*) FROM runs GROUP BY status").fetchall())

    def total(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM runs").fetchone()[0])

    def damaged_ids(self, limit: int) -> list[str]:
        found = self._db.execute("SELECT id FROM runs WHERE status = 'damaged' ORDER BY id LIMIT ?", (limit,))
        return [row[0] for row in found]

    def copy_to(self, other: Index) -> None:
        """Replace the contents of `other`."""
        self._db.backup(other._db)

    def discard(self) -> None:
        """Close without writing."""
        self._db.close()

    def close(self, stamp: str = "") -> None:
        """Close so that the next opening need not check all rows, and has the `stamp`."""
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO facts VALUES ('closed', ?)", (stamp,))
        self._db.close()
        if self.path is not None:
            _write_checksum(self.path)

    def _numbers(self, sql: str, values: tuple[Any, ...]) -> list[int]:
        return [row[0] for row in self._db.execute(sql, values)]

    def _bodies(self, numbers: Iterable[int]) -> tuple[bytes, ...]:
        find = f"SELECT {_BODY} FROM bodies b WHERE number = ?"
        return tuple(_verify_body(self._db.execute(find, (number,)).fetchone())[0] for number in numbers)


def is_disk_error(error: sqlite3.Error) -> bool:
    """Whether the disk caused the error (full, read-only), not the index."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK_ERRORS


def open_in_memory() -> Index:
    """An empty index that needs no disk."""
    db = sqlite3.connect(":memory:", check_same_thread=False)
    db.executescript(_TABLES)
    return Index(db)


def open_index(path: Path, on_damage: Callable[[str], None] = lambda why: None) -> Index:
    """Open the index in `path`; a damaged one, or one of another schema, is replaced by an empty one.

    `on_damage` is called with the reason where it is damaged. Raises EngineError.
    """
    if os.path.lexists(path):
        try:
            return _reopen(path)
        except (sqlite3.DatabaseError, DamagedIndex, ValueError, OSError) as error:
            if isinstance(error, sqlite3.Error) and is_disk_error(error):
                raise EngineError(f"The index {path} cannot be opened: {error}.") from error
            logging.warning("%s cannot be used (%s): it is rebuilt from the run folders", path, error)
            if not isinstance(error, OtherSchema):
                on_damage(str(error))
    try:
        delete_index(path)
        return _create(path)
    except (sqlite3.Error, OSError) as error:
        raise EngineError(
            f"The index {path} cannot be made: {error}.", "Is the disk full or the folder read-only?"
        ) from error


def delete_index(path: Path) -> None:
    """Delete the index and the files beside it. Raises OSError."""
    for suffix in ("", "-wal", "-shm", "-journal", _CHECKSUM_SUFFIX):
        found = path.with_name(path.name + suffix)
        if found.is_dir() and not found.is_symlink():
            shutil.rmtree(found)
        else:
            found.unlink(missing_ok=True)


def _create(path: Path) -> Index:
    db = _connect(path)
    db.executescript(_TABLES)
    with db:
        db.execute("INSERT INTO facts VALUES ('schema', ?)", (str(SCHEMA),))
    return Index(db, path=path)


class OtherSchema(DamagedIndex):
    """The index was written by another version."""


def _reopen(path: Path) -> Index:
    """Raises sqlite3.Error, DamagedIndex, ValueError or OSError."""
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise DamagedIndex("it is no regular file")
    is_as_closed = _is_as_closed(path)
    db = _connect(path)
    try:
        facts = dict(db.execute("SELECT name, value FROM facts").fetchall())
        if facts.get("schema") != str(SCHEMA):
            raise OtherSchema(f"schema {facts.get('schema')}, expected {SCHEMA}")
        if "closed" not in facts or not is_as_closed:
            _verify(db)
        with db:
            db.execute("DELETE FROM facts WHERE name = 'closed'")
        return Index(db, facts.get("closed", ""), path)
    except BaseException:
        db.close()
        raise


def _write_checksum(path: Path) -> None:
    """Write the checksum of the file, without which the next opening checks all rows."""
    try:
        path.with_name(path.name + _CHECKSUM_SUFFIX).write_text(f"{_file_checksum(path)}\n")
    except OSError as error:
        logging.warning("%s: its sum cannot be written: %s", path, error)


def _is_as_closed(path: Path) -> bool:
    """Whether the file equals its checksum, which is deleted; False where there is none.

    Raises DamagedIndex where they differ.
    """
    beside = path.with_name(path.name + _CHECKSUM_SUFFIX)
    try:
        written = files.read_bytes(beside, limit=64)
    except CorruptRun as error:
        raise DamagedIndex(error.message) from error
    if written is None:
        return False
    beside.unlink()
    if path.with_name(path.name + "-wal").exists():
        return False
    if written.strip() != str(_file_checksum(path)).encode():
        raise DamagedIndex("its bytes are not those that were written")
    return True


def _file_checksum(path: Path) -> int:
    total = 0
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            total = zlib.crc32(part, total)
    return total


def _verify(db: sqlite3.Connection) -> None:
    """Check all rows. Raises DamagedIndex. SQLite itself checks its structure, not the text in it."""
    with closing(db.execute("PRAGMA integrity_check(1)")) as found:
        result = found.fetchone()[0]
    if result != "ok":
        raise DamagedIndex(str(result)[:200])
    narrow = ", ".join(f"r.{name}" for name in _VERIFIED)
    for row in db.execute(f"SELECT {_BODY}, {narrow} {_FROM_BOTH}"):
        summary, _ = map(json.loads, _verify_body(row[:3]))
        if any(
            one != other
            for one, other in zip(_narrow_values(summary, _VERIFIED), row[3:], strict=True)
            if one not in _STATUSES
        ):
            raise DamagedIndex(f"the row of {str(summary['id'])[:80]} is not what its summary says")


def _verify_body(row: tuple[Any, ...] | None) -> tuple[bytes, bytes]:
    """The summary and the tail of a body. Raises DamagedIndex."""
    if row is None:
        raise DamagedIndex("a run without a summary")
    summary, tail, stored = row
    if not isinstance(summary, bytes) or not isinstance(tail, bytes) or _checksum(summary, tail) != stored:
        raise DamagedIndex("a summary that is not what was written")
    return summary, tail


def _checksum(summary: bytes, tail: bytes) -> int:
    return zlib.crc32(tail, zlib.crc32(summary))


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False)
    journal = "DELETE" if is_remote(path.parent) else "WAL"
    for pragma in (f"journal_mode={journal}", "synchronous=NORMAL", "mmap_size=0", "temp_store=MEMORY",
                   "cache_size=-8000", "locking_mode=EXCLUSIVE"):  # fmt: skip
        db.execute(f"PRAGMA {pragma}")
    return db


def _narrow_values(summary: Json, names: Sequence[str]) -> tuple[object, ...]:
    best = summary["best"]["value"] if summary["best"] else None
    others = {
        "submitted": summary["number"],
        "created": summary["created_at"],
        "best": best if isinstance(best, int | float) else None,
        "cause": summary["cause"]["kind"] if summary["cause"] else "",
        filter_sql.TAGS: f" {' '.join(tags).lower()} " if (tags := summary.get("tags")) else "",
        filter_sql.NOTE: summary.get("note", "").lower(),
    }
    return tuple(others[name] if name in others else summary[name] for name in names)


def _text(data: Json) -> str:
    return json.dumps(data, allow_nan=False, separators=(",", ":"))


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


# --- the trials of a sweep as one row ---------------------------------------------------------------------


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
