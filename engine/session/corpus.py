"""Methods `corpus.*`: the list of text corpora, and a summary of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.data.text import published_corpus_path
from engine.data.text.corpus_summary import summarise_corpus
from engine.errors import DataError
from engine.session.cache import SessionCache
from engine.session.methods import Handler
from engine.session_protocol.corpus import (
    CorpusListRequest,
    CorpusRow,
    CorpusSummary,
    CorpusSummaryRequest,
    ListedCorpora,
)


def list_(session_cache: SessionCache, request: CorpusListRequest) -> ListedCorpora:
    return ListedCorpora([CorpusRow(**row) for row in published_corpus_path.corpora(session_cache.places)])


def tell(session_cache: SessionCache, request: CorpusSummaryRequest) -> CorpusSummary:
    """Nothing is downloaded. Raises DataError."""
    corpus, vocabulary, tokeniser = request.corpus, request.vocabulary, request.tokeniser
    rows = {row["name"]: row for row in published_corpus_path.corpora(session_cache.places)}
    if corpus in rows and not rows[corpus]["found"]:
        raise DataError(f"{corpus} is not on this machine yet.", _remedy(rows[corpus]))

    def summarise() -> CorpusSummary:
        remarks: list[str] = []
        summary = summarise_corpus(session_cache.places, corpus, vocabulary, tokeniser, remarks.append)
        return CorpusSummary(**summary, remarks=remarks)

    return session_cache.get(("corpus", corpus, vocabulary, tokeniser), summarise)


def _remedy(row: Mapping[str, str]) -> str:
    if row["origin"] == "download":
        return f"A run of lm with corpus={row['name']} downloads it."
    return "Put it into the folder that DLTUI_DATA names."


HANDLERS: Mapping[Any, Handler] = {CorpusListRequest: list_, CorpusSummaryRequest: tell}
