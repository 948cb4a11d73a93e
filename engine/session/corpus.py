"""Methods `corpus.*`: the list of text corpora, and a summary of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.data.download import Report
from engine.data.text import published_corpus_path
from engine.data.text.load_corpus import load
from engine.data.text.prepared_corpus import TextSet
from engine.data.text.published_corpus_path import corpora
from engine.data.text.vocabulary import EOS
from engine.errors import DataError
from engine.places import Places
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


COMMONEST = 200
CHUNK = 1 << 20


def summarise_corpus(
    places: Places,
    corpus: str,
    vocabulary: int = 10_000,
    tokeniser: str = "plain",
    report: Report = lambda line: None,
) -> dict[str, Any]:
    """Summary of a corpus as load() takes it, as JSON: about, licence, found, origin ("" for a path), notice,
    facts, `lengths` ([words, sentences] rising), `commonest` ([word, times] falling, the reserved ones left
    out) and `ranks` ([rank, times] of the ranks 1, 2, 4, 8 and so on). Raises DataError.
    """
    made = load(places, corpus, vocabulary, tokeniser, report)
    known = {row["name"]: row for row in corpora(places)}
    row = known.get(corpus, {"name": corpus, "about": "", "licence": "", "found": "", "origin": ""})
    return {**row, "notice": made.notice, "facts": dict(made.facts), **_shape(made)}


def _shape(made: TextSet) -> dict[str, Any]:
    parts = (made.train, made.validation, made.test)
    lengths = np.bincount(np.concatenate([part.lengths for part in parts]))
    times = np.zeros(len(made.vocabulary), np.int64)
    for part in parts:
        for first in range(0, len(part.ids), CHUNK):
            times += np.bincount(part.ids[first : first + CHUNK], minlength=len(times))
    known = times[EOS + 1 :]  # the vocabulary is in falling order of frequency
    return {
        "lengths": [[length, int(count)] for length, count in enumerate(lengths) if count],
        "commonest": [
            [word, int(count)]
            for word, count in zip(made.vocabulary.words[EOS + 1 :][:COMMONEST], known, strict=False)
        ],
        "ranks": [[1 << n, int(known[(1 << n) - 1])] for n in range(len(known).bit_length())],
    }
