"""Summary of a corpus for display: path, sentence lengths, most frequent words."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.data.download import Report
from engine.data.text.load_corpus import load
from engine.data.text.prepared_corpus import TextSet
from engine.data.text.published_corpus_path import corpora
from engine.data.text.vocabulary import EOS
from engine.places import Places

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
