"""The embedded corpus, available without a network: the reference manual inside CPython."""

from __future__ import annotations

import io

from engine.data.text.published_corpora import EMBEDDED
from engine.data.text.sentence_layout import PARAGRAPH_GAP
from engine.data.text.text_file import TextFile
from engine.errors import DataError

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
