"""English that is always there: the reference manual inside CPython."""

from __future__ import annotations

import io

from engine.data.text.published_corpora import EMBEDDED
from engine.data.text.sentence_layout import GAP
from engine.data.text.text_file import TextFile
from engine.errors import DataError

NO_PROSE = (">>>", "\n...", "::=", "***", "===", "---", "~~~", "def ", "class ", " = ")


def open_embedded() -> TextFile:
    """Raises DataError where the interpreter comes without it."""
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise DataError(
            "This Python comes without pydoc_data, the embedded corpus.",
            "Name a text file of yours as the corpus.",
        ) from error
    paragraphs = [part for name in sorted(topics) for part in GAP.split(topics[name]) if _is_prose(part)]
    content = "\n\n".join(dict.fromkeys(paragraphs)).encode()
    return TextFile(EMBEDDED, len(content), lambda: io.BytesIO(content), layout="prose", encoding="utf-8")


def _is_prose(paragraph: str) -> bool:
    """No heading, no grammar, no program. Topics share paragraphs: of those one is kept."""
    return paragraph.rstrip().endswith((".", ":", ")")) and not any(mark in paragraph for mark in NO_PROSE)
