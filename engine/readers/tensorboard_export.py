"""The history of a run as a TensorBoard event file, which any TensorBoard reads."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine import files, fold, tfrecord
from engine.errors import InputError
from engine.fold import CurvePoints, MetricCurves, wall_clock
from engine.params import Value
from engine.readers.event_messages import Event, HParams
from engine.readers.record_checksums import masked_checksums

PART = 20_000
"""records that are written at a time"""
LARGEST = float(np.finfo(np.float32).max)
_NOT_IN_NAMES = re.compile(r"[^\w.+ -]")


def write(events: Path, folder: Path, name: str, params: Mapping[str, Value]) -> Iterator[int]:
    """Write the curves in `events` to a new folder in `folder`; yields the points of each part.

    Raises InputError where there is such a folder already, OSError and CorruptRun.
    """
    curves = MetricCurves(CurvePoints, wall_clock)
    fold.read(events, 0, curves)
    target = folder / (_NOT_IN_NAMES.sub("_", name) or "run")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        target.mkdir()
    except FileExistsError:
        raise InputError(f"{target} is there already.", "Remove it, or name another folder.") from None
    starts = [curve.times[0] for curve in curves.by_metric.values() if curve.times]
    began = min(starts, default=0.0)
    path = target / f"events.out.tfevents.{int(began):010d}.dltui"
    files.write_new(path)
    with path.open("ab") as file:
        version = Event(wall_time=began, file_version=b"brain.Event:2").SerializeToString()
        file.write(_records([version, _session_start(began, params)]))
        for metric, curve in curves.by_metric.items():
            for at in range(0, len(curve.steps), PART):
                part = slice(at, at + PART)
                points = zip(curve.steps[part], curve.values[part], curve.times[part], strict=True)
                records = [_scalar(metric, *point) for point in points]
                file.write(_records(records))
                yield len(records)


def _session_start(at: float, params: Mapping[str, Value]) -> bytes:
    content = HParams()
    content.session_start.start_time = at
    for name, value in params.items():
        _set(content.session_start.hparams.add(name=name.encode()).value, value)
    event = Event(wall_time=at)
    metadata = event.summary.value.add(tag=b"_hparams_/session_start_info").metadata
    metadata.plugin_data.plugin_name = b"hparams"
    metadata.plugin_data.content = content.SerializeToString()
    return bytes(event.SerializeToString())


def _set(place: Any, value: Value) -> None:
    if isinstance(value, bool):
        place.boolean = value
    elif isinstance(value, int | float) and abs(value) < 2**1000:
        place.number = value
    else:
        place.text = ("" if value is None else str(value)).encode()


def _scalar(metric: str, step: int, value: float, at: float) -> bytes:
    """As float32: what is finite stays finite."""
    event = Event(wall_time=at, step=step)
    number = value if not math.isfinite(value) else max(-LARGEST, min(LARGEST, value))
    event.summary.value.add(tag=metric.encode("utf-8", "replace"), simple_value=number)
    return bytes(event.SerializeToString())


def _records(records: Sequence[bytes]) -> bytes:
    """As `tfrecord.encode` of each, with all checksums at once."""
    lengths = np.array([len(record) for record in records], np.int64)
    sums = masked_checksums(np.frombuffer(b"".join(records), np.uint8), np.cumsum(lengths) - lengths, lengths)
    heads = {length: tfrecord.head(length) for length in set(lengths.tolist())}
    parts = zip(records, sums.tolist(), strict=True)
    return b"".join(heads[len(record)] + record + tfrecord.tail(crc) for record, crc in parts)
