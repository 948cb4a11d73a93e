"""English that is always there: the reference manual inside CPython."""

from __future__ import annotations

import io

from engine.data.text.published import EMBEDDED
from engine.data.text.text_file import TextFile
from engine.errors import DataError

NO_PROSE = (">>>", "...", "::=", "***", "===", "---", "~~~")


def open_embedded() -> TextFile:
    """Raises DataError where the interpreter comes without it."""
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise DataError(
            "This Python comes without pydoc_data, the embedded corpus.",
            "Name a text file of yours as the corpus.",
        ) from error
    content = "\n\n".join(_prose(topics[name]) for name in sorted(topics)).encode()
    return TextFile(EMBEDDED, len(content), lambda: io.BytesIO(content), layout="prose", encoding="utf-8")


def _prose(topic: str) -> str:
    """Without underlines, grammar and lines of a session."""
    return "\n".join(line for line in topic.split("\n") if not any(mark in line for mark in NO_PROSE))
