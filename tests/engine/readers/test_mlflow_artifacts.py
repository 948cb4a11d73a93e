"""Images, texts and tables that a run of MLflow logged as artifacts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.readers.log_reader import LogBatch
from engine.readers.mlflow_artifacts import add_artifacts, folder_of_uri


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "artifacts"
    (made / "images").mkdir(parents=True)
    stem = made / "images" / "val#dogs%step%30%timestamp%1700000000123%0a1b"
    Path(f"{stem}.png").write_bytes(b"png")
    Path(f"{stem}%compressed.webp").write_bytes(b"webp")
    (made / "images" / "val~dogs+step+40+timestamp+1700000001000+0a1b.png").write_bytes(b"png")
    (made / "confusion.png").write_bytes(b"png")
    (made / "notes.txt").write_text("two dogs")
    (made / "table.json").write_text(json.dumps({"columns": ["a"], "data": [[1], [2]]}))
    (made / "config.json").write_text('{"lr": 1}')
    (made / "model").mkdir()
    (made / "model" / "MLmodel").write_text("")
    (made / "model" / "requirements.txt").write_text("torch")
    os.symlink("/etc/hostname", made / "linked.txt")
    return made


def test_images_have_the_tag_and_step_of_their_file_and_others_their_path(folder: Path) -> None:
    batch = LogBatch()
    add_artifacts(batch, folder, set())
    images = [(one.tag, one.step, one.at) for one in batch.media if one.kind == "image"]
    assert images == [
        ("confusion.png", 0, 0.0),
        ("val/dogs", 30, 1_700_000_000.123),
        ("val/dogs", 40, 1_700_000_001.0),
    ]
    assert [(one.tag, one.columns, one.rows) for one in batch.media if one.kind == "table"] == [
        ("table.json", ["a"], [[1], [2]])
    ]
    assert [(one.tag, one.text) for one in batch.texts] == [("notes.txt", "two dogs")]
    assert not batch.is_empty


def test_what_was_told_is_not_told_again(folder: Path) -> None:
    told = set[str]()
    add_artifacts(LogBatch(), folder, told)
    (folder / "later.txt").write_text("more")
    batch = LogBatch()
    add_artifacts(batch, folder, told)
    assert ([one.tag for one in batch.texts], batch.media) == (["later.txt"], [])


def test_a_folder_that_is_gone_or_on_a_server_has_none(tmp_path: Path) -> None:
    batch = LogBatch()
    add_artifacts(batch, tmp_path / "gone", set())
    add_artifacts(batch, None, set())
    assert batch.is_empty


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("file:///logs/ab/artifacts", "/logs/ab/artifacts"),
        ("mlruns/0/ab/artifacts", "/base/mlruns/0/ab/artifacts"),
        ("/my%20logs/ab/artifacts", "/my logs/ab/artifacts"),
        ("mlflow-artifacts:/0/ab/artifacts", None), ("s3://bucket/ab/artifacts", None),
        ("file:///etc", None), ("file:///logs/other/artifacts", None), ("file://host/ab/artifacts", None),
    ],
)  # fmt: skip
def test_the_folder_of_a_run_is_that_of_its_uri_on_this_machine(uri: str, found: str | None) -> None:
    assert folder_of_uri(uri, "ab", Path("/base")) == (Path(found) if found else None)
