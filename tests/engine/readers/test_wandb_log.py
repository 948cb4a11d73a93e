"""Tests of `engine.readers.wandb_log`, on files of W&B itself and on damaged ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.errors import CorruptRun
from engine.readers.block_file import BEGIN, BLOCK, BlockFile
from engine.readers.find_logs import find_logs, open_log
from engine.readers.log_reader import LogBatch
from engine.readers.wandb_log import WandbRun
from engine.readers.wandb_messages import Record
from tests.engine.readers.test_tensorboard_log import _join, read
from tests.engine.readers.wandb_files import framed, records_of, write_run

LOGS = Path(__file__).parents[2] / "stored" / "logs"
(WHOLE,) = LOGS.glob("wandb-*/wandb/*-whole123/run-whole123.wandb")
(TORN,) = LOGS.glob("wandb-*/wandb/*-torn1234/run-torn1234.wandb")
ROWS = [{"loss": 1 / (step + 1), "accuracy": step / 7} for step in range(300)]


def points(path: Path, metric: str = "loss") -> list[tuple[int, float]]:
    columns = read(WandbRun(path))[metric]
    return list(zip(columns.steps, columns.values, strict=True))


def batches(path: Path) -> list[LogBatch]:
    return list(WandbRun(path).scalars())


def damages(log: WandbRun) -> list[str]:
    return [text for batch in log.scalars() for text in batch.damages]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "wandb" / "offline-run-20231114_221320-r1"
    return write_run(folder / "run-r1.wandb", "r1", ROWS)


# --- files of W&B -----------------------------------------------------------------------------------------


def test_the_metrics_of_a_run_are_those_that_its_script_logged() -> None:
    assert points(WHOLE) == [(step, 1 / (step + 1)) for step in range(90)]
    assert points(WHOLE, "train.accuracy") == [(step, 1 - 0.9**step) for step in range(90)]
    assert points(WHOLE, "flag") == [(step, float(step > 3)) for step in range(90)]
    assert points(WHOLE, "val/loss") == [(step, 2 / (step + 1)) for step in range(9, 90, 10)]
    assert repr(points(WHOLE, "bad")) == repr([(100, math.nan), (101, math.inf), (110, -math.inf)])
    assert points(WHOLE, "best")[-1][1] == 0.025  # of the summary alone
    times = read(WandbRun(WHOLE))["loss"].times
    assert 1.7e9 < times[0] < times[-1] < 1.7e9 + 1


def test_names_of_wandb_itself_and_facts_of_images_are_no_metrics() -> None:
    found = {name for name in read(WandbRun(WHOLE)) if not name.startswith("system/")}
    assert found == {"loss", "train.accuracy", "flag", "val/loss", "epoch", "bad", "best"}


def test_system_metrics_have_a_name_before_theirs_and_the_steps_of_the_history() -> None:
    found = read(WandbRun(WHOLE))
    assert {"system/cpu", "system/proc.memory.rssMB"} <= set(found)
    steps = found["system/cpu"].steps
    assert set(steps) <= {*range(90), 100, 101, 110, 111, 112}
    assert all(value >= 0 for value in found["system/cpu"].values)


def test_config_tags_notes_output_and_end_are_read() -> None:
    described = WandbRun(WHOLE).describe()
    assert (described.name, described.kind) == ("two dogs", "wandb")
    assert described.began_at == pytest.approx(1.7e9, abs=1)
    batch = LogBatch()
    for one in batches(WHOLE):
        batch.output_steps += [(len(batch.output) + place, step) for place, step in one.output_steps]
        batch.output += one.output
        batch.params = {**batch.params, **one.params}
        batch.texts += one.texts
    config = {
        "lr": 0.1,
        "optimizer.name": "adam",
        "optimizer.betas": "[0.9, 0.99]",
        "layers": 2,
        "seed": None,
    }
    assert batch.params == config | {"added_later": "yes"}
    assert described.params == batch.params
    assert (described.tags, described.note) == (("base", "small"), "a note")
    assert batch.output.decode().split("\n")[:90] == [f"step {step}" for step in range(90)]
    places, steps = zip(*batch.output_steps, strict=True)
    assert places[-1] == len(batch.output) and list(steps) == sorted(steps)
    assert [(text.tag, text.text) for text in batch.texts] == [("W&B", "ended with exit code 0")]


def test_images_and_histograms_are_media() -> None:
    image, histogram = (one for batch in WandbRun(WHOLE).scalars() for one in batch.media)
    assert (image.kind, image.tag, image.step) == ("image", "digits", 111)
    assert Path(image.file).read_bytes().startswith(b"\x89PNG") and image.span is None
    assert (histogram.kind, histogram.tag, histogram.step) == ("histogram", "weights", 112)
    assert len(histogram.buckets) > 1 and sum(count for *_, count in histogram.buckets) > 1


def test_a_file_that_was_cut_is_read_up_to_there_and_named() -> None:
    log = WandbRun(TORN)
    columns = read(log)["loss"]
    assert list(columns.values) == [2 / (step + 1) for step in columns.steps] and len(columns) > 10
    torn, open_ended = log.incomplete()
    assert torn.startswith("run-torn1234.wandb: the file ends within a record that begins at byte 6,")
    assert "no end is recorded" in open_ended


def test_the_framing_of_the_tests_is_that_of_wandb() -> None:
    records = [*BlockFile(WHOLE).read().records]
    assert len(records) > 600
    assert framed(records) == WHOLE.read_bytes()


# --- growing and damaged files ----------------------------------------------------------------------------


@pytest.mark.parametrize("size", [8, 20, 1_000, BLOCK - 3, BLOCK, BLOCK + 6, 50_000])
def test_a_growing_file_gives_the_points_of_the_whole_one(path: Path, size: int) -> None:
    data, expected = path.read_bytes(), points(path)
    path.write_bytes(data[:size])
    log = WandbRun(path)
    first = [*log.scalars()]
    assert not log.follow()
    path.write_bytes(data)
    assert log.follow()
    again = open_log("wandb", str(path), "r1")
    again.resume(log.cursor)
    for other in (log, again):
        joined = {}
        for batch in (*first, *other.scalars()):
            _join(joined, batch)
        assert list(zip(joined["loss"].steps, joined["loss"].values, strict=True)) == expected
        assert other.incomplete() == []


def test_a_damaged_record_is_named_and_the_others_are_read(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    (text,) = damages(WandbRun(path))
    assert text.startswith("run-r1.wandb: a record with a wrong checksum at byte ")
    offset = int(text.rpartition(" ")[2].replace(",", ""))
    assert len(data) // 2 - 300 < offset < len(data) // 2
    assert len(points(path)) >= len(ROWS) - 1


def test_zeros_in_the_middle_leave_out_what_they_cover_alone(path: Path) -> None:
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    path.write_bytes(data)
    (text,) = damages(WandbRun(path))
    assert "bytes that are no record at byte" in text
    found = points(path)
    assert len(found) >= len(ROWS) - 2 and found[-1] == (299, 1 / 300)


@pytest.mark.parametrize("size", [7, 40, 3_000, BLOCK + 2, 60_001])
def test_what_is_cut_off_costs_no_point_before(path: Path, size: int) -> None:
    data, expected = path.read_bytes(), points(path)
    path.write_bytes(data[:size])
    columns = read(WandbRun(path)).get("loss")
    found = list(zip(columns.steps, columns.values, strict=True)) if columns else []
    assert found == expected[: len(found)] and len(found) >= size * len(ROWS) // len(data) - 2


def test_records_larger_than_a_block_are_read(tmp_path: Path) -> None:
    records = [*records_of("r1", ROWS)]
    large = Record(num=9)
    large.output_raw.line = b"a line\n" * 60_000
    path = tmp_path / "run-r1.wandb"
    path.write_bytes(framed([*records[:9], bytes(large.SerializeToString()), *records[9:]]))
    assert sum(len(batch.output) for batch in batches(path)) == 7 * 60_000
    assert points(path) == [(step, row["loss"]) for step, row in enumerate(ROWS)]


@pytest.mark.parametrize("begin", [b"", b":W&", b"PK\3\4 something else", BEGIN[:6] + b"\7"])
def test_another_file_of_that_name_is_refused(tmp_path: Path, begin: bytes) -> None:
    path = tmp_path / "run-r1.wandb"
    path.write_bytes(begin)
    with pytest.raises(CorruptRun, match=r"run-r1\.wandb"):
        WandbRun(path).describe()


# --- forms of values --------------------------------------------------------------------------------------


def history(step: int, *items: dict[str, object]) -> bytes:
    record = Record(num=step + 2)
    for item in items:
        record.history.items.add(**item)
    record.history.step.num = step
    return bytes(record.SerializeToString())


def write(path: Path, records: Sequence[bytes]) -> Path:
    begin, *_, end = records_of("r1", [])
    path.write_bytes(framed([begin, *records, end]))
    return path


def test_values_are_read_in_every_form_that_wandb_writes(tmp_path: Path) -> None:
    huge = 12345678901234567890123456789
    forms: list[tuple[dict[str, object], float]] = [
        ({"value_json": b"-1.5e-7"}, -1.5e-7), ({"value_json": b"%d" % huge}, float(huge)),
        ({"value_json": b"true"}, 1.0), ({"value_json": b"false"}, 0.0),
        ({"value_json": b"-Infinity"}, -math.inf), ({"value_json": b'"NaN"'}, math.nan),
        ({"value_json": b'"-Infinity"'}, -math.inf), ({"number": 0.1}, 0.1), ({"whole": -3}, -3.0),
        ({"whole": 2**40}, float(2**40)), ({"boolean": True}, 1.0), ({"json": b"7"}, 7.0),
    ]  # fmt: skip
    none: list[dict[str, object]] = [
        {"value_json": b"null"}, {"value_json": b'"two dogs"'}, {"value_json": b"[1]"}, {"value_json": b"{}"},
        {"text": b"2"}, {"value_json": b""}, {"value_json": b"-"}, {"value_json": b'"' + b"x" * 300 + b'"'},
    ]  # fmt: skip
    rows = [
        history(step, {"nested_key": [b"a", b"b"], **form}, {"key": b"c", **form})
        for step, form in enumerate([form for form, _ in forms] + none)
    ]
    path = write(tmp_path / "run-r1.wandb", rows)
    expected = [(step, value) for step, (_, value) in enumerate(forms)]
    assert repr(points(path, "a.b")) == repr(points(path, "c")) == repr(expected)


def test_thousands_of_names_are_told_apart(tmp_path: Path) -> None:
    items = [
        {"nested_key": [b"layer %d" % n, b"w" * (n % 90)], "value_json": b"%d" % n} for n in range(3_000)
    ]
    path = write(tmp_path / "run-r1.wandb", [history(0, *items), history(1, *reversed(items))])
    found = read(WandbRun(path))
    names = [f"layer {n}." + "w" * (n % 90) for n in range(3_000)]
    assert [list(found[name].values) for name in names] == [[n, n] for n in range(3_000)]


# --- the files of a run -----------------------------------------------------------------------------------


def second(path: Path, *, is_resumed: bool) -> Path:
    folder = path.parent.with_name("offline-run-20231115_000000-r1")
    return write_run(folder / path.name, "r1", ROWS[:50], is_resumed)


def test_a_resumed_run_is_one_run_that_goes_on(path: Path) -> None:
    described = WandbRun(path).describe()
    second(path, is_resumed=True)
    (log,) = find_logs(path.parents[1])
    assert (log.describe().source, log.describe().first) == (str(path), described.first)
    expected = [row["loss"] for row in (*ROWS, *ROWS[:50])]
    assert points(path) == list(enumerate(expected))


def test_a_run_that_was_begun_anew_with_the_same_id_replaces_the_curve(path: Path) -> None:
    log = WandbRun(path)
    joined = {}
    for batch in log.scalars():
        _join(joined, batch)
    second(path, is_resumed=False)
    assert any(log.follow() for _ in range(8))
    for batch in log.scalars():
        _join(joined, batch)
    assert list(joined["loss"].steps) == [*range(50)]


def test_a_folder_of_wandb_has_one_log_for_each_run(path: Path) -> None:
    path.parent.with_name("latest-run").symlink_to(path.parent)
    (path.parent / "files").mkdir()
    (path.parent / "files" / "table.csv").write_text("step,loss\n1,2\n")
    write_run(path.parents[1] / "run-20231115_000000-r2" / "run-r2.wandb", "r2", ROWS)
    assert [log.describe().source for log in find_logs(path.parents[2])] == [
        str(path), str(path.parents[1] / "run-20231115_000000-r2" / "run-r2.wandb"),
    ]  # fmt: skip
    (log,) = find_logs(path)
    assert log.describe().name == "r1"
