"""Paths of published corpora: the user's folder of data sets, then the cache."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.data.text.published_corpora import (
    CORPORA,
    EMBEDDED,
    EMBEDDED_ABOUT,
    EMBEDDED_LICENCE,
    FOLDER,
    PublishedCorpus,
)
from engine.places import Places

Origin = Literal["DLTUI_DATA", "cache", "download", "embedded", "file"]


@dataclass(frozen=True, slots=True)
class FoundCorpus:
    path: Path
    origin: Origin


def find(places: Places, corpus: PublishedCorpus) -> FoundCorpus | None:
    """The file of a corpus. A dangling link counts as found, so that it is reported and not skipped."""
    name = corpus.file.name
    if places.data is not None:
        for path in (places.data / FOLDER / name, places.data / name):
            if os.path.lexists(path):
                return FoundCorpus(path, "DLTUI_DATA")
    cached = places.cache / FOLDER / name
    return FoundCorpus(cached, "cache") if os.path.lexists(cached) else None


def corpora(places: Places) -> list[dict[str, str]]:
    """For each corpus name, description, licence, path ("" if not found) and origin (`download` if it can
    be)."""
    rows = []
    for corpus in CORPORA.values():
        found = find(places, corpus)
        rows.append(
            {
                "name": corpus.name,
                "about": corpus.about,
                "licence": corpus.source.licence,
                "found": str(found.path) if found else "",
                "origin": found.origin if found else ("download" if corpus.source.mirrors else ""),
            }
        )
    inside = {"about": EMBEDDED_ABOUT, "licence": EMBEDDED_LICENCE, "found": "pydoc_data.topics"}
    return [*rows, {"name": EMBEDDED, **inside, "origin": EMBEDDED}]
