"""The index of all runs in SQLite, which can be rebuilt from the run folders. Only the service opens it."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import stat
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from engine.errors import EngineError
from engine.protocol import Status
from engine.run_groups import group_of_summary
from engine.service.index import filter_sql
from engine.service.index.filter_parser import FilterError
from engine.service.index.index_file import (
    OtherSchema,
    connect,
    delete_index,
    is_as_closed,
    is_disk_error,
    verify_rows,
    write_checksum,
)
from engine.service.index.index_rows import (
    BODY,
    FROM,
    FROM_BOTH,
    NARROW,
    SCHEMA,
    TABLES,
    VERIFIED,
    DamagedIndex,
    IndexRow,
    IndexWindow,
    body_checksum,
    fields_text,
    json_text,
    narrow_values,
    verified_body,
)
from engine.service.index.page_queries import PageQueries
from engine.table_protocol import Query
from engine.text_pattern import SECONDS, PatternSearch

_RESTING = ("paused", "done", "stopped", "failed", "lost", "imported")


class Index:
    """Not thread-safe: only one thread may use it."""

    def __init__(self, connection: sqlite3.Connection, stamp: str = "", path: Path | None = None) -> None:
        self._db = connection
        self._pages = PageQueries(connection)
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
                summary, tail = json_text(row.summary), json_text(row.tail)
                body = (number, summary, tail, body_checksum(summary.encode(), tail.encode()))
                self._db.execute("INSERT OR REPLACE INTO bodies VALUES (?, ?, ?, ?)", body)
                fields = (number, fields_text(row.summary))
                self._db.execute("INSERT OR REPLACE INTO fields VALUES (?, ?)", fields)

    def _upsert(self, row: IndexRow) -> int:
        values = (*narrow_values(row.summary, VERIFIED), group_of_summary(row.summary))
        placeholders = ", ".join("?" * len(values))
        updates = ", ".join(f"{name} = excluded.{name}" for name in filter_sql.NARROW[1:])
        found = self._db.execute(
            f"INSERT INTO runs ({NARROW}) VALUES ({placeholders}) ON CONFLICT (id) DO UPDATE SET {updates} "
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
                for table in ("bodies", "fields"):
                    find = "(SELECT number FROM runs WHERE id = ?)"
                    self._db.execute(f"DELETE FROM {table} WHERE number = {find}", (run_id,))
                self._db.execute("DELETE FROM runs WHERE id = ?", (run_id,))

    def clear(self) -> None:
        with self._db:
            for table in ("bodies", "fields", "runs"):
                self._db.execute(f"DELETE FROM {table}")

    # --- queries -------------------------------------------------------------------------------------------

    def page(self, query: Query, sweeps: Mapping[str, str] | None = None) -> IndexWindow:
        """A page of the run table; `sweeps` are names by id. Raises FilterError."""
        self._patterns.restart()
        window = self._pages.page(query, sweeps)
        self._check_patterns()
        return window

    def _check_patterns(self) -> None:
        if self._patterns.is_exhausted:
            raise FilterError(
                f"The regular expressions of the filter take more than {SECONDS:g} s for these runs."
            )

    def matching_ids(self, where: str, sweeps: Mapping[str, str] | None = None) -> list[str]:
        """Ids of all runs that pass the filter, oldest first. Raises FilterError."""
        condition, order = filter_sql.where(where, sweeps), filter_sql.order("created", False)
        source = filter_sql.source(condition, order)
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
        source = filter_sql.source(condition)
        order = filter_sql.age_order("DESC")
        found = f"SELECT r.number {source} WHERE {condition.text} ORDER BY {order} LIMIT ?"
        self._patterns.restart()
        numbers = self._pages.numbers(found, (*condition.values, limit))
        self._check_patterns()
        return self._pages.bodies(reversed(numbers))

    def get(self, run_id: str) -> IndexRow | None:
        """Raises DamagedIndex."""
        found = self._db.execute(f"SELECT {BODY} {FROM_BOTH} WHERE r.id = ?", (run_id,)).fetchone()
        return IndexRow(*map(json.loads, verified_body(found))) if found else None

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
                f"SELECT r.id {FROM} WHERE {condition} ORDER BY {order} LIMIT {int(limit)}", values
            ).fetchall()
            if rows:
                return [str(row[0]) for row in rows]
        return []

    def newest(self) -> str | None:
        """Id of the run that was submitted last, of those that are not damaged."""
        found = self._db.execute(
            f"SELECT r.id {FROM} WHERE status != 'damaged' ORDER BY {filter_sql.age_order('DESC')} LIMIT 1"
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
            f"SELECT r.id {FROM} WHERE status NOT IN ({placeholders}) ORDER BY {filter_sql.age_order('ASC')}",
            _RESTING,
        )
        return [row[0] for row in found]

    def offsets(self, after: int, limit: int) -> list[tuple[int, str, int]]:
        """(number, id, bytes of events read) of at most `limit` inactive runs above number `after`."""
        placeholders = ", ".join("?" * len(_RESTING))
        found = self._db.execute(
            f"SELECT r.number, r.id, coalesce(json_extract(b.tail, '$.offset'), 0) {FROM_BOTH} "
            f"WHERE r.number > ? AND r.status IN ({placeholders}) ORDER BY r.number LIMIT ?",
            (after, *_RESTING, limit),
        )
        return found.fetchall()

    def counts(self) -> dict[str, int]:
        """Number of runs by status."""
        return dict(self._db.execute("SELECT status, count(*) FROM runs GROUP BY status").fetchall())

    def total(self) -> int:
        return self._pages.total()

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
            write_checksum(self.path)


def open_in_memory() -> Index:
    """An empty index that needs no disk."""
    db = sqlite3.connect(":memory:", check_same_thread=False)
    db.executescript(TABLES)
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


def _create(path: Path) -> Index:
    db = connect(path)
    db.executescript(TABLES)
    with db:
        db.execute("INSERT INTO facts VALUES ('schema', ?)", (str(SCHEMA),))
    return Index(db, path=path)


def _reopen(path: Path) -> Index:
    """Raises sqlite3.Error, DamagedIndex, ValueError or OSError."""
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise DamagedIndex("it is no regular file")
    is_unchanged = is_as_closed(path)
    db = connect(path)
    try:
        facts = dict(db.execute("SELECT name, value FROM facts").fetchall())
        if facts.get("schema") != str(SCHEMA):
            raise OtherSchema(f"schema {facts.get('schema')}, expected {SCHEMA}")
        if "closed" not in facts or not is_unchanged:
            verify_rows(db)
        with db:
            db.execute("DELETE FROM facts WHERE name = 'closed'")
        return Index(db, facts.get("closed", ""), path)
    except BaseException:
        db.close()
        raise
