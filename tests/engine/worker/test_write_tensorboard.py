"""Event files read back with TensorBoard's own reader, for every kind of ending."""

from __future__ import annotations

import html
import math
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine import tensorboard_end
from engine.protocol import Status
from engine.worker import write_tensorboard
from engine.worker.write_tensorboard import TensorBoardFiles
from tests.engine.worker.attempts import (
    ScriptedPipe,
    curve,
    environment,
    make_run,
    new_run,
    read_events,
    train,
)
from tests.fakes.tally import Tally

reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
SHORT = {"epochs": 40}
FLOAT32_MOST, FLOAT32_LEAST = (2 - 2**-23) * 2.0**127, 2.0**-149


def read(folder: Path) -> Any:
    accumulator = reader.EventAccumulator(
        str(folder), size_guidance={"scalars": 0, "images": 0, "tensors": 0}
    )
    accumulator.Reload()
    return accumulator


def scalars(folder: Path, tag: str) -> dict[int, float]:
    return {event.step: event.value for event in read(folder).Scalars(tag)}


def session(folder: Path, which: str) -> Any:
    from tensorboard.plugins.hparams import plugin_data_pb2

    content = read(folder).SummaryMetadata(f"_hparams_/session_{which}_info").plugin_data.content
    return getattr(plugin_data_pb2.HParamsPluginData.FromString(content), f"session_{which}_info")


def has_end(folder: Path) -> bool:
    try:
        return bool(session(folder, "end"))
    except KeyError:
        return False


def written(folder: Path, points: list[tuple[int, float]], attempt: int = 1, tag: str = "loss") -> None:
    board = TensorBoardFiles(folder, attempt, {"lr": 0.1})
    if attempt > 1:
        board.restart(points[0][0])
    board.add({tag: points})
    board.write()
    board.close()


# --- numbers ----------------------------------------------------------------------------------------------


def test_every_point_and_the_hyper_parameters_are_written(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "xor", epochs=1_500)
    began = time.time()
    train(folder)
    points = scalars(folder.tensorboard, "loss")
    assert list(points) == list(range(1, 1_501))
    assert points == pytest.approx(curve(folder, "loss"), rel=1e-6)
    start = session(folder.tensorboard, "start")
    assert start.hparams["temperature"].number_value == 0.5
    assert start.hparams["optimizer"].string_value == "adam"
    assert began <= start.start_time_secs <= time.time()
    assert len(list(folder.tensorboard.iterdir())) == 1, "not a sub-run"


def test_a_parameter_that_is_not_given_is_written_as_its_word(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "lm", lr=None)
    run, _ = make_run(folder)
    run.log(1, loss=1.0)
    run._event_log.close(1, status="done", cause={})
    assert session(folder.tensorboard, "start").hparams["lr"].string_value == "auto"


def test_two_equal_runs_get_equal_points(tmp_path: Path) -> None:
    found = []
    for seconds in (0.0, 1e9):  # one writes at each look, the other at its end
        folder = new_run(tmp_path / str(seconds), "xor", **SHORT)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(write_tensorboard, "SECONDS", seconds)
            train(folder)
        found.append(scalars(folder.tensorboard, "loss"))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "tag",
    [
        "loss",
        "a/b",
        "a b",
        "größe",
        "e\u0301",
        "\u0e01\u0e33",
        "😀",
        "a\x1b[2Jb",
        "_hparams_x",
        "x" * 5_000,
        "",
    ],
)
def test_a_tag_is_read_back_unchanged(tmp_path: Path, tag: str) -> None:
    written(tmp_path, [(1, 0.5)], tag=tag)
    assert scalars(tmp_path, tag) == {1: 0.5}


def test_a_lone_surrogate_in_a_tag_is_escaped(tmp_path: Path) -> None:
    written(tmp_path, [(1, 0.5)], tag="a\udc80b")
    assert scalars(tmp_path, "a\\udc80b") == {1: 0.5}


@pytest.mark.parametrize(
    ("value", "there"),
    [
        (math.inf, math.inf), (-math.inf, -math.inf), (0.0, 0.0), (1e-30, 1e-30), (-2.5, -2.5), (1e10, 1e10),
        (1.7e308, FLOAT32_MOST), (-1.7e308, -FLOAT32_MOST), (1e-310, FLOAT32_LEAST),
    ],
)  # fmt: skip
def test_a_number_stays_finite_infinite_or_not_zero(tmp_path: Path, value: float, there: float) -> None:
    written(tmp_path, [(3, value)])
    assert scalars(tmp_path, "loss")[3] == pytest.approx(there, rel=1e-6)


@pytest.mark.parametrize(
    ("step", "there"), [(0, 0), (2**62, 2**62), (-1, -1), (2**63, 2**63 - 1), (10**40, 2**63 - 1)]
)
def test_a_step_is_read_back_and_clipped_to_64_bits(tmp_path: Path, step: int, there: int) -> None:
    written(tmp_path, [(step, 0.5)])
    assert scalars(tmp_path, "loss") == {there: 0.5}


def test_the_file_of_a_diverged_run_holds_its_nan(tmp_path: Path) -> None:
    written(tmp_path, [(1, 0.5), (2, math.nan)])
    points = scalars(tmp_path, "loss")
    assert points[1] == 0.5 and math.isnan(points[2])


def test_what_was_written_can_be_read_before_the_file_is_closed(tmp_path: Path) -> None:
    board = TensorBoardFiles(tmp_path, 1, {})
    board.add({"loss": [(1, 0.5)]})
    board.write()
    assert scalars(tmp_path, "loss") == {1: 0.5}
    board.close()


def test_tensorboardx_is_imported_with_the_first_point_and_imports_no_framework(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from engine.worker.write_tensorboard import TensorBoardFiles\n"
        "def known(): return sorted({'tensorboardX', 'torch', 'tensorflow'} & set(sys.modules))\n"
        f"board = TensorBoardFiles(Path({str(tmp_path / 'tensorboard')!r}), 1, {{}})\n"
        "board.write()\n"
        "print(known())\n"
        "board.add({'loss': [(1, 0.5)]})\n"
        "board.write()\n"
        "print(known())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["[]", "['tensorboardX']"], done.stderr
    assert scalars(tmp_path / "tensorboard", "loss") == {1: 0.5}


# --- texts and images -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "a man on a horse", "*not* _bold_ `code` [link](x)", "<b>html</b> & &amp; entity", "# no heading",
        "1. no list", "- no list", "> no quote", "    no code", "two\nlines", "a\n===", "a|b\n-|-\n1|2",
        "\\*", "~~~", "![picture](x)", "3.14 is fine", "1) no list", "a\n\nb", "größe 😀",
    ],
)  # fmt: skip
def test_a_text_is_rendered_literally(tmp_path: Path, words: str) -> None:
    from tensorboard import plugin_util

    board = TensorBoardFiles(tmp_path, 1, {})
    board.text("sample", 7, words)
    board.write()
    (found,) = read(tmp_path).Tensors("sample/text_summary")
    shown = plugin_util.markdown_to_safe_html(found.tensor_proto.string_val[0])
    lines = re.sub(r"<br\s*/?>", "", shown)
    seen = html.unescape(re.sub(r"</?p>", "", lines)).replace("\xa0", " ")
    assert "".join(seen.split()) == "".join(words.split()) and found.step == 7
    assert not re.search(r"<(?!/?p>|br)", shown), "no other markup"


@pytest.mark.long
def test_filters_are_logged_as_images(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "mnist", model="double_conv", batch=500, epochs=1, target=None)
    train(folder)
    events = read(folder.tensorboard)
    assert events.Tags()["images"] == ["filters/conv1", "filters/conv2"]
    (picture,) = events.Images("filters/conv2")
    assert (picture.step, picture.width, picture.height) == (3, 30, 30)
    assert picture.encoded_image_string.startswith(b"\x89PNG")


def test_an_image_may_hold_nan(tmp_path: Path) -> None:
    board = TensorBoardFiles(tmp_path, 1, {})
    board.image("p", 1, [[0.0, math.nan], [math.inf, 1.0]])
    board.write()
    (picture,) = read(tmp_path).Images("p")
    assert (picture.width, picture.height) == (2, 2)


# --- attempts, and the clock ------------------------------------------------------------------------------


def test_steps_that_were_rewound_are_dropped(tmp_path: Path) -> None:
    written(tmp_path, [(step, 1.0) for step in range(1, 11)])
    written(tmp_path, [(step, 2.0) for step in range(5, 8)], attempt=2)
    assert scalars(tmp_path, "loss") == {**dict.fromkeys(range(1, 5), 1.0), **dict.fromkeys(range(5, 8), 2.0)}


@pytest.mark.parametrize("jump", [-3600.0, -0.5, 3600.0])
def test_points_of_an_attempt_sort_before_those_of_the_next_whatever_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: float
) -> None:
    now = [1_700_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    written(tmp_path, [(step, 1.0) for step in range(1, 11)])
    now[0] += jump
    written(tmp_path, [(step, 2.0) for step in range(8, 21)], attempt=2)
    now[0] += jump
    written(tmp_path, [(step, 3.0) for step in range(15, 31)], attempt=3)
    points = read(tmp_path).Scalars("loss")
    assert [point.step for point in points] == list(range(1, 31))
    assert [point.value for point in points] == [1.0] * 7 + [2.0] * 7 + [3.0] * 16
    times = [point.wall_time for point in points]
    assert times == sorted(times)


def test_a_clock_that_jumps_during_training_moves_no_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_700_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    board = TensorBoardFiles(tmp_path, 1, {})
    for step in range(1, 6):
        now[0] += 3600 if step == 2 else -1800
        board.add({"loss": [(step, 1.0)]})
        board.write()
    times = [point.wall_time for point in read(tmp_path).Scalars("loss")]
    assert times == sorted(times) and times[-1] - times[0] < 600


def test_attempts_within_one_second_do_not_share_a_file(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "xor", **SHORT)
    for number in range(1, 5):
        train(folder, ScriptedPipe({10 * number: {"word": "pause"}}), number=number)
    assert len(list(folder.tensorboard.iterdir())) == 4
    assert list(scalars(folder.tensorboard, "loss")) == list(range(1, 41))


# --- how it ended -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code"),
    [(Status.DONE, 1), (Status.STOPPED, 2), (Status.FAILED, 2), (Status.LOST, 2), (Status.PAUSED, 0)],
)
def test_the_session_has_no_end_before_the_run_has_one(tmp_path: Path, status: Status, code: int) -> None:
    written(tmp_path, [(1, 0.5)])
    assert not has_end(tmp_path)
    tensorboard_end.write_end(tmp_path, status, 1_700_000_000.0)
    assert has_end(tmp_path) == bool(code)
    if code:
        end = session(tmp_path, "end")
        assert (end.status, end.end_time_secs) == (code, 1_700_000_000.0)


def test_a_resumed_run_has_no_end_until_it_ends_again(tmp_path: Path) -> None:
    written(tmp_path, [(1, 0.5)])
    tensorboard_end.write_end(tmp_path, Status.STOPPED, 1.0)
    tensorboard_end.remove_end(tmp_path)
    assert not has_end(tmp_path)
    written(tmp_path, [(2, 0.4)], attempt=2)
    tensorboard_end.write_end(tmp_path, Status.DONE, 2.0)
    assert session(tmp_path, "end").status == 1
    assert scalars(tmp_path, "loss") == pytest.approx({1: 0.5, 2: 0.4})


def test_a_run_without_event_files_gets_none_for_its_end(tmp_path: Path) -> None:
    tensorboard_end.write_end(tmp_path / "tensorboard", Status.DONE, 1.0)
    assert list(tmp_path.iterdir()) == []


# --- no error of TensorBoard files ends a training --------------------------------------------------------


def test_a_run_whose_tensorboard_files_cannot_be_written_continues(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "xor", **SHORT)
    folder.tensorboard.write_text("in the way")
    train(folder)
    assert len(curve(folder, "loss")) == 40
    with pytest.raises(OSError):
        TensorBoardFiles(folder.tensorboard / "below", 1, {})._open()


def test_a_fifo_in_place_of_an_event_file_does_not_block(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "xor", **SHORT)
    folder.tensorboard.mkdir()
    os.mkfifo(folder.tensorboard / "events.out.tfevents.0000000001.here.0001")
    tensorboard_end.write_end(folder.tensorboard, Status.DONE, 1.0)
    tensorboard_end.remove_end(folder.tensorboard)
    train(folder)
    assert len(curve(folder, "loss")) == 40 and not read_events(folder, "note")


@pytest.mark.parametrize("method", ["write", "add", "image", "text", "close"])
def test_any_error_of_tensorboard_files_is_a_note_and_training_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("odd")

    monkeypatch.setattr(TensorBoardFiles, method, broken)
    folder = new_run(tmp_path, "xor", **SHORT)
    run, _ = make_run(folder)
    run.restore(Tally())
    run.log(1, loss=1.0)
    run.image("p", [[1.0]])
    run.text("t", "words")
    run.save()
    run._event_log.close(1, status="done", cause={})
    notes = [event.facts["text"] for event in read_events(folder, "note")]
    assert len(notes) == 1 and notes[0].startswith("TensorBoard files are no longer written: ")
    assert curve(folder, "loss") == {1: 1.0}
