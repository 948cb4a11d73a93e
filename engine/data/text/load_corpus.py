"""Loading a corpus by name or path: its vocabulary and three parts of sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.data.download import Report
from engine.data.mirror_transfer import Timeouts
from engine.data.text.array_file import ArrayFile
from engine.data.text.batches import (
    Direction,
    SentenceBatch,
    batch_count,
    batches,
    random_batches,
    sorted_batches,
)
from engine.data.text.corpus_cache import CorpusCache
from engine.data.text.corpus_parameter import Corpus, open_corpus
from engine.data.text.corpus_preparation import CorpusPreparation
from engine.data.text.prepared_corpus import Sentences, TextSet
from engine.data.text.published_corpora import CORPORA, FOLDER, PublishedCorpus
from engine.data.text.sentence_splitting import SentenceLayout
from engine.data.text.split import PARTS
from engine.data.text.text_file import TextFile
from engine.data.text.tokeniser import WARNING, Tokeniser
from engine.data.text.vocabulary import RESERVED, Vocabulary
from engine.errors import DataError
from engine.places import Places

__all__ = [
    "Direction",
    "SentenceBatch",
    "Sentences",
    "TextSet",
    "Vocabulary",
    "batch_count",
    "batches",
    "load",
    "random_batches",
    "sorted_batches",
]

LAYOUT_TEXTS = {
    SentenceLayout.LINES: "each line is a sentence",
    SentenceLayout.PARAGRAPHS: "lines are split where sentences end",
    SentenceLayout.PROSE: "sentences go on over line ends",
}
OTHER_LAYOUT = {
    SentenceLayout.LINES: "prose",
    SentenceLayout.PARAGRAPHS: "lines",
    SentenceLayout.PROSE: "lines",
}
SPLIT_SEED = 42  # the same test sentences in every run, so that runs can be compared


def load(
    places: Places,
    corpus: str,
    vocabulary: int,
    tokeniser: str,
    report: Report,
    *,
    seed: int = SPLIT_SEED,
    timeouts: Timeouts | None = None,
    published: Mapping[str, PublishedCorpus] = CORPORA,
) -> TextSet:
    """`corpus` is a name, a path, or several with commas between, each followed by `:lines`, `:paragraphs`,
    `:prose`, `:utf-8`, `:utf-16` or `:latin-1`, which are detected otherwise. `vocabulary` is the largest
    number of ids, the four reserved ones included. The prepared corpus is cached and memory-mapped.

    Raises DataError.
    """
    cutter = Tokeniser.named(tokeniser)
    if vocabulary <= len(RESERVED):
        raise DataError(f"A vocabulary of {vocabulary} has no room for a word, expected 5 or more.")
    opened = open_corpus(places, corpus, report, timeouts or Timeouts(), published)
    cache = CorpusCache(places.cache / FOLDER / "numbered")
    layouts = tuple(_choose_layout(file, report) for file in opened.files)
    job = CorpusPreparation(opened.files, layouts, cutter, vocabulary, seed, cache.folder, report)
    kept = cache.fetch(job.key(), job.write, report)
    title = ", ".join(file.name for file in opened.files)
    made = _text_set(kept, cutter, _notice(opened, kept.facts), title, job.source)
    _report_facts(made, vocabulary, report)
    return made


def _choose_layout(file: TextFile, report: Report) -> SentenceLayout:
    layout = file.resolve_layout()
    if not file.layout:
        report(f"{file.name}: {LAYOUT_TEXTS[layout]} (to change that: {file.name}:{OTHER_LAYOUT[layout]}).")
    return layout


def _text_set(kept: ArrayFile, tokeniser: Tokeniser, notice: str, title: str, source: str) -> TextSet:
    words = tuple(kept.arrays["words"].tobytes().decode().split("\n"))
    train, validation, test = (
        Sentences(kept.arrays[f"{part}.ids"], kept.arrays[f"{part}.offsets"]) for part in PARTS
    )
    vocabulary = Vocabulary(words, tokeniser)
    return TextSet(
        vocabulary, train, validation, test, kept.content, notice, kept.facts, title=title, source=source
    )


def _notice(corpus: Corpus, facts: Mapping[str, Any]) -> str:
    sampled = [
        f"{file.name} has {file.size:,} bytes: {file.limit:,} of them, spread evenly, are read."
        for file in corpus.files
        if file.is_sampled
    ]
    unspaced = [WARNING] if facts.get("unspaced") else []
    return " ".join([corpus.notice, *sampled, *unspaced]).strip()


def _report_facts(made: TextSet, requested: int, report: Report) -> None:
    facts = made.facts
    if len(made.vocabulary) < requested:
        report(
            f"The corpus has {facts['distinct_words']:,} different words: the vocabulary is "
            f"{len(made.vocabulary):,}, not {requested:,}."
        )
    repeated = facts["validation_duplicates"] + facts["test_duplicates"]
    if repeated:
        held_out = len(made.validation) + len(made.test)
        report(f"{repeated:,} of {held_out:,} validation and test sentences are also in the training part.")
