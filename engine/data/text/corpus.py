"""What was asked for as corpus: names and paths, each with how it is to be read, found and opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from engine.data.download import Report, fetch_all, is_whole
from engine.data.download_mirror import Timeouts
from engine.data.mnist_folders import check_folder
from engine.data.regular_file import open_regular
from engine.data.text.corpus_path import FoundCorpus, find
from engine.data.text.decoding import CHOICES
from engine.data.text.published_corpora import CORPORA, EMBEDDED, FOLDER, PublishedCorpus
from engine.data.text.python_manual import open_embedded
from engine.data.text.sentence_layout import SentenceLayout
from engine.data.text.text_file import TextFile
from engine.data.text.zip_file import open_zipped
from engine.errors import DataError
from engine.places import Places

NAMES = ", ".join([*CORPORA, EMBEDDED])
REMEDY = "Put it into the folder `text` of a folder named in DLTUI_DATA."
NOTICE = (
    "{name} could not be found or downloaded: training on the reference manual inside Python instead. "
    + REMEDY
)


@dataclass(frozen=True, slots=True)
class Corpus:
    """`notice` is not "" where the embedded text stands in for what was asked."""

    files: tuple[TextFile, ...]
    notice: str = ""


@dataclass(frozen=True, slots=True)
class CorpusRequest:
    """One of the asked: `name:layout:encoding`, the last two in any order or left out."""

    name: str
    layout: str = ""
    encoding: str = ""


def open_corpus(
    places: Places,
    asked: str,
    report: Report,
    patience: Timeouts,
    published: Mapping[str, PublishedCorpus] = CORPORA,
) -> Corpus:
    """A single named corpus that is nowhere is replaced by the embedded one. Raises DataError else."""
    wanted = parse(asked)
    if places.data is not None:
        check_folder(places.data)
    try:
        return Corpus(tuple(_open(places, each, report, patience, published) for each in wanted))
    except _Nowhere as error:
        if len(wanted) > 1:
            raise DataError(str(error), REMEDY) from error
        report(str(error))
        return Corpus((open_embedded(),), NOTICE.format(name=wanted[0].name))


def open_local(places: Places, asked: str) -> tuple[TextFile, ...] | None:
    """What `open_corpus` opens; None where something would be downloaded. Raises DataError."""
    here = {name: replace(each, source=replace(each.source, mirrors=())) for name, each in CORPORA.items()}
    opened = open_corpus(places, asked, lambda text: None, Timeouts(), here)
    return None if opened.notice else opened.files


def parse(asked: str) -> tuple[CorpusRequest, ...]:
    """Parted at commas, unless the whole is a file's name. Raises DataError."""
    whole = os.path.isfile(os.path.expanduser(asked))
    parts = [asked] if whole else [part.strip() for part in asked.split(",")]
    if not all(parts):
        raise DataError(
            f"The corpus is {asked!r}, expected {NAMES}, or the path of a text file.",
            "Separate several with commas.",
        )
    return tuple(_parse_one(part) for part in parts)


def _parse_one(text: str) -> CorpusRequest:
    wanted = CorpusRequest(text)
    while not os.path.isfile(os.path.expanduser(wanted.name)):
        name, colon, choice = wanted.name.rpartition(":")
        if not colon or not name or choice not in (*SentenceLayout, *CHOICES):
            break
        wanted = replace(wanted, name=name, **{"encoding" if choice in CHOICES else "layout": choice})
    return wanted


class _Nowhere(DataError):
    """A published corpus that is neither here nor to be had."""


def _open(
    places: Places,
    wanted: CorpusRequest,
    report: Report,
    patience: Timeouts,
    published: Mapping[str, PublishedCorpus],
) -> TextFile:
    if wanted.name == EMBEDDED:
        return replace(open_embedded(), layout=wanted.layout or "prose")
    if (corpus := published.get(wanted.name)) is not None:
        file = _open_published(places, corpus, report, patience)
    else:
        file = _open_path(_locate(places, wanted.name), wanted.name)
    return replace(file, layout=wanted.layout or file.layout, encoding=wanted.encoding or file.encoding)


def _open_published(places: Places, corpus: PublishedCorpus, report: Report, patience: Timeouts) -> TextFile:
    found = find(places, corpus)
    if found is None or (found.origin == "cache" and not is_whole(found.path, corpus.file)):
        found = _download(places, corpus, report, patience)
    elif found.path.is_file() and not is_whole(found.path, corpus.file):
        report(f"{found.path} is not {corpus.source.title} as published: it is used as it is.")
    if corpus.members:
        return open_zipped(corpus.name, found.path, corpus.members, corpus.layout)
    return replace(_open_path(found.path, corpus.name), layout=corpus.layout)


def _download(places: Places, corpus: PublishedCorpus, report: Report, patience: Timeouts) -> FoundCorpus:
    folder = places.cache / FOLDER
    if not corpus.source.mirrors:
        raise _Nowhere(f"{corpus.source.title} ({corpus.file.name}) is not here and has no download.")
    try:
        fetch_all(corpus.source, folder, report, patience)
    except DataError as error:
        raise _Nowhere(str(error)) from error
    return FoundCorpus(folder / corpus.file.name, "download")


def _locate(places: Places, name: str) -> Path:
    """As a path, else below DLTUI_DATA. Raises DataError."""
    path = Path(os.path.expanduser(name))
    roots = [places.data / FOLDER, places.data] if places.data is not None else []
    for candidate in (path, *(root / path for root in roots)):
        if os.path.lexists(candidate):
            return candidate
    raise DataError(
        f"There is no corpus {name!r}: expected {NAMES}, or the path of a text file.",
        "" if path.is_absolute() else "Give an absolute path.",
    )


def _open_path(path: Path, name: str) -> TextFile:
    with open_regular(path) as stream:
        size = os.fstat(stream.fileno()).st_size
    return TextFile(name, size, _opener(path))


def _opener(path: Path) -> Callable[[], BinaryIO]:
    return lambda: open_regular(path)
