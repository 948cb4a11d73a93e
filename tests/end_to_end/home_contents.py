"""The files of a home without what differs each time: times, ids, processes, versions, speeds."""

from __future__ import annotations

import json
import math
import re
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import safetensors.numpy

from checkpoints import manifest
from engine.events import Event, replay

VARYING = frozenset((
    "at", "elapsed", "pid", "boot_id", "start_ticks", "started_at", "created_at", "updated_at", "asked_at",
    "since", "ended_at", "token", "usage", "seconds", "train_seconds", "rate", "rss", "cpu", "versions",
    "seal", "size", "selected", "python", "numpy", "torch", "processor", "pinned.trainer",
))  # fmt: skip
"""JSON fields whose values differ each time, or with the machine"""
UNFINISHED = frozenset(("<paused>",))
"""names of runs that were paused by hand, at any step"""
BATCHES = frozenset(("<lanes>", "<swept-lanes>", "<swept>"))
"""names of batches and sweeps of XOR: when the home was stored, NumPy computed the losses at the end of their
networks, so the last digit of a loss may differ; their weights are the same"""
SAMPLED = frozenset(("sketch", "note"))
"""events whose number depends on the speed of the machine"""
RENAMED = {"xor_lanes": "xor_batch"}
"""experiments that had another name when the home was stored"""
SKIPPED = frozenset(("engine.log", "engine.sock", "session.log", "index.sqlite-wal", "index.sqlite-shm"))


def machine(home: Path) -> dict[str, str]:
    """What the weights of the runs of a home depend on: processor and versions."""
    facts: dict[str, str] = {}
    for path in home.glob(f"runs/*/checkpoints/*/{manifest.NAME}"):
        env = json.loads(path.read_text())["env"]
        facts |= {name: str(env[name]) for name in sorted(VARYING & env.keys())}
    return facts


def contents(home: Path, *, is_exact: bool = True) -> dict[str, Any]:
    """What each file holds, by path, with names for ids; of runs the fields alone unless `is_exact`."""
    names = dict(names_of(home))
    found: dict[str, Any] = {}
    for path in sorted(home.rglob("*")):
        if path.is_file() and path.name not in SKIPPED and path.relative_to(home).parts[0] != "data":
            place = _path(str(path.relative_to(home)), names)
            is_unfinished = place.startswith("runs/") and (place.split("/")[1] in UNFINISHED or not is_exact)
            content = _content(path, is_unfinished, names)
            found[place] = _parsed(content) if is_batch(place) else content
    return found


def is_batch(place: str) -> bool:
    return place.startswith(("runs/", "sweeps/")) and place.split("/")[1] in BATCHES


def is_close(one: Any, other: Any) -> bool:
    """Whether both are equal but for the last digits of fractions."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_close(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_close, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-5)
    return bool(one == other)


def _parsed(content: Any) -> Any:
    """The numbers in a safetensors file and in TensorBoard's text; a log without the line about compiling."""
    if isinstance(content, bytes) and not content.startswith(b"{"):
        tensors = safetensors.numpy.load(content)
        return {name: array.astype(float).ravel().tolist() for name, array in tensors.items()}
    if isinstance(content, list):
        return [_parsed(one) for one in content]
    if isinstance(content, str):
        text = re.sub(r"Compiling once.*\n", "", content)
        return [_number(part) for part in re.split(r"(\d+\.\d+)", text)]
    return content


def _number(text: str) -> str | float:
    return float(text) if re.fullmatch(r"\d+\.\d+", text) else text


def unvarying(value: Any, names: dict[str, str]) -> Any:
    """JSON without times and ids; NaN as text."""
    if isinstance(value, dict):
        return {key: "varies" if key in VARYING else unvarying(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [unvarying(one, names) for one in value]
    return without_ids(value, names) if isinstance(value, str) else value


def names_of(home: Path) -> Iterator[tuple[str, str]]:
    for path in (*home.glob("runs/*/spec.json"), *home.glob("sweeps/*/sweep.json")):
        yield path.parent.name, json.loads(path.read_text())["name"]


def without_ids(text: str, names: dict[str, str]) -> str:
    for run, name in names.items():
        text = text.replace(run, f"<{name}>")
    for old, new in RENAMED.items():
        text = text.replace(old, new)
    return re.sub(r"[^ ]*/(?=(runs|sweeps)/<)", "", text)


def _path(path: str, names: dict[str, str]) -> str:
    path = re.sub(r"tfevents\.\d+\.[^.]+", "tfevents.TIME.HOST", without_ids(path, names))
    return re.sub(r"step-\d+", "step-N", path) if any(name in path for name in UNFINISHED) else path


def _content(path: Path, is_unfinished: bool, names: dict[str, str]) -> Any:
    if path.name == manifest.NAME:
        return _shape(json.loads(path.read_text()))
    if path.suffix == ".safetensors" or path.name == "state.json":
        return _header(path.read_bytes()) if is_unfinished else path.read_bytes()
    if path.name == "events.jsonl":
        return _events(replay(path), names, is_unfinished)
    if path.suffix == ".jsonl":
        return [unvarying(json.loads(line), names) for line in path.read_text().splitlines()]
    if path.suffix == ".json":
        return (
            _shape(json.loads(path.read_text()))
            if is_unfinished
            else unvarying(json.loads(path.read_text()), names)
        )
    if path.name == "index.sqlite":
        with closing(sqlite3.connect(path)) as index:
            return sorted(row[0] for row in index.execute("SELECT sql FROM sqlite_master WHERE sql != ''"))
    if "tfevents" in path.name:
        return [] if is_unfinished else _records(path.read_bytes())
    if path.name == "worker.log":
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "TIME", path.read_text())
        return re.sub(r"\d+", "N", text) if is_unfinished else text
    return path.read_text() if path.suffix in (".txt", ".sum") and path.name != "index.sqlite.sum" else ""


def _shape(value: Any) -> Any:
    """The fields and the types of their values."""
    if isinstance(value, dict):
        return {key: _shape(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_shape(one) for one in value[:1]]
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


def _header(data: bytes) -> Any:
    """Names, types and shapes of the tensors of a safetensors file; the shape of a JSON file."""
    if data.startswith(b"{"):
        return _shape(json.loads(data))
    return json.loads(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])


def _events(events: Iterator[Event], names: dict[str, str], is_unfinished: bool) -> Any:
    """The metrics in one piece, the fields of sampled events, the other events as they are."""
    metrics: dict[str, list[list[Any]]] = {}
    sampled: dict[str, Any] = {}
    others = []
    for event in events:
        if event.kind == "metrics":
            for name, (steps, values) in event.facts["series"].items():
                known = metrics.setdefault(name, [[], []])
                known[0] += steps
                known[1] += values
        elif event.kind in SAMPLED:
            sampled[event.kind] = _shape(event.facts)
        else:
            facts = {"kind": event.kind, **event.facts}
            others.append(_shape(facts) if is_unfinished else unvarying(facts, names))
    if is_unfinished:
        return [sorted(metrics), sampled, others]
    return [metrics, sampled, others]


def _records(data: bytes) -> list[str]:
    """The events of a TensorBoard file without their times."""
    from tensorboardX.proto.event_pb2 import Event as Record

    found, at = [], 0
    while at < len(data):
        size = struct.unpack("<Q", data[at : at + 8])[0]
        record = Record.FromString(data[at + 12 : at + 12 + size])
        record.wall_time = 0
        for value in record.summary.value:
            value.metadata.plugin_data.content = b""  # of hparams: the time, and parameters in any order
        found.append(str(record))
        at += size + 16
    return found
