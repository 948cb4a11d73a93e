"""Tests of `engine.readers.tensorboard_log` against the reader of TensorBoard, on files of real libraries."""

from __future__ import annotations

import functools
import io
import math
import os
import struct
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from engine import tfrecord
from engine.point_columns import PointColumns
from engine.readers import tensorboard_log
from engine.readers.event_messages import Event
from engine.readers.find_logs import find_logs
from engine.readers.log_reader import LogBatch
from engine.readers.tensorboard_log import EventFolder

LOGS = Path(__file__).parents[2] / "stored" / "logs"
FOLDERS = sorted({path.parent for path in LOGS.rglob("*tfevents*")})


@functools.cache
def reference(folder: Path) -> Any:
    """TensorBoard's reader, with all points."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    every = {"scalars": 0, "images": 0, "histograms": 0, "tensors": 0}
    accumulator = EventAccumulator(str(folder), size_guidance=every)
    accumulator.Reload()
    return accumulator


def reference_points(folder: Path, tag: str) -> list[tuple[int, float, float]]:
    from tensorboard.util.tensor_util import make_ndarray

    found = reference(folder)
    if tag in found.Tags()["scalars"]:
        return [(one.step, one.value, one.wall_time) for one in found.Scalars(tag)]
    tensors = found.Tensors(tag)
    return [(one.step, float(make_ndarray(one.tensor_proto)), one.wall_time) for one in tensors]


def reference_tags(folder: Path) -> set[str]:
    """Tags of scalars in either form."""
    found = reference(folder)
    tensors = {
        tag
        for tag in found.Tags()["tensors"]
        if found.summary_metadata[tag].plugin_data.plugin_name in ("", "scalars")
    }
    return set(found.Tags()["scalars"]) | tensors


def read(log: Any) -> dict[str, PointColumns]:
    """All points, batches joined as a run's history joins them."""
    joined: dict[str, PointColumns] = {}
    for batch in log.scalars():
        _join(joined, batch)
    return joined


def _join(joined: dict[str, PointColumns], batch: LogBatch) -> None:
    for name in joined if batch.restart is not None else ():
        _cut(joined[name], batch.restart)
    for name, columns in batch.series.items():
        whole = joined.setdefault(name, PointColumns())
        _cut(whole, columns.steps[0])
        whole.steps += columns.steps
        whole.values += array("d", columns.values)
        whole.times += columns.times


def _cut(columns: PointColumns, step: int) -> None:
    keep = sum(one < step for one in columns.steps)
    del columns.steps[keep:], columns.values[keep:], columns.times[keep:]


def points(columns: PointColumns) -> list[tuple[int, float, float]]:
    return list(zip(columns.steps, columns.values, columns.times, strict=True))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: str(path.relative_to(LOGS)))
def test_all_scalars_are_those_that_tensorboard_reads(folder: Path) -> None:
    found = read(EventFolder(folder, "run"))
    assert set(found) == reference_tags(folder)
    for tag, columns in found.items():
        expected = {point[0]: point for point in reference_points(folder, tag)}  # of one step the last
        assert repr(points(columns)) == repr(list(expected.values()))


def scalar(step: int, value: float, tag: str = "loss", at: float = 1.7e9) -> bytes:
    event = Event(wall_time=at, step=step)
    event.summary.value.add(tag=tag.encode(), simple_value=value)
    return bytes(event.SerializeToString())


def version() -> bytes:
    return bytes(Event(wall_time=1.7e9, file_version=b"brain.Event:2").SerializeToString())


def write(folder: Path, *events: bytes, name: str = "events.out.tfevents.1700000000.host") -> Path:
    path = folder / name
    with path.open("ab") as file:
        for event in events:
            file.write(tfrecord.encode(event))
    return path


def steps(log: Any, metric: str = "loss") -> list[int]:
    return list(read(log)[metric].steps)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    write(tmp_path, version(), *(scalar(step, step / 4) for step in range(10)))
    yield tmp_path


def test_a_keras_run_is_one_run_with_the_folder_before_each_metric() -> None:
    (keras,) = (path for path in LOGS.iterdir() if path.name.startswith("keras"))
    found = [log for log in find_logs(keras) if isinstance(log, EventFolder)]
    assert [log.name for log in found] == [keras.name]
    names = set(read(found[0]))
    assert {"train/epoch_loss", "validation/epoch_loss", "train/batch_loss"} <= names
    assert "validation/evaluation_loss_vs_iterations" in names


def test_hyper_parameters_become_parameters() -> None:
    (torch,) = (path for path in LOGS.iterdir() if path.name.startswith("torch"))
    found = {log.describe().name: log.describe().params for log in find_logs(torch)}
    assert found["hp"] == {"batch": 32, "lr": 0.1, "name": "adam", "nesterov": True}
    (tensorflow,) = (path for path in LOGS.iterdir() if path.name.startswith("tensorflow"))
    (log,) = find_logs(tensorflow)
    assert log.describe().params == {"lr": 0.01, "units": 16, "activation": "relu"}


def test_media_are_images_in_place_texts_and_histograms() -> None:
    for name in ("tensorboardX", "torch", "tensorflow"):
        (folder,) = (path for path in LOGS.iterdir() if path.name.startswith(name))
        batches = [batch for log in find_logs(folder) for batch in log.scalars()]
        found = [item for batch in batches for item in batch.media]
        images = [item for item in found if item.kind == "image"]
        assert images and all(item.step == 4 and item.span for item in images)
        for item in images:
            begin, length = item.span or (0, 0)
            data = Path(item.file).read_bytes()[begin : begin + length]
            assert PIL.Image.open(io.BytesIO(data)).size[0] > 0 and data.endswith(b"IEND\xaeB`\x82")
        texts = [text.text for batch in batches for text in batch.texts if text.tag.startswith("words")]
        assert texts == ["two dogs *play*"]
        (weights,) = (item for item in found if item.kind == "histogram" and item.tag == "weights")
        assert sum(count for _, _, count in weights.buckets) == 100
        assert (weights.buckets[0][0], weights.buckets[-1][1]) == (0, 99)


def test_steps_that_go_back_replace_those_from_there_on(folder: Path) -> None:
    write(folder, version(), scalar(5, 100.0), scalar(7, 101.0), name="events.out.tfevents.1700000001.host")
    found = read(EventFolder(folder, "run"))["loss"]
    assert list(found.steps) == [0, 1, 2, 3, 4, 5, 7]
    assert list(found.values[-2:]) == [100.0, 101.0]


def test_a_restart_drops_the_later_steps_of_every_metric(folder: Path) -> None:
    write(folder, scalar(9, 1.0, "other"))
    restart = Event(wall_time=1.7e9, step=4)
    restart.session_log.status = 1
    write(folder, bytes(restart.SerializeToString()), scalar(4, 9.0))
    found = read(EventFolder(folder, "run"))
    assert list(found["loss"].steps) == [0, 1, 2, 3, 4]
    assert list(found["other"].steps) == []


def test_a_growing_file_is_read_on_from_where_it_ended(folder: Path) -> None:
    log = EventFolder(folder, "run")
    assert steps(log) == list(range(10))
    assert not log.follow()
    write(folder, scalar(10, 1.0))
    assert log.follow()
    assert steps(log) == [10]
    later = EventFolder(folder, "run")
    later.resume(log.cursor)
    write(folder, scalar(11, 1.0))
    assert steps(later) == [11]


def test_a_file_that_was_added_is_read_too(folder: Path) -> None:
    log = EventFolder(folder, "run")
    steps(log)
    write(folder, version(), scalar(10, 1.0), name="events.out.tfevents.1700000001.host")
    assert any(log.follow() for _ in range(tensorboard_log.LOOKS))
    assert steps(log) == [10]


def test_a_record_that_is_being_written_is_read_when_it_is_complete(folder: Path) -> None:
    whole = tfrecord.encode(scalar(10, 1.0))
    path = folder / "events.out.tfevents.1700000000.host"
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(whole[:20])
    log = EventFolder(folder, "run")
    assert steps(log) == list(range(10))
    assert log.incomplete() == [f"{path.name}: the file ends within a record that begins at byte {size}"]
    with path.open("ab") as file:
        file.write(whole[20:])
    assert steps(log) == [10]
    assert log.incomplete() == []


@pytest.mark.parametrize("place", ["length", "data"])
def test_a_damaged_record_is_named_and_the_rest_is_read(folder: Path, place: str) -> None:
    path = folder / "events.out.tfevents.1700000000.host"
    data = bytearray(path.read_bytes())
    offset = len(tfrecord.encode(version())) + 3 * len(tfrecord.encode(scalar(3, 1.0)))
    offset -= len(tfrecord.encode(scalar(3, 1.0))) - len(tfrecord.encode(scalar(0, 1.0)))
    data[offset + (3 if place == "length" else 20)] ^= 0xFF
    path.write_bytes(data)
    log = EventFolder(folder, "run")
    batches = list(log.scalars())
    damages = [damage for batch in batches for damage in batch.damages]
    assert len(damages) == 1
    assert damages[0].startswith(f"{path.name}: ") and damages[0].endswith(f"at byte {offset:,}")
    assert [step for batch in batches for step in batch.series["loss"].steps] == [0, 1, 2, 4, 5, 6, 7, 8, 9]


def test_zeros_at_the_end_of_a_file_are_named(folder: Path) -> None:
    path = folder / "events.out.tfevents.1700000000.host"
    with path.open("ab") as file:
        file.write(bytes(100_000))
    assert steps(EventFolder(folder, "run")) == list(range(10))
    write(folder, scalar(10, 1.0))
    assert steps(EventFolder(folder, "run")) == list(range(11))


def test_nan_and_infinities_are_points(folder: Path) -> None:
    write(folder, scalar(10, math.nan), scalar(11, math.inf), scalar(12, 0.5))
    assert repr(list(read(EventFolder(folder, "run"))["loss"].values[-3:])) == "[nan, inf, 0.5]"


def test_ten_thousand_tags_and_tags_with_control_bytes_are_kept(tmp_path: Path) -> None:
    names = [f"tag {number}" for number in range(10_000)]
    write(tmp_path, version(), *(scalar(1, number, name) for number, name in enumerate(names)))
    write(tmp_path, scalar(1, 3.0, "red\x1b[31m\x07"))
    found = read(EventFolder(tmp_path, "run"))
    assert set(found) == {*names, "red\x1b[31m\x07"}
    assert found["tag 77"].values[0] == 77.0


def test_a_tag_that_is_not_utf8_is_replaced(tmp_path: Path) -> None:
    event = Event(wall_time=1.7e9, step=1)
    event.summary.value.add(tag=b"loss\xff", simple_value=1.0)
    write(tmp_path, version(), bytes(event.SerializeToString()))
    assert set(read(EventFolder(tmp_path, "run"))) == {"loss\N{REPLACEMENT CHARACTER}"}


def test_a_record_that_is_no_event_is_named(folder: Path) -> None:
    write(folder, b"\xff\xff\xff", scalar(10, 1.0))
    log = EventFolder(folder, "run")
    assert [damage for batch in log.scalars() for damage in batch.damages] == [
        "events.out.tfevents.1700000000.host: a record of 3 bytes is no event"
    ]


def test_a_large_file_is_read_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorboard_log, "CHUNK", 1000)
    write(tmp_path, version(), *(scalar(step, 1.0) for step in range(500)))
    batches = list(EventFolder(tmp_path, "run").scalars())
    assert len(batches) > 10
    assert max(batch.bytes for batch in batches) <= 1000
    assert [step for batch in batches for step in batch.series["loss"].steps] == list(range(500))


def test_folders_that_link_to_each_other_are_visited_once(folder: Path) -> None:
    (folder / "circle").symlink_to(folder)
    inner = folder / "inner"
    inner.mkdir()
    (inner / "up").symlink_to(folder)
    write(inner, version(), scalar(1, 1.0))
    assert [log.describe().name for log in find_logs(folder)] == [folder.name, "inner"]


def test_the_first_record_and_the_path_identify_a_run(folder: Path) -> None:
    first = EventFolder(folder, "run").describe()
    write(folder, scalar(10, 1.0))
    again = EventFolder(folder, "run").describe()
    assert (first.source, first.first) == (again.source, again.first)
    assert first.began_at == 1.7e9


def test_a_checksum_is_that_of_tensorflow() -> None:
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    for size in (0, 1, 9, 4095, 4096, 5000, 100_001):
        data = os.urandom(size)
        record = tfrecord.encode(data)
        assert struct.unpack("<I", record[-4:])[0] == masked_crc32c(data)
        assert struct.unpack("<I", record[8:12])[0] == masked_crc32c(record[:8])
