"""The files of W&B (`run-*.wandb`), which it writes offline and online: a run, or one that was resumed."""

from __future__ import annotations

import functools
import hashlib
import json
import math
import os
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from engine import files, system_metrics
from engine.errors import CorruptRun
from engine.packed_decimals import NumberTexts
from engine.params import Value
from engine.point_columns import PointColumns
from engine.protocol import Json
from engine.reader_protocol import LogDescription
from engine.readers import wandb_items
from engine.readers.block_file import BlockFile
from engine.readers.log_reader import LogBatch, LogMedia, LogText, increasing
from engine.readers.record_file import RecordBatch
from engine.readers.wandb_items import NAMES_LIMIT, Contents, NameTable, Places
from engine.readers.wandb_messages import Record
from engine.typed_json import LATEST_TIME, WHOLE_LIMIT, typed

KIND = "wandb"
DESCRIBED = 64 << 10
"""bytes of the first file that are searched for the run and its config"""
LOOKS = 4
"""calls of `follow` of which one looks for the file of a resumed run too"""
PARAMS_LIMIT, TEXT_LIMIT, DAMAGES_LIMIT = 200, 4000, 20
_OWN_STEP, _OWN_TIME = "_step", "_timestamp"
_TYPE = "._type"
TABLE_LIMIT = 16 * 1024 * 1024
"""bytes of the file of a table that is read"""
"""the end of the name of what is no number: an image has a size and others beside it"""
_BEGIN, _END = "run-", ".wandb"


def is_run_file(name: str) -> bool:
    return name.endswith(_END) and not name.startswith(".")


def files_of_run(path: Path) -> list[Path]:
    """The files with the id of the one at `path`, in the order of the times in the names of their folders."""
    run, top = path.name, path.parent.parent
    try:
        folders = _by_id(top, top.stat().st_mtime_ns).get(_id_of(path), ())
    except OSError:
        folders = ()
    found = [top / name / run for name in folders if (top / name / run).exists()]
    return sorted(found, key=lambda one: _without_kind(one.parent.name)) if path in found else [path]


@dataclass(slots=True)
class _RunFile:
    blocks: BlockFile
    shift: int | None = None
    """what is added to its steps, once the first one is known: a resumed run may count from 0 again"""
    is_resumed: bool = False
    has_ended: bool = False


class _Rows(NamedTuple):
    """The numbers of records of one kind."""

    places: Places
    """of each record that of all records that were read"""
    steps: Places
    """of each record; -1 for none"""
    times: NDArray[np.float64]
    """of each record; NaN for none"""
    names: Places
    """of each number that of its name"""
    records: Places
    """of each number the index of its record"""
    values: NDArray[np.float64]
    """NaN for one in digits, which is decoded when it is drawn"""
    starts: Places
    """of each number where it stands in digits; -1 for one that is decoded"""
    ends: Places

    def ordered(self, order: Places) -> _Rows:
        """The numbers in another order."""
        names, records, starts, ends = (
            column[order] for column in (self.names, self.records, self.starts, self.ends)
        )
        values = self.values[order]
        return self._replace(names=names, records=records, values=values, starts=starts, ends=ends)

    def before(self, places: Places | list[int], step: int, at: float) -> tuple[Places, NDArray[np.float64]]:
        """Steps and times of the records before other ones; these where there is none."""
        found = np.searchsorted(self.places, places)
        return np.append(step, self.steps)[found], np.append(at, self.times)[found]


@dataclass(slots=True)
class WandbRun:
    """The run whose first file is at `path`."""

    path: Path
    name: str = ""
    _files: dict[str, _RunFile] = field(default_factory=dict)
    """by path"""
    _table: NameTable = field(default_factory=NameTable)
    _hidden: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(NAMES_LIMIT, bool))
    """of a name: whether it is one of W&B itself"""
    _logged: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(NAMES_LIMIT, bool))
    """of a name: whether it is in the history, whose values the summary repeats"""
    _types: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(NAMES_LIMIT, bool))
    """of a name: whether it tells the type of an image, histogram or table"""
    _named: int = 0
    """names of which `_hidden` is known"""
    _last: int = -1
    """the last step"""
    _at: float = 0.0
    """the latest time"""
    _damages: int = 0
    _looks: int = 0
    _with_media: Places = field(default_factory=lambda: np.empty(0, np.int64))
    """indices of the history's records, of those read last, that may hold more than numbers"""

    def describe(self) -> LogDescription:
        first, params = None, dict[str, Value]()
        for record in self._first_records():
            if record.HasField("run") and first is None:
                first = record.run
            params |= _config(record.run.config if record.HasField("run") else record.config)
        if first is None:
            raise CorruptRun(f"{self.path} has no run yet.")
        size = sum(path.stat().st_size for path in files_of_run(self.path))
        name = self.name or _text(first.name) or _id_of(self.path)
        digest = hashlib.sha256(first.SerializeToString(deterministic=True)).hexdigest()
        facts = _facts_of(first) | params
        tags, note = tuple(map(_text, first.tags)), _text(first.notes)[:TEXT_LIMIT]
        began = _seconds(first.started)
        return LogDescription(KIND, str(self.path), name, digest, began, size, facts, tags, note)

    def scalars(self) -> Iterator[LogBatch]:
        for path in files_of_run(self.path):
            file = self._files.setdefault(str(path), _RunFile(BlockFile(path)))
            while (read := file.blocks.read()).size:
                yield self._batch(file, read)
                if file.blocks.offset == file.blocks.seen:  # the usual end
                    break

    def follow(self) -> bool:
        if any(file.blocks.has_grown() for file in self._files.values()):
            return True
        self._looks += 1
        return self._looks % LOOKS == 0 and len(files_of_run(self.path)) > len(self._files)

    def incomplete(self) -> list[str]:
        torn = [str(torn) for file in self._files.values() if (torn := file.blocks.torn)]
        open_ended = [name for name, file in self._files.items() if not file.has_ended]
        text = "no end is recorded: its script was killed, or still runs"
        return torn + [f"{Path(name).name}: {text}" for name in open_ended[-1:]]

    @property
    def cursor(self) -> Json:
        files = {path: [file.blocks.offset, file.shift, file.has_ended] for path, file in self._files.items()}
        return {"files": files, "step": self._last}

    def resume(self, cursor: Json) -> None:
        for path, (offset, shift, has_ended) in typed(
            cursor.get("files"), dict[str, tuple[int, int | None, bool]]
        ).items():
            self._files[path] = _RunFile(BlockFile(Path(path), offset), shift, has_ended=has_ended)
        self._last = typed(cursor.get("step"), int)

    # --- the records ----------------------------------------------------------------------------------------

    def _first_records(self) -> Iterator[Any]:
        """The records of the run and its config at the beginning."""
        read = BlockFile(self.path).read(DESCRIBED)
        for place in _others(read, *_main_contents(read)):
            record = _record(read.record(place))
            if record is not None and (record.HasField("run") or record.HasField("config")):
                yield record

    def _batch(self, file: _RunFile, read: RecordBatch) -> LogBatch:
        batch = LogBatch(damages=[str(damage) for damage in read.damages], bytes=read.size)
        history, summary = _main_contents(read)
        others = {place: _record(read.record(place)) for place in _others(read, history, summary)}
        file.is_resumed |= any(record and record.run.is_resumed for record in others.values())
        rows = self._placed(batch, file, self._read_rows(read, history, is_summary=False))
        self._add_media(batch, file, read, rows)
        self._logged[rows.names] = True
        self._add_series(batch, read, rows)
        self._add_series(batch, read, self._summary_rows(file, read, summary, history, rows))
        self._add_others(batch, file, others, rows)
        self._last = max(self._last, int(rows.steps.max(initial=-1)))
        self._at = max(self._at, float(rows.times.max(initial=0.0)))
        batch.step, batch.at = max(0, self._last), self._at
        return batch

    def _read_rows(self, read: RecordBatch, contents: Contents, is_summary: bool) -> _Rows:
        """The numbers of records; of a summary those that the history does not have."""
        items, steps, is_odd = wandb_items.read_items(read.buffer, contents, self._table)
        self._hide_own_names()
        odd = _odd_items(read, contents, np.flatnonzero(is_odd), self._table, steps)
        self._hide_own_names()
        if not is_summary:
            self._with_media = self._media_records(items, is_odd)
        items = items.only((items.names >= 0) & ~is_odd[items.records])
        times = np.full(len(steps), np.nan)
        for name, column in ((_OWN_STEP, steps), (_OWN_TIME, times)):
            number = self._table.number(name)
            found = items.only(items.names == number)
            values, is_number = wandb_items.numbers_of(read.buffer, found)
            is_number &= np.abs(values) < WHOLE_LIMIT
            column[found.records[is_number]] = values[is_number]
            for record, value in odd.get(number, ()):
                column[record] = value if abs(value) < WHOLE_LIMIT else column[record]
        left_out = self._hidden | self._logged if is_summary else self._hidden
        items = items.only(~left_out[items.names])
        values, is_decoded, is_text = wandb_items.undecoded_numbers_of(read.buffer, items)
        kept = is_decoded | is_text
        rows = _Rows(
            contents.records,
            steps,
            times,
            items.names[kept],
            items.records[kept],
            values[kept],
            np.where(is_text, items.values, -1)[kept],
            items.ends[kept],
        )
        return _with_odd(rows, {name: found for name, found in odd.items() if not left_out[name]})

    def _media_records(self, items: Any, is_odd: NDArray[np.bool_]) -> Places:
        """The records that may hold more than numbers."""
        if not self._types.any():
            return np.empty(0, np.int64)
        has_type = np.zeros(len(is_odd), bool)
        has_type[items.records[(items.names >= 0) & self._types[items.names]]] = True
        return np.flatnonzero(has_type | is_odd)

    def _add_media(self, batch: LogBatch, file: _RunFile, read: RecordBatch, history: _Rows) -> None:
        """Images, histograms and tables; `history` has the steps of the records."""
        folder = file.blocks.path.parent / "files"
        for index in self._with_media.tolist():
            record = _record(read.record(int(history.places[index])))
            if record is not None:
                step, at = int(history.steps[index]), float(history.times[index])
                batch.media += _media(folder, record.history, step, at)

    def _placed(self, batch: LogBatch, file: _RunFile, rows: _Rows) -> _Rows:
        """The rows of a history with a step and a time each."""
        if not len(rows.steps):
            return rows
        steps = _filled(rows.steps, rows.steps < 0, max(0, self._last))
        is_time = (rows.times >= 0) & (rows.times <= LATEST_TIME)
        times = _filled(rows.times, ~is_time, self._at)
        first = int(steps[0])
        if file.shift is None:
            goes_back = first <= self._last
            file.shift = self._last + 1 if goes_back and file.is_resumed and first == 0 else 0
            if goes_back and not file.shift:
                batch.restart, self._last = first, first - 1
        return rows._replace(steps=steps + file.shift, times=times)

    def _summary_rows(
        self, file: _RunFile, read: RecordBatch, summary: Contents, contents: Contents, history: _Rows
    ) -> _Rows:
        """What the summary has beside the history; at the step of the history before where it has none."""
        rows = self._read_rows(read, wandb_items.without_repeats(summary, contents), is_summary=True)
        steps, times = history.before(rows.places, max(0, self._last), self._at)
        is_time = (rows.times >= 0) & (rows.times <= LATEST_TIME)
        steps = np.where(rows.steps < 0, steps, rows.steps + (file.shift or 0))
        return rows._replace(steps=steps, times=np.where(is_time, rows.times, times))

    def _add_series(self, batch: LogBatch, read: RecordBatch, rows: _Rows) -> None:
        by_name = np.argsort(np.argsort(np.array(self._table.names, object)))  # W&B writes them in any order
        ranks = by_name[rows.names] if len(rows.names) else rows.names
        order = np.argsort(ranks * len(rows.steps) + rows.records)
        rows = rows.ordered(order)
        ends = np.append(np.flatnonzero(np.diff(rows.names)) + 1, len(rows.names))
        texts = wandb_items.texts_of(read.buffer, rows.starts, rows.ends) if len(rows.names) else None
        begin = 0
        for end in ends.tolist() if len(rows.names) else ():
            name = self._table.names[rows.names[begin]]
            points = None if texts is None else _undecoded(rows, slice(begin, end), texts)
            points = points or _decoded(rows, slice(begin, end), read)
            if points is not None:
                batch.series[name] = points
            begin = end

    def _add_others(self, batch: LogBatch, file: _RunFile, others: Mapping[int, Any], history: _Rows) -> None:
        """System metrics, output, config and end."""
        system: dict[str, list[tuple[int, float, float]]] = {}
        steps, _ = history.before(list(others), max(0, self._last), self._at)
        for record, place, step in zip(others.values(), others, steps.tolist(), strict=True):
            if record is None:
                self._name_damage(batch, file, f"record {place:,} of a batch cannot be read")
                continue
            at = _seconds(record.stats.at) if record.HasField("stats") else 0.0
            for item in record.stats.items:
                if (value := _number(item)) is not None:
                    system.setdefault(system_metrics.PREFIX + _name_of(item), []).append((step, value, at))
            if printed := record.output.line + record.output_raw.line:
                batch.output += printed
                batch.output_steps.append((len(batch.output), step))
            batch.params = {**batch.params, **_config(record.run.config), **_config(record.config)}
            if record.HasField("exit"):
                file.has_ended = True
                batch.texts.append(LogText("W&B", step, f"ended with exit code {record.exit.code}", True))
        for name, points in system.items():
            columns = np.array(points, float).T
            batch.series[name] = increasing(columns[0].astype(np.int64), columns[1], columns[2])
            self._at = max(self._at, float(columns[2].max()))

    def _hide_own_names(self) -> None:
        """Those of W&B begin with _; the facts of an image are no metrics."""
        names = self._table.names
        if len(names) > self._named:
            media = {name.removesuffix(_TYPE) for name in names if name.endswith(_TYPE)}
            self._hidden[: len(names)] = [
                name.startswith("_") or name.rpartition(".")[0] in media for name in names
            ]
            self._types[: len(names)] = [name.endswith(_TYPE) for name in names]
            self._named = len(names)

    def _name_damage(self, batch: LogBatch, file: _RunFile, text: str) -> None:
        self._damages += 1
        if self._damages <= DAMAGES_LIMIT:
            batch.damages.append(f"{file.blocks.path.name}: {text}")


def _main_contents(read: RecordBatch) -> tuple[Contents, Contents]:
    return wandb_items.contents_of(read.buffer, read.starts, read.lengths)


def _others(read: RecordBatch, history: Contents, summary: Contents) -> list[int]:
    """The records that are neither."""
    is_other = np.ones(len(read.starts), bool)
    is_other[history.records] = is_other[summary.records] = False
    return np.flatnonzero(is_other).tolist()


def _odd_items(
    read: RecordBatch, contents: Contents, odd: Places, table: NameTable, steps: Places
) -> dict[int, list[tuple[int, float]]]:
    """Of records with items that are seldom written: (index, number) by name; their steps are set."""
    found: dict[int, list[tuple[int, float]]] = {}
    for index in odd.tolist():
        record = _record(read.record(int(contents.records[index])))
        if record is None:
            continue
        if record.history.HasField("step"):
            steps[index] = record.history.step.num
        for item in (*record.history.items, *record.summary.items):
            number = table.number(_name_of(item))
            if number >= 0 and (value := _number(item)) is not None:
                found.setdefault(number, []).append((index, value))
    return found


def _undecoded(rows: _Rows, part: slice, texts: NDArray[np.uint64]) -> PointColumns | None:
    """The points of one metric; None where they have to be decoded: steps repeat, no digits."""
    steps = rows.steps[rows.records[part]]
    if np.any(rows.starts[part] < 0) or np.any(steps[1:] <= steps[:-1]):
        return None
    values = NumberTexts.of(texts[part].tobytes(), len(steps))
    if values is None:
        return None
    times = rows.times[rows.records[part]]
    return PointColumns(array("q", steps.tobytes()), values, array("d", times.tobytes()))


def _decoded(rows: _Rows, part: slice, read: RecordBatch) -> PointColumns | None:
    """The points of one metric; None where none is a number."""
    values, starts, ends = rows.values[part].copy(), rows.starts[part], rows.ends[part]
    is_number, is_text = np.ones(len(values), bool), starts >= 0
    values[is_text], is_number[is_text] = wandb_items.decimals(read.buffer, starts[is_text], ends[is_text])
    records = rows.records[part][is_number]
    return increasing(rows.steps[records], values[is_number], rows.times[records]) if len(records) else None


def _with_odd(rows: _Rows, odd: Mapping[int, list[tuple[int, float]]]) -> _Rows:
    if not odd:
        return rows
    added = [(name, index, value) for name, found in odd.items() for index, value in found]
    names, records, values = zip(*added, strict=True)
    return rows._replace(
        names=np.append(rows.names, names).astype(np.int64),
        records=np.append(rows.records, records).astype(np.int64),
        values=np.append(rows.values, values),
        starts=np.append(rows.starts, np.full(len(added), -1)),
        ends=np.append(rows.ends, np.full(len(added), -1)),
    )


def _filled(column: NDArray[Any], is_missing: NDArray[np.bool_], first: float) -> NDArray[Any]:
    """Each missing one is that before it."""
    if not is_missing.any():
        return column
    places = np.maximum.accumulate(np.where(is_missing, -1, np.arange(len(column))))
    return np.where(places < 0, first, column[places]).astype(column.dtype)


# --- one message ------------------------------------------------------------------------------------------


def _record(data: bytes) -> Any:
    try:
        return Record.FromString(data)
    except DecodeError:
        return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _name_of(item: Any) -> str:
    return ".".join(map(_text, item.nested_key)) or _text(item.key)


def _seconds(time: Any) -> float:
    return float(min(max(0.0, time.seconds + time.nanos / 1e9), LATEST_TIME))


def _number(item: Any) -> float | None:
    for name in ("number", "whole", "boolean"):
        if item.HasField(name):
            return float(getattr(item, name))
    value = _json(item)
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return float(value.replace("Infinity", "inf"))
    return float(value) if isinstance(value, int | float) else None


def _json(item: Any) -> Any:
    """The value; None where it is no JSON."""
    if item.HasField("text"):
        return _text(item.text)
    try:
        return json.loads(item.value_json or item.json)
    except (ValueError, RecursionError):
        return None


def _config(config: Any) -> dict[str, Value]:
    """Parameters; those within others with a point between the names."""
    found: dict[str, Value] = {}
    for item in config.items:
        name = _name_of(item)
        if not name.startswith("_"):
            _flatten(found, name, _json(item))
    return found


def _flatten(found: dict[str, Value], name: str, value: Any) -> None:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            _flatten(found, f"{name}.{key}", inner)
    elif len(found) < PARAMS_LIMIT:
        found[name[:80]] = _param(value)


def _param(value: Any) -> Value:
    if isinstance(value, str):
        return value[:TEXT_LIMIT]
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < WHOLE_LIMIT else str(value)
    return json.dumps(value)[:TEXT_LIMIT]


def _facts_of(run: Any) -> dict[str, Value]:
    """Group and kind of job, where they are given: one filters by them as by parameters."""
    given = {"group": _text(run.group), "job_type": _text(run.job_type)}
    return {name: text[:TEXT_LIMIT] for name, text in given.items() if text}


def _media(folder: Path, history: Any, step: int, at: float) -> Iterator[LogMedia]:
    """Images, histograms and tables, as W&B writes them."""
    found: dict[str, dict[str, Any]] = {}
    for item in history.items:
        name, value = _name_of(item), _json(item)
        if isinstance(value, dict):
            found.setdefault(name, {}).update(value)
        found.setdefault(name.rpartition(".")[0], {})[name.rpartition(".")[2]] = value
    for name, facts in found.items():
        kind = facts.get("_type")
        if kind == "image-file" and (path := _path(folder, facts.get("path"))):
            yield LogMedia("image", name, step, at, path)
        elif kind == "histogram" and (buckets := _buckets(facts)):
            yield LogMedia("histogram", name, step, at, buckets=buckets)
        elif kind == "table-file" and (path := _path(folder, facts.get("path"))):
            table = _table(Path(path))
            yield LogMedia(
                "table", name, step, at, columns=table.get("columns", ()), rows=table.get("data", ())
            )


def _path(folder: Path, name: object) -> str:
    """The path of a file within `folder`; empty where it is outside."""
    path = Path(os.path.normpath(folder / str(name)))
    return str(path) if path.is_relative_to(os.path.normpath(folder)) else ""


def _table(path: Path) -> Mapping[str, Any]:
    """The JSON of a table; empty where its file cannot be read."""
    try:
        found = json.loads(files.read_bytes(path, follow=True, limit=TABLE_LIMIT) or b"{}")
    except (OSError, CorruptRun, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _buckets(value: Mapping[str, Any]) -> list[list[float]]:
    bins, counts = value.get("bins"), value.get("values")
    if not isinstance(bins, list) or not isinstance(counts, list) or len(bins) != len(counts) + 1:
        return []
    return [[left, right, count] for left, right, count in zip(bins, bins[1:], counts, strict=False)]


# --- the files of a run -----------------------------------------------------------------------------------


def _id_of(path: Path) -> str:
    return path.name.removeprefix(_BEGIN).removesuffix(_END)


def _without_kind(folder: str) -> str:
    """TIME-ID of `offline-run-TIME-ID` and `run-TIME-ID`."""
    return folder.removeprefix("offline-").removeprefix(_BEGIN)


@functools.lru_cache(maxsize=16)
def _by_id(folder: Path, changed: int) -> dict[str, list[str]]:
    """The folders of runs in a folder by the ids of the runs, since it was changed at this time."""
    found: dict[str, list[str]] = {}
    for name in os.listdir(folder):
        if _BEGIN in name:
            found.setdefault(_without_kind(name).partition("-")[2], []).append(name)
    return found
