"""What was read of a log as messages of dltui_track."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from engine.readers.log_reader import LogBatch, LogMedia

SLICE = 5_000
"""points of one metric in one message"""
Message: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class BatchMessages:
    """Makes the messages; a note that was sent is not sent again."""

    since: float = 0.0
    """seconds since 1970: earlier points are left out"""
    _noted: set[str] = field(default_factory=set)

    def of(self, batch: LogBatch, prefix: str) -> Iterator[Message]:
        """`prefix` is put before each name."""
        for name, points in batch.series.items():
            rows = zip(points.steps, points.values, points.times, strict=True)
            kept = [(step, value) for step, value, at in rows if at >= self.since]
            for begin in range(0, len(kept), SLICE):
                steps, values = zip(*kept[begin : begin + SLICE], strict=True)
                yield {"metrics": {prefix + name: [list(steps), list(values)]}}
        for text in batch.texts:
            yield {"text": {"tag": prefix + text.tag, "step": text.step, "text": text.text}}
        for one in batch.media:
            if one.at >= self.since:
                yield _media_message(one, prefix + one.tag)
        for damage in batch.damages:
            yield from self.note(damage)

    def note(self, text: str) -> Iterator[Message]:
        if text not in self._noted:
            self._noted.add(text)
            yield {"note": text}


def _media_message(one: LogMedia, tag: str) -> Message:
    facts: Message = {"tag": tag, "step": one.step}
    if one.kind == "image":
        return {"image": {**facts, "file": one.file, "span": one.span}}
    if one.kind == "histogram":
        return {"histogram": {**facts, "buckets": one.buckets}}
    return {"table": {**facts, "columns": one.columns, "rows": one.rows}}
