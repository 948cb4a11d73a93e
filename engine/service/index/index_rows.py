"""The tables of the index; a run as a row of them, and the checksum of each row."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.protocol import Json, RunSummary, Status, summary_to_json
from engine.run_groups import CONFIG
from engine.service.index import filter_sql
from engine.table_protocol import GroupRow, SweepRow

SCHEMA = 7
"""of the tables and of what a row says of its run: an index of another one is made from the folders again"""
TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, submitted INTEGER NOT NULL, created REAL NOT NULL,
    name TEXT NOT NULL, experiment TEXT NOT NULL, status TEXT NOT NULL, step INTEGER NOT NULL, best REAL,
    cause TEXT NOT NULL, device TEXT NOT NULL, token TEXT NOT NULL, sweep TEXT NOT NULL,
    tags TEXT NOT NULL, note TEXT NOT NULL, config TEXT NOT NULL);
CREATE TABLE fields (number INTEGER PRIMARY KEY, fields TEXT NOT NULL);
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
VERIFIED = tuple(name for name in filter_sql.NARROW if name != CONFIG)
"""columns that are compared with the summary after a crash; to compute the group takes too long for that"""
NARROW = ", ".join((*VERIFIED, CONFIG))
FROM = "FROM runs r"
FROM_BOTH = "FROM runs r JOIN bodies b ON b.number = r.number"
BODY = "CAST(b.summary AS BLOB), CAST(b.tail AS BLOB), b.sum"
STATUSES = frozenset(Status)
"""the status of the narrow row may differ from the summary's, see `set_status`"""


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


def narrow_values(summary: Json, names: Sequence[str]) -> tuple[object, ...]:
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


def fields_text(summary: Json) -> str:
    """The row of the table of fields: what a filter or a sort by a metric or a parameter reads."""
    return json_text({name: summary[name] for name in filter_sql.FIELDS if summary.get(name)})


def json_text(data: Json) -> str:
    return json.dumps(data, allow_nan=False, separators=(",", ":"))


def verified_body(row: tuple[Any, ...] | None) -> tuple[bytes, bytes]:
    """The summary and the tail of a body. Raises DamagedIndex."""
    if row is None:
        raise DamagedIndex("a run without a summary")
    summary, tail, stored = row
    if (
        not isinstance(summary, bytes)
        or not isinstance(tail, bytes)
        or body_checksum(summary, tail) != stored
    ):
        raise DamagedIndex("a summary that is not what was written")
    return summary, tail


def body_checksum(summary: bytes, tail: bytes) -> int:
    return zlib.crc32(tail, zlib.crc32(summary))
