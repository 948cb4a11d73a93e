"""The event files are what TensorBoard reads, for every kind of end."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from engine.worker.tensorboard import Board
from tests.engine.worker.lab import Script, curve, new_run, train

reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
SHORT = {"epochs": 40}


def read(folder: Path) -> Any:
    accumulator = reader.EventAccumulator(
        str(folder), size_guidance={"scalars": 0, "images": 0, "tensors": 0}
    )
    accumulator.Reload()
    return accumulator


def scalars(folder: Path, tag: str) -> dict[int, float]:
    return {event.step: event.value for event in read(folder).Scalars(tag)}


def test_scalars_and_hyper_parameters_are_there(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "xor", **SHORT)
    train(folder)
    points = scalars(folder.tensorboard, "loss")
    assert points == pytest.approx(curve(folder, "loss"), rel=1e-6)
    plugin = read(folder.tensorboard).SummaryMetadata("_hparams_/session_start_info").plugin_data
    assert plugin.plugin_name == "hparams"
    assert b"temperature" in plugin.content and b"adam" in plugin.content
    assert len(list(folder.tensorboard.iterdir())) == 1, "not a sub-run"


def test_filters_are_pictures(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "mnist", model="double_conv", batch=500, epochs=1, target=0)
    train(folder)
    events = read(folder.tensorboard)
    assert events.Tags()["images"] == ["filters/conv1", "filters/conv2"]
    (picture,) = events.Images("filters/conv2")
    assert (picture.step, picture.width, picture.height) == (3, 30, 30)
    assert picture.encoded_image_string.startswith(b"\x89PNG")


def test_steps_that_were_rewound_are_dropped(tmp_path: Path) -> None:
    board = Board(tmp_path, 1, {"lr": 0.1}, "loss")
    board.add({"loss": [(step, 1.0) for step in range(1, 11)]})
    board.write()
    board.close()
    again = Board(tmp_path, 2, {"lr": 0.1}, "loss")
    again.restart(5)
    again.add({"loss": [(step, 2.0) for step in range(5, 8)]})
    again.write()
    again.close()
    assert scalars(tmp_path, "loss") == {**dict.fromkeys(range(1, 5), 1.0), **dict.fromkeys(range(5, 8), 2.0)}


def test_attempts_within_one_second_do_not_share_a_file(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "xor", **SHORT)
    for number in range(1, 5):
        train(folder, Script({10 * number: {"word": "pause"}}), number=number)
    assert len(list(folder.tensorboard.iterdir())) == 4
    assert list(scalars(folder.tensorboard, "loss")) == list(range(1, 41))


def test_a_diverged_run_has_a_whole_file_with_its_nan(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "xor", activation="relu", lr=100, optimizer="sgd", loss="mse", epochs=50)
    board = Board(folder.tensorboard, 1, {}, "loss")
    board.add({"loss": [(1, 0.5), (2, float("nan"))]})
    board.write()
    board.close()
    points = scalars(folder.tensorboard, "loss")
    assert points[1] == 0.5 and points[2] != points[2]


def test_few_points_a_second_are_written_and_the_extremes_among_them(tmp_path: Path) -> None:
    board = Board(tmp_path, 1, {}, "loss")
    board.add({"loss": [(step, 9.0 if step == 7_777 else 1.0) for step in range(1, 20_001)]})
    board._wrote_at = time.monotonic() + 60  # no time has passed, however busy the machine is
    board.write()
    board.close()
    points = scalars(tmp_path, "loss")
    assert len(points) <= 60
    assert points[7_777] == 9.0


def test_what_was_written_can_be_read_before_the_file_is_closed(tmp_path: Path) -> None:
    board = Board(tmp_path, 1, {}, "loss")
    board.add({"loss": [(1, 0.5)]})
    board.write()
    assert scalars(tmp_path, "loss") == {1: 0.5}
    board.close()


def test_a_run_whose_board_cannot_be_written_goes_on(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "xor", **SHORT)
    folder.tensorboard.write_text("in the way")
    train(folder)
    assert len(curve(folder, "loss")) == 40
    with pytest.raises(OSError):
        Board(folder.tensorboard / "below", 1, {}, "loss")._open()
