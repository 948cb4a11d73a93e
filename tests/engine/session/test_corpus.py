"""Methods `corpus.*`."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DataError
from engine.places import Places
from engine.session import corpus, methods
from engine.session.cache import SessionCache
from engine.session_protocol.corpus import CorpusListRequest, CorpusSummaryRequest

LINES = [f"a cat sat on mat number {number}" for number in range(40)]


@pytest.fixture
def session_cache(places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SessionCache:
    data = tmp_path / "data"
    data.mkdir()
    (data / "coco-captions.txt").write_text("\n".join(LINES) + "\n")
    monkeypatch.setenv("DLTUI_DATA", str(data))
    return SessionCache(places)


def test_every_named_corpus_is_listed_with_its_origin(session_cache: SessionCache) -> None:
    listed = {row.name: row for row in corpus.list_(session_cache, CorpusListRequest()).corpora}
    assert listed["captions"].origin == "DLTUI_DATA"
    assert listed["wikitext-2"].found == "" and listed["wikitext-2"].origin == "download"


def test_a_summary_is_computed_once_and_cached(session_cache: SessionCache) -> None:
    summary = corpus.tell(session_cache, CorpusSummaryRequest("captions"))
    assert summary.facts["sentences"] == len(LINES)
    assert summary.remarks and corpus.tell(session_cache, CorpusSummaryRequest("captions")) is summary


def test_nothing_is_downloaded_for_a_summary(session_cache: SessionCache) -> None:
    with pytest.raises(DataError, match="wikitext-2 is not on this machine yet") as caught:
        corpus.tell(session_cache, CorpusSummaryRequest("wikitext-2"))
    assert "downloads it" in str(caught.value)


def test_the_method_is_found_by_name(session_cache: SessionCache) -> None:
    answer = methods.call(session_cache, "corpus.list", {})
    assert answer.corpora
