from __future__ import annotations

from pathlib import Path

import pytest

from engine.data.source import MNIST
from engine.places import Places
from engine.protocol import Severity
from engine.service.findings.data_sets import examine


@pytest.mark.parametrize("folder", ["mnist", ".", "MNIST/raw"])
def test_the_users_folder_is_found_packed_or_not(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path / "sets"))
    place = tmp_path / "sets" / folder
    place.mkdir(parents=True)
    for number, file in enumerate(MNIST.files):
        (place / (file.name if number else file.name.removesuffix(".gz"))).touch()
    assert examine(places)[0].severity is Severity.OK
    (place / MNIST.files[3].name).unlink()
    assert examine(places)[0].severity is Severity.NOTE


def test_what_was_downloaded_is_found(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DLTUI_DATA", raising=False)
    (places.cache / "mnist").mkdir(parents=True)
    for file in MNIST.files:
        (places.cache / "mnist" / file.name).touch()
    assert str(places.cache) in examine(places)[0].text


def test_a_wrong_folder_is_said(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_DATA", "/nowhere")
    assert examine(places)[0].severity is Severity.WARNING


def test_corpora_are_named_with_the_folder_they_are_in(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path))
    assert examine(places)[1].severity is Severity.NOTE
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "coco-captions.txt").write_text("a cat\n")
    found = examine(places)[1]
    assert found.severity is Severity.OK and f"captions is in {tmp_path / 'text'}" in found.text
    assert "wikitext-2 can be downloaded" in found.text


def test_a_corpus_that_is_no_file_is_a_warning(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DLTUI_DATA", raising=False)
    (places.cache / "text").mkdir(parents=True)
    (places.cache / "text" / "tinyshakespeare.txt").symlink_to("/nowhere/at/all")
    found = examine(places)[1]
    assert found.severity is Severity.WARNING and "tinyshakespeare.txt is no regular file" in found.text
