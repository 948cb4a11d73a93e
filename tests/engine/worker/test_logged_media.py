"""Images, texts, tables and histograms that a run logs: events, files beside them, one line for the rest."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import logged_media
from engine.store import RunFolder
from engine.worker import png
from engine.worker.histogram import buckets_of
from engine.worker.run import Run
from tests.engine.worker.attempts import make_run, new_run, read_events


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return new_run(tmp_path, "counter")


def content(folder: RunFolder, kind: str) -> Any:
    (event,) = read_events(folder, kind)
    begin, length = event.facts["span"]
    return json.loads((folder.path / event.facts["file"]).read_bytes()[begin : begin + length])


def logged(folder: RunFolder, step: int = 3) -> Run:
    run, _ = make_run(folder)
    run.step = step
    return run


def notes(folder: RunFolder) -> list[str]:
    return [event.facts["text"] for event in read_events(folder, "note")]


def test_an_image_is_a_png_file_of_the_run_folder_without_tensorboard_too(folder: RunFolder) -> None:
    run = logged(folder)
    run.image("digits/wrong", [[0.0, 1.0], [1.0, 0.0]])
    run._event_log.close(3)
    (event,) = read_events(folder, "image")
    assert (event.facts["tag"], event.facts["step"]) == ("digits/wrong", 3)
    data = (folder.path / event.facts["file"]).read_bytes()
    assert data == png.encode_grey(png.grey_rows([[0.0, 1.0], [1.0, 0.0]]))


def test_tags_that_differ_in_signs_alone_have_files_of_their_own(folder: RunFolder) -> None:
    run = logged(folder)
    for tag in ("a/b", "a-b", "a b", "../..", "图"):
        run.image(tag, [[0.0, 1.0]])
    run._event_log.close(3)
    names = {event.facts["file"] for event in read_events(folder, "image")}
    assert len(names) == 5 == len(list((folder.path / "images").iterdir()))


def test_bytes_of_a_file_are_kept_as_they_are(folder: RunFolder) -> None:
    run = logged(folder)
    data = png.encode_grey([b"\0\xff"])
    run.image("x", data)
    run.image("y", b"GIF89a")
    run._event_log.close(3)
    (event,) = read_events(folder, "image")
    assert (folder.path / event.facts["file"]).read_bytes() == data
    assert notes(folder) == ["image y: expected the bytes of a PNG or JPEG file: it is not kept."]


def test_a_short_text_is_in_its_event_and_a_long_one_in_a_file(folder: RunFolder) -> None:
    run = logged(folder)
    run.text("sample", "two dogs")
    run.text("long", "é" * 5_000)
    run._event_log.close(3)
    short, long = read_events(folder, "text")
    assert short.facts["text"] == "two dogs" and "text" not in long.facts
    begin, length = long.facts["span"]
    data = (folder.path / long.facts["file"]).read_bytes()[begin : begin + length]
    assert data.decode() == "é" * 5_000


def test_a_table_keeps_numbers_texts_and_blanks(folder: RunFolder) -> None:
    run = logged(folder)
    rows = [("a", 1, 0.5, None), ("b", np.int64(2), math.nan, True), ("c" * 1_000, torch.tensor(3), 0.1, 0)]
    run.table("t", ["name", "count", "share", 4], rows)
    run._event_log.close(3)
    assert content(folder, "table") == {
        "columns": ["name", "count", "share", "4"],
        "rows": [["a", 1, 0.5, None], ["b", 2, "nan", True], ["c" * 399 + "…", 3, 0.1, 0]],
    }


@pytest.mark.parametrize(
    "columns, rows, why",
    [
        ([], [], "expected a list of 1 to 100 columns"),
        (["a"], [[1]] * 1_001, "expected a list of 1,000 rows at most, got 1,001"),
        (["a", "b"], [[1, 2], [1]], "row 1: expected 2 cells, got 1"),
        (["a"], 3, "expected a list of 1,000 rows at most, got int"),
        (["a"], ["x"], "row 0: expected 1 cells, got str"),
    ],
)
def test_what_is_no_table_is_one_line_and_training_continues(
    folder: RunFolder, columns: Any, rows: Any, why: str
) -> None:
    run = logged(folder)
    run.table("t", columns, rows)
    run.table("t", columns, rows)
    run._event_log.close(3)
    assert notes(folder) == [f"table t: {why}: it is not kept."] and not read_events(folder, "table")


def test_a_histogram_counts_every_finite_value(folder: RunFolder) -> None:
    run = logged(folder)
    run.histogram("w", torch.arange(128, dtype=torch.bfloat16).reshape(2, 64))
    run._event_log.close(3)
    buckets = content(folder, "histogram")
    assert len(buckets) == 64 and sum(count for _, _, count in buckets) == 128
    assert buckets[0][0] == 0 and buckets[-1][1] == 127


@pytest.mark.parametrize(
    "values, buckets",
    [([2.0, 2.0, math.nan], [[2.0, 2.0, 2.0]]), ([], []), ([math.inf], []), ([[0, 1]], None)],
)
def test_a_histogram_of_few_values(values: Any, buckets: Any) -> None:
    found = buckets_of(values)
    assert found == buckets if buckets is not None else sum(count for *_, count in found) == 2


def test_what_is_no_number_is_one_line(folder: RunFolder) -> None:
    run = logged(folder)
    run.histogram("w", ["x"])
    run._event_log.close(3)
    (note,) = notes(folder)
    assert note.startswith("histogram w: expected numbers (")


def test_more_than_the_bounds_is_left_out_with_one_note(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logged_media, "BYTES_LIMIT", 10)
    run = logged(folder)
    for number in range(5):
        run.text("t", "12345" * (number < 3))
    run.text("t", "12345")
    run._event_log.close(3)
    assert len(read_events(folder, "text")) == 4  # two of five characters, two of none
    assert len(notes(folder)) == 1 and notes(folder)[0].startswith("More than 0 MB of images")


def test_a_folder_that_takes_nothing_is_one_note(folder: RunFolder) -> None:
    (folder.path / "media").write_text("no folder")
    (folder.path / "images").write_text("no folder")
    run = logged(folder)
    for _ in range(2):
        run.image("x", [[0.0, 1.0]])
        run.table("t", ["a"], [[1]])
    run._event_log.close(3)
    assert [note.partition(":")[0] for note in notes(folder)] == [
        "Images cannot be kept", "Texts, tables and histograms cannot be kept",
    ]  # fmt: skip
