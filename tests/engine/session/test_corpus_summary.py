"""The summary of a corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import DataError
from engine.places import Places
from engine.session.corpus import summarise_corpus


def test_a_corpus_is_told_in_json(places: Places, tmp_path: Path) -> None:
    path = tmp_path / "pets.txt"
    path.write_text("a cat\na dog\na cat sat\n" * 4)
    told = summarise_corpus(places, str(path), 100)
    assert json.loads(json.dumps(told)) == told
    assert told["lengths"] == [[2, 8], [3, 4]]
    assert told["commonest"] == [["a", 12], ["cat", 8], ["dog", 4], ["sat", 4]]
    assert told["ranks"] == [[1, 12], [2, 8], [4, 4]]
    assert told["facts"]["words"] == 28 and told["name"] == str(path) and told["licence"] == ""


def test_a_named_corpus_is_told_with_licence_and_place(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DLTUI_DATA", raising=False)
    told = summarise_corpus(places, "embedded")
    assert told["licence"] == "PSF License" and told["origin"] == "embedded" and told["notice"] == ""
    assert told["commonest"][0][0] == "the"


def test_what_cannot_be_loaded_cannot_be_told(places: Places) -> None:
    with pytest.raises(DataError, match="There is no corpus"):
        summarise_corpus(places, "/no/such/file")
