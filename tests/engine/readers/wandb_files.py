"""Files as W&B writes them offline, for tests and the benchmark: made without W&B."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.readers.block_file import BEGIN, BLOCK, CHUNK_HEAD, FIRST, LAST, MIDDLE, WHOLE
from engine.readers.wandb_messages import Record

Row = Mapping[str, float]


def write_run(path: Path, run: str, rows: Sequence[Row], is_resumed: bool = False) -> Path:
    """A file of one run with a row of metrics for each step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(framed([*records_of(run, rows, is_resumed)]))
    return path


def framed(records: Sequence[bytes]) -> bytes:
    """The bytes of a file with these records."""
    data = bytearray(BEGIN)
    for record in records:
        _append(data, record)
    return bytes(data)


def _append(data: bytearray, record: bytes) -> None:
    at = 0
    while True:
        left = BLOCK - len(data) % BLOCK
        if left < CHUNK_HEAD.size:
            data += bytes(left)
            left = BLOCK
        part = record[at : at + left - CHUNK_HEAD.size]
        is_last = at + len(part) == len(record)
        kind = (WHOLE if is_last else FIRST) if not at else (LAST if is_last else MIDDLE)
        data += CHUNK_HEAD.pack(zlib.crc32(part, zlib.crc32(bytes([kind]))), len(part), kind) + part
        at += len(part)
        if is_last:
            return


def records_of(
    run: str, rows: Sequence[Row], is_resumed: bool = False, began_at: int = 1_700_000_000
) -> Iterator[bytes]:
    """Those of a run that ends: of each step the summary and the history, as W&B writes them."""
    begin = Record(num=1)
    begin.run.id = begin.run.name = run.encode()
    begin.run.started.seconds = began_at
    begin.run.is_resumed = is_resumed
    begin.run.config.items.add(key=b"lr", value_json=b"0.1")
    yield begin.SerializeToString()
    number = 1
    for step, row in enumerate(rows):
        own = {"_step": step, "_timestamp": began_at + step / 10, "_runtime": step / 10}
        for name in ("summary", "history"):
            number += 1
            record = Record(num=number)
            for key, value in (*row.items(), *own.items()):
                getattr(record, name).items.add(nested_key=[key.encode()], value_json=_json(value))
            if name == "history":
                record.history.step.num = step
            yield record.SerializeToString()
    end = Record(num=number + 1)
    end.exit.code = 0
    yield end.SerializeToString()


def _json(value: float) -> bytes:
    return json.dumps(value).encode()
