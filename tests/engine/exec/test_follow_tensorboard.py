"""Event files that a command writes: what is odd about them is a line, and the rest is read."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from tensorboardX import SummaryWriter

from engine.events import EventWriter
from engine.exec import log_places
from engine.exec.follow_tensorboard import TensorBoardFollower
from engine.exec.log_places import LogPlace
from engine.exec.script_events import MOST_METRICS, ScriptEvents
from engine.store import RunFolder
from tests.engine.exec.command_run import curve, notes


def write(folder: Path, **values: float) -> None:
    writer = SummaryWriter(str(folder))
    for tag, value in values.items():
        writer.add_scalar(tag, value, 1)
    writer.close()


def followed(top: Path) -> list[dict[str, Any]]:
    return list(TensorBoardFollower(top, 0.0).messages(True))


def metrics_in(messages: list[dict[str, Any]]) -> set[str]:
    return {name for message in messages for name in message.get("metrics", ())}


def test_links_in_a_circle_a_dangling_link_and_a_pipe_are_passed_over(tmp_path: Path) -> None:
    top = tmp_path / "top"
    write(top, loss=1.0)
    (top / "again").symlink_to(top, target_is_directory=True)
    (top / "events.out.tfevents.1.loop").symlink_to(top / "events.out.tfevents.1.loop")
    (top / "events.out.tfevents.2.gone").symlink_to(top / "nothing")
    os.mkfifo(top / "events.out.tfevents.3.pipe")
    assert log_places.is_written(LogPlace("tensorboard", top), 0.0)
    assert metrics_in(followed(top)) == {"loss"}


def test_a_file_that_may_not_be_read_is_named_once_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "mine", loss=1.0)
    write(tmp_path / "theirs", loss=1.0)
    refused = next((tmp_path / "theirs").iterdir())
    opened = os.open

    def refusing(path: Any, *given: Any, **more: Any) -> int:
        if os.fspath(path) == str(refused):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *given, **more)

    monkeypatch.setattr(os, "open", refusing)
    follower = TensorBoardFollower(tmp_path, 0.0)
    first, second = list(follower.messages(False)), list(follower.messages(True))
    assert metrics_in(first) == {"loss"}
    (note,) = [message["note"] for message in first if "note" in message]
    assert refused.name in note and "Permission denied" in note and "\n" not in note
    assert second == []


def test_a_folder_that_disappears_is_a_line_and_its_curve_stays(tmp_path: Path) -> None:
    write(tmp_path / "top", loss=1.0)
    follower = TensorBoardFollower(tmp_path / "top", 0.0)
    assert metrics_in(list(follower.messages(False))) == {"loss"}
    shutil.rmtree(tmp_path / "top")
    after = [*follower.messages(False), *follower.messages(True)]
    assert after == [{"note": f"{tmp_path / 'top'} was removed: what was not read yet is lost."}]


def test_an_event_file_that_disappears_is_a_line_and_a_new_one_is_read(tmp_path: Path) -> None:
    write(tmp_path, loss=1.0)
    follower = TensorBoardFollower(tmp_path, 0.0)
    assert metrics_in(list(follower.messages(False))) == {"loss"}
    (removed,) = tmp_path.iterdir()
    removed.unlink()
    assert list(follower.messages(False)) == [
        {"note": f"{removed} was removed: what was not read yet is lost."}
    ]
    write(tmp_path, accuracy=1.0)
    assert metrics_in(list(follower.messages(True))) == {"accuracy"}


def test_more_than_ten_thousand_tags_are_bounded_and_control_bytes_are_escaped(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    events = ScriptEvents(folder, EventWriter(folder / "events.jsonl"))
    names = ["a\x1b[31m\n\0b", *(f"tag{number}" for number in range(MOST_METRICS + 5))]
    events.add({"metrics": {name: [[1, 2], [0.5, 0.25]] for name in names}})
    events.close(None)
    assert notes(RunFolder(folder)) == [f"More than {MOST_METRICS:,} metrics: the others are left out."]
    assert curve(RunFolder(folder), "a?[31m??b") == [(1, 0.5), (2, 0.25)]
    assert b"\x1b" not in (folder / "events.jsonl").read_bytes()
