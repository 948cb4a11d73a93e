"""The published corpora, as data that can be checked."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from engine.data.download import is_whole
from engine.data.text.published_corpora import CORPORA, PublishedCorpus
from engine.data.text.published_corpus_path import find
from engine.places import Places

REAL = os.environ.get("DLTUI_DATA")


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=lambda corpus: corpus.name)
def test_licence_credit_size_and_checksum_are_said(corpus: PublishedCorpus) -> None:
    assert corpus.source.licence and corpus.source.credit and corpus.about
    assert corpus.file.size > 1_000_000 and re.fullmatch("[0-9a-f]{64}", corpus.file.sha256)


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=lambda corpus: corpus.name)
def test_mirrors_are_on_different_hosts_over_https(corpus: PublishedCorpus) -> None:
    parts = [urlsplit(mirror) for mirror in corpus.source.mirrors]
    assert len({part.netloc for part in parts}) == len(parts) and all(
        part.scheme == "https" for part in parts
    )


@pytest.mark.skipif(not REAL, reason="DLTUI_DATA is not set")
@pytest.mark.parametrize("name", ["captions", "tinyshakespeare"])
def test_the_real_files_are_the_published_ones(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_DATA", REAL or "")
    found = find(Places(Path("nowhere")), CORPORA[name])
    assert found is not None and found.origin == "DLTUI_DATA" and is_whole(found.path, CORPORA[name].file)
