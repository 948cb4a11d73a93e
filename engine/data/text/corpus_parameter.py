"""Parsing, finding and opening the corpora of a `corpus` parameter: names and paths with layout and
encoding."""

from __future__ import annotations

import io
import os
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.data.download import Report, fetch_all, is_whole
from engine.data.mirror_transfer import Timeouts
from engine.data.mnist_folders import check_folder
from engine.data.regular_file import open_regular
from engine.data.text.decoding import CHOICES
from engine.data.text.published_corpora import CORPORA, EMBEDDED, FOLDER, PublishedCorpus
from engine.data.text.published_corpus_path import FoundCorpus, find
from engine.data.text.sentence_splitting import PARAGRAPH_GAP, SentenceLayout
from engine.data.text.text_file import TextFile
from engine.errors import DataError
from engine.places import Places

MOST_BYTES = 64 << 20
TOKENS = ((b" @-@ ", b"-"), (b" @,@ ", b","), (b" @.@ ", b"."), (b" 's ", b"'s "), (b" 't ", b"'t "))


def open_zipped(name: str, path: Path, members: tuple[str, ...], layout: str) -> TextFile:
    """The members in sequence, without headings, separated tokens joined again. Raises DataError."""
    content = b"\n".join(_prose(line) for line in _unpack(path, members).split(b"\n") if line[:2] != b" =")
    return TextFile(name, len(content), lambda: io.BytesIO(content), layout=layout, encoding="utf-8")


def _unpack(path: Path, members: tuple[str, ...]) -> bytes:
    """The members, unpacked only if their declared size is at most MOST_BYTES. Raises DataError."""
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            size = sum(archive.getinfo(member).file_size for member in members)
            if size > MOST_BYTES:
                raise DataError(f"{path} declares {size:,} bytes of text, expected at most {MOST_BYTES:,}.")
            return b"\n".join(archive.read(member) for member in members)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{path} is a damaged zip file: {error}.") from error
    except KeyError as error:
        raise DataError(f"{path} does not hold {', '.join(members)}.") from error


def _prose(line: bytes) -> bytes:
    for token, plain in TOKENS:
        line = line.replace(token, plain)
    return line


NO_PROSE = (">>>", "\n...", "::=", "***", "===", "---", "~~~", "def ", "class ", " = ")


def open_embedded() -> TextFile:
    """The text of `pydoc_data.topics`. Raises DataError where the interpreter lacks it."""
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise DataError(
            "This Python comes without pydoc_data, the embedded corpus.",
            "Name a text file of yours as the corpus.",
        ) from error
    paragraphs = [
        part for name in sorted(topics) for part in PARAGRAPH_GAP.split(topics[name]) if _is_prose(part)
    ]
    content = "\n\n".join(dict.fromkeys(paragraphs)).encode()
    return TextFile(EMBEDDED, len(content), lambda: io.BytesIO(content), layout="prose", encoding="utf-8")


def _is_prose(paragraph: str) -> bool:
    """Whether a paragraph is neither heading nor grammar nor program."""
    return paragraph.rstrip().endswith((".", ":", ")")) and not any(mark in paragraph for mark in NO_PROSE)


NAMES = ", ".join([*CORPORA, EMBEDDED])
REMEDY = "Put it into the folder `text` of a folder named in DLTUI_DATA."
NOTICE = (
    "{name} could not be found or downloaded: training on the reference manual inside Python instead. "
    + REMEDY
)


@dataclass(frozen=True, slots=True)
class Corpus:
    """`notice` is not empty when the embedded text replaces the requested corpus."""

    files: tuple[TextFile, ...]
    notice: str = ""


@dataclass(frozen=True, slots=True)
class CorpusRequest:
    """One requested corpus: `name:layout:encoding`, the last two optional and in any order."""

    name: str
    layout: str = ""
    encoding: str = ""


def open_corpus(
    places: Places,
    requested: str,
    report: Report,
    timeouts: Timeouts,
    published: Mapping[str, PublishedCorpus] = CORPORA,
) -> Corpus:
    """Open the requested corpora. A single published corpus that is not available is replaced by the embedded
    one. Raises DataError otherwise."""
    wanted = parse(requested)
    if places.data is not None:
        check_folder(places.data)
    try:
        return Corpus(tuple(_open(places, each, report, timeouts, published) for each in wanted))
    except _NotAvailable as error:
        if len(wanted) > 1:
            raise DataError(str(error), REMEDY) from error
        report(str(error))
        return Corpus((open_embedded(),), NOTICE.format(name=wanted[0].name))


def open_local(places: Places, requested: str) -> tuple[TextFile, ...] | None:
    """As `open_corpus`, but None where something would be downloaded. Raises DataError."""
    here = {name: replace(each, source=replace(each.source, mirrors=())) for name, each in CORPORA.items()}
    opened = open_corpus(places, requested, lambda text: None, Timeouts(), here)
    return None if opened.notice else opened.files


def parse(requested: str) -> tuple[CorpusRequest, ...]:
    """Split at commas, unless the whole text is the path of a file. Raises DataError."""
    whole = os.path.isfile(os.path.expanduser(requested))
    parts = [requested] if whole else [part.strip() for part in requested.split(",")]
    if not all(parts):
        raise DataError(
            f"The corpus is {requested!r}, expected {NAMES}, or the path of a text file.",
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


class _NotAvailable(DataError):
    """A published corpus that is neither on this machine nor can be downloaded."""


def _open(
    places: Places,
    wanted: CorpusRequest,
    report: Report,
    timeouts: Timeouts,
    published: Mapping[str, PublishedCorpus],
) -> TextFile:
    if wanted.name == EMBEDDED:
        return replace(open_embedded(), layout=wanted.layout or "prose")
    if (corpus := published.get(wanted.name)) is not None:
        file = _open_published(places, corpus, report, timeouts)
    else:
        file = _open_path(_locate(places, wanted.name), wanted.name)
    return replace(file, layout=wanted.layout or file.layout, encoding=wanted.encoding or file.encoding)


def _open_published(places: Places, corpus: PublishedCorpus, report: Report, timeouts: Timeouts) -> TextFile:
    found = find(places, corpus)
    if found is None or (found.origin == "cache" and not is_whole(found.path, corpus.file)):
        found = _download(places, corpus, report, timeouts)
    elif found.path.is_file() and not is_whole(found.path, corpus.file):
        report(f"{found.path} is not {corpus.source.title} as published: it is used as it is.")
    if corpus.members:
        return open_zipped(corpus.name, found.path, corpus.members, corpus.layout)
    return replace(_open_path(found.path, corpus.name), layout=corpus.layout)


def _download(places: Places, corpus: PublishedCorpus, report: Report, timeouts: Timeouts) -> FoundCorpus:
    folder = places.cache / FOLDER
    if not corpus.source.mirrors:
        raise _NotAvailable(f"{corpus.source.title} ({corpus.file.name}) is not here and has no download.")
    try:
        fetch_all(corpus.source, folder, report, timeouts)
    except DataError as error:
        raise _NotAvailable(str(error)) from error
    return FoundCorpus(folder / corpus.file.name, "download")


def _locate(places: Places, name: str) -> Path:
    """The path `name`, else one below DLTUI_DATA. Raises DataError."""
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
    return TextFile(name, size, lambda: open_regular(path))
