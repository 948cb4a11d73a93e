"""What another program logged beside numbers is shown of an imported run, and of a command that logs so."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DataError
from engine.exec.log_messages import BatchMessages
from engine.places import Places
from engine.reader_protocol import FindLogs, LogToRead, ReadLogs
from engine.readers.log_reader import LogBatch, LogMedia
from engine.readers.reader_requests import ReaderRequests
from engine.readers.wandb_log import _table
from engine.session.cache import SessionCache
from tests.engine.session.requests import request

LOGS = Path(__file__).parents[2] / "stored" / "logs"


def imported(home: Path, logs: Path) -> list[str]:
    """The ids of the runs; each has a folder as after an import."""
    (part,) = ReaderRequests().find(FindLogs(str(logs)))
    wanted = []
    for number, found in enumerate(part.found):
        folder = home / "runs" / f"run-{number}"
        folder.mkdir(parents=True)
        out = str(folder / "events.jsonl")
        wanted.append(LogToRead(folder.name, found.kind, found.source, found.name, found.began_at, out))
    assert list(ReaderRequests().read(ReadLogs(wanted)))
    return [one.id for one in wanted]


def logged(session_cache: SessionCache, runs: list[str]) -> dict[tuple[str, str], tuple[str, int]]:
    """Run and last step by kind and tag."""
    return {
        (one["kind"], one["tag"]): (run, one["steps"][-1])
        for run in runs
        for one in request(session_cache, "media.list", run=run)["series"]
    }


def place(tag: str, at: tuple[str, int]) -> dict[str, Any]:
    return {"run": at[0], "tag": tag, "step": at[1]}


@pytest.mark.parametrize(
    ("program", "image", "text"),
    [("torch-2.13.0", "digits", "words/text_summary"), ("tensorflow-2.21.0", "digits [1]", "words"),
     ("wandb-0.31.0", "digits", "")],
)  # fmt: skip
def test_images_texts_and_histograms_of_a_log_are_shown(
    tmp_path: Path, program: str, image: str, text: str
) -> None:
    session_cache = SessionCache(Places(tmp_path))
    runs = imported(tmp_path, LOGS / program)
    found = logged(session_cache, runs)
    picture = request(
        session_cache, "media.picture", place=place(image, found["image", image]), width=50, height=50
    )
    assert picture["width"] > 1 and picture["step"] == found["image", image][1]
    weights = place("weights", found["histogram", "weights"])
    history = request(session_cache, "media.histograms", place=weights, columns=5, rows=5)
    assert history["distribution"]["count"] > 5
    if text:
        shown = request(session_cache, "media.text", place=place(text, found["text", text]))
        assert shown["text"] == "two dogs *play*"
    notes = (tmp_path / "runs" / runs[0] / "events.jsonl").read_text()
    assert "it is not kept" not in notes


def test_an_image_whose_log_is_gone_is_one_line(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    shutil.copytree(LOGS / "wandb-0.31.0", logs)
    session_cache = SessionCache(Places(tmp_path))
    at = logged(session_cache, imported(tmp_path, logs))["image", "digits"]
    shutil.rmtree(logs)
    with pytest.raises(DataError, match=r"\.png is not there any more\.$"):
        request(session_cache, "media.picture", place=place("digits", at), width=5, height=5)


def test_the_file_of_a_table_is_read_and_what_is_none_is_empty(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    shutil.copytree(LOGS / "wandb-0.31.0", logs)
    (folder,) = logs.glob("wandb/*whole123/files")
    (folder / "t.table.json").write_text('{"columns":["a","b"],"data":[[1,"x"],[null,{"c":2}]]}')
    assert _table(folder / "t.table.json")["data"] == [[1, "x"], [None, {"c": 2}]]
    assert _table(folder / "none.json") == {} == _table(folder)


def test_a_command_gets_them_as_messages_those_of_earlier_attempts_left_out() -> None:
    media = [
        LogMedia("image", "x", 1, 50.0, "/log/events", (8, 100)),
        LogMedia("image", "old", 1, 5.0, "/log/events", (8, 100)),
        LogMedia("histogram", "w", 2, 50.0, buckets=[[0, 1, 2]]),
        LogMedia("table", "t", 2, 50.0, columns=["a"], rows=[[1]]),
    ]
    assert list(BatchMessages(since=10.0).of(LogBatch(media=media), "train/")) == [
        {"image": {"tag": "train/x", "step": 1, "file": "/log/events", "span": (8, 100)}},
        {"histogram": {"tag": "train/w", "step": 2, "buckets": [[0, 1, 2]]}},
        {"table": {"tag": "train/t", "step": 2, "columns": ["a"], "rows": [[1]]}},
    ]
