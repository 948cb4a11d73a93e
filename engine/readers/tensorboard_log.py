"""TensorBoard's event files, of TensorFlow, Keras, PyTorch, tensorboardX and Lightning."""

from __future__ import annotations

import hashlib
import math
import os
from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError
from numpy.typing import NDArray

from engine import files
from engine.errors import CorruptRun
from engine.params import Value
from engine.protocol import Json
from engine.reader_protocol import LogDescription
from engine.readers import event_messages
from engine.readers.event_messages import TENSOR_TYPES, TEXT_TENSOR, Event, HParams
from engine.readers.log_reader import LogBatch, LogMedia, LogText, increasing
from engine.readers.record_file import CHUNK, RecordBatch, RecordFile
from engine.readers.scalar_shapes import ScalarPoints, joined, read_scalars
from engine.typed_json import LATEST_TIME, WHOLE_LIMIT, typed

KIND = "tensorboard"
PARTS = ("train", "validation")
"""folders of one Keras run, whose metrics get the name of the folder before theirs"""
DESCRIBED, SEARCHED = 8 << 10, 100
"""bytes of the first file, and records among them, that are searched for hyper-parameters"""
LOOKS = 4
"""calls of `follow` of which one looks for new files too"""
PARAMS_LIMIT, TEXTS_LIMIT = 200, 20_000
TEXT_LIMIT, LONG_TEXT_LIMIT = 4_000, 1_000_000
"""characters of a parameter that are kept, and of a text"""


def is_event_file(name: str) -> bool:
    return "tfevents" in name and not name.startswith(".")


@dataclass(slots=True)
class EventFolder:
    """The event files of a run: those of `folder`, or of its folders in PARTS."""

    folder: Path
    name: str
    parts: tuple[str, ...] = ("",)
    _files: dict[str, RecordFile] = field(default_factory=dict)
    """by path within the folder"""
    _plugins: dict[bytes, bytes] = field(default_factory=dict)
    """the plugin of each tag, which only its first record has to name"""
    _last: dict[str, int] = field(default_factory=dict)
    """the last step of each metric"""
    _at: float = 0.0
    """the latest time"""
    _texts: int = 0
    _looks: int = 0
    _listed: tuple[int, ...] = ()
    """the times of the folders when they were listed"""
    _refused: set[str] = field(default_factory=set)
    """files that cannot be read, each named once"""

    def describe(self) -> LogDescription:
        names, refusal = self._list(), None
        for name in names:
            try:
                records = RecordFile(self.folder / name).first(DESCRIBED, b"hparams")[:SEARCHED]
            except CorruptRun as error:  # another one may be readable
                refusal = refusal or error
                continue
            if records:
                first, params = _event(records[0]), _params(records)
                began = first.wall_time if first is not None else 0.0
                size = sum(files.size_of(self.folder / one) for one in names)
                digest = hashlib.sha256(records[0]).hexdigest()
                return LogDescription(
                    KIND, str(self.folder), self.name, digest, min(max(0.0, began), LATEST_TIME), size, params
                )
        raise refusal or CorruptRun(f"{self.folder} has no event yet.")

    def scalars(self) -> Iterator[LogBatch]:
        names = self._list()
        if removed := self._removed(names):
            yield LogBatch(damages=removed)
        for name in names:
            file = self._files.setdefault(name, RecordFile(self.folder / name))
            prefix = f"{name.rpartition('/')[0]}/" if "/" in name else ""
            if files.size_of(file.path) < file.offset:
                file.offset = 0
            try:
                begin = file.offset
                while (read := file.read(CHUNK)).size:
                    yield from self._batches(file.path, prefix, read, begin)
                    begin = file.offset
                    if begin == file.seen:  # the usual end, without opening it once more
                        break
            except CorruptRun as error:
                if name not in self._refused:
                    self._refused.add(name)
                    yield LogBatch(damages=[str(error)])

    def follow(self) -> bool:
        """The folder is listed again where its own time says that a file was added."""
        for file in self._files.values():
            if file.has_grown():
                return True
        self._looks += 1
        return self._looks % LOOKS == 0 and self._listed != self._stamp()

    @property
    def cursor(self) -> Json:
        return {name: file.offset for name, file in self._files.items()}

    def resume(self, cursor: Json) -> None:
        for name, offset in typed(cursor, dict[str, int]).items():
            self._files[name] = RecordFile(self.folder / name, offset)

    def incomplete(self) -> list[str]:
        return [str(torn) for file in self._files.values() if (torn := file.torn)]

    def _stamp(self) -> tuple[int, ...]:
        try:
            return tuple(
                os.stat(self.folder / part if part else self.folder).st_mtime_ns for part in self.parts
            )
        except OSError as error:
            raise CorruptRun(f"{self.folder} cannot be read: {error.strerror}.") from error

    def _list(self) -> list[str]:
        """The event files in the order in which they are read."""
        found = []
        self._listed = self._stamp()
        for part in self.parts:
            try:
                names = os.listdir(self.folder / part)
            except OSError as error:
                raise CorruptRun(f"{self.folder / part} cannot be listed: {error.strerror}.") from error
            found += [f"{part}/{name}" if part else name for name in sorted(filter(is_event_file, names))]
        return found

    def _removed(self, names: Collection[str]) -> list[str]:
        """A line for each file that was read and is not there any more."""
        gone = [self._files.pop(name) for name in sorted(self._files.keys() - set(names))]
        return [f"{file.path} was removed: what was not read yet is lost." for file in gone if file.seen]

    def _batches(self, path: Path, prefix: str, read: RecordBatch, begin: int) -> Iterator[LogBatch]:
        """One batch, and another one behind each restart; `read` begins at byte `begin` of the file."""
        batch = LogBatch(damages=[str(damage) for damage in read.damages], bytes=read.size)
        alike, others = read_scalars(read, self._number)
        events: dict[int, Any] = {}
        for place in others:
            if (event := _event(read.record(place))) is not None:
                events[place] = event
            else:
                size = int(read.lengths[place])
                batch.damages.append(f"{path.name}: a record of {size:,} bytes is no event")
        restarts = [
            place
            for place, event in events.items()
            if event.session_log.status == event_messages.SESSION_START
        ]
        for first, last in zip([0, *restarts], [*restarts, len(read.starts)], strict=True):
            if first in restarts:
                batch = LogBatch(restart=self._restart(events[first].step))
            inner = {place: event for place, event in events.items() if first <= place < last}
            self._add(
                batch, prefix, [one.between(first, last) for one in alike] if restarts else alike, inner
            )
            for place, event in inner.items():
                self._add_media(batch, str(path), prefix, read, place, begin, event)
            yield batch

    def _add_media(
        self, batch: LogBatch, path: str, prefix: str, read: RecordBatch, place: int, begin: int, event: Any
    ) -> None:
        """Histograms, and where in the file images lie."""
        data, start = b"", begin + int(read.starts[place])
        at = min(max(0.0, event.wall_time), LATEST_TIME) if math.isfinite(event.wall_time) else 0.0
        for value in event.summary.value:
            tag, plugin = prefix + _text(value.tag), _plugin(self._plugins, value)
            images = _images(value, plugin)
            data = data or (read.record(place) if images else b"")
            inside = 0
            for number, image in enumerate(images):
                inside = data.find(image, inside)
                name = tag if len(images) == 1 else f"{tag} [{number}]"
                span = (start + inside, len(image))
                batch.media.append(LogMedia("image", name, event.step, at, path, span))
                inside += len(image)
            buckets = _histogram(value, plugin)
            if buckets is not None:
                batch.media.append(LogMedia("histogram", tag, event.step, at, buckets=buckets))

    def _add(
        self, batch: LogBatch, prefix: str, alike: Sequence[ScalarPoints], events: Mapping[int, Any]
    ) -> None:
        parts: dict[bytes, list[ScalarPoints]] = {}
        for points in (*alike, *self._decoded(events, prefix, batch)):
            if len(points.places):
                parts.setdefault(points.tag, []).append(points)
        for tag, found in parts.items():
            name, points = prefix + _text(tag), joined(found)
            batch.series[name] = increasing(points.steps, points.values, self._valid(points.times))
            self._last[name] = batch.series[name].steps[-1]
        batch.step, batch.at = max(self._last.values(), default=0), self._at

    def _decoded(self, events: Mapping[int, Any], prefix: str, batch: LogBatch) -> Iterator[ScalarPoints]:
        """The points of events by tag; texts are added to the batch."""
        series: dict[bytes, list[tuple[int, int, float, float]]] = {}
        for place, event in events.items():
            for value in event.summary.value:
                if (number := self._number(value)) is not None:
                    series.setdefault(value.tag, []).append((place, event.step, number, event.wall_time))
                elif value.tensor.dtype == TEXT_TENSOR:
                    self._add_text(batch, prefix, event.step, value)
        for tag, found in series.items():
            places, steps, values, times = zip(*found, strict=True)
            yield ScalarPoints(
                tag,
                np.array(places),
                np.array(steps, np.int64),
                np.array(values, float),
                np.array(times, float),
            )

    def _number(self, value: Any) -> float | None:
        """The number of a value that is a scalar."""
        if value.HasField("simple_value"):
            return float(value.simple_value)
        plugin = _plugin(self._plugins, value)
        is_scalar = value.HasField("tensor") and plugin in (b"", b"scalars")
        return _scalar(value.tensor) if is_scalar else None

    def _add_text(self, batch: LogBatch, prefix: str, step: int, value: Any) -> None:
        if _plugin(self._plugins, value) == b"text" and value.tensor.strings and self._texts < TEXTS_LIMIT:
            self._texts += 1
            text = _text(value.tensor.strings[0])[:LONG_TEXT_LIMIT]
            batch.texts.append(LogText(prefix + _text(value.tag), step, text))

    def _valid(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Times; the latest one in place of those that are none."""
        is_valid = (times >= 0) & (times <= LATEST_TIME)
        if is_valid.any():
            self._at = max(self._at, float(times[is_valid].max()))
        return times if is_valid.all() else np.where(is_valid, times, self._at)

    def _restart(self, step: int) -> int:
        self._last = {name: min(last, step - 1) for name, last in self._last.items()}
        return step


# --- the messages -----------------------------------------------------------------------------------------


def _event(data: bytes) -> Any:
    try:
        return Event.FromString(data)
    except DecodeError:
        return None


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _plugin(plugins: dict[bytes, bytes], value: Any) -> bytes:
    """The plugin of the value, or of an earlier one with its tag."""
    name: bytes = value.metadata.plugin_data.plugin_name
    if name:
        plugins[value.tag] = name
    return name or plugins.get(value.tag, b"")


def _scalar(tensor: Any) -> float | None:
    """The number of a tensor with one number; None for other tensors."""
    kind = TENSOR_TYPES.get(tensor.dtype)
    if kind is None or math.prod(one.size for one in tensor.shape.dim) != 1:
        return None
    stored, column = kind
    if stored in ("bfloat16", "<f2"):
        bits = tensor.content or array("H", [one & 0xFFFF for one in tensor.halves[:1]]).tobytes()
        return _half(bits, stored)
    if tensor.content:
        found = np.frombuffer(tensor.content[: np.dtype(stored).itemsize], stored)
        return float(found[0]) if len(found) else None
    return float(next(iter(getattr(tensor, column)), 0))


def _half(bits: bytes, stored: str) -> float | None:
    if len(bits) < 2:
        return None if bits else 0.0
    if stored == "<f2":
        return float(np.frombuffer(bits[:2], "<f2")[0])
    return float(np.frombuffer(b"\0\0" + bits[:2], "<f4")[0])


def _images(value: Any, plugin: bytes) -> list[bytes]:
    if value.HasField("image"):
        return [value.image.encoded]
    return list(value.tensor.strings[2:]) if plugin == b"images" else []  # behind its width and its height


def _histogram(value: Any, plugin: bytes) -> list[list[float]] | None:
    """The buckets of a value that is a histogram."""
    if value.HasField("histo"):
        return _old_histogram(value.histo)
    if plugin != b"histograms":
        return None
    tensor = value.tensor
    is_whole = len(tensor.content) % 24 == 0
    buckets = (
        np.frombuffer(tensor.content, "<f8") if tensor.content and is_whole else np.array(tensor.doubles)
    )
    found: list[list[float]] = buckets.reshape(-1, 3).tolist() if len(buckets) % 3 == 0 else []
    return found


def _old_histogram(histogram: Any) -> list[list[float]]:
    """The buckets with a count; the outermost end at the smallest and the largest number."""
    left, buckets = histogram.min, []
    for limit, count in zip(histogram.limits, histogram.counts, strict=False):
        right = min(limit, histogram.max)
        if count:
            buckets.append([max(left, histogram.min), right, count])
        left = right
    return buckets


def _params(records: list[bytes]) -> dict[str, Value]:
    """The hyper-parameters of the first record that has any."""
    for event in filter(None, map(_event, (data for data in records if b"hparams" in data))):
        for value in event.summary.value:
            plugin = value.metadata.plugin_data
            if plugin.plugin_name == b"hparams" and (found := _hparams(plugin.content)):
                return found
    return {}


def _hparams(content: bytes) -> dict[str, Value]:
    try:
        given = HParams.FromString(content).session_start.hparams
    except DecodeError:
        return {}
    kept = sorted(given, key=attrgetter("name"))[:PARAMS_LIMIT]
    return {_text(one.name)[:80]: _param(one.value) for one in kept}


def _param(value: Any) -> Value:
    if value.HasField("text"):
        return _text(value.text)[:TEXT_LIMIT]
    if value.HasField("boolean"):
        return bool(value.boolean)
    number = value.number
    if not math.isfinite(number):
        return str(number)
    return int(number) if number.is_integer() and abs(number) < WHOLE_LIMIT else float(number)
