"""The text room's front door: a corpus by name or path, as a vocabulary and three parts of sentences."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable

import numpy as np

from engine.data.text.batches import Batch, Direction, batch_count, batches, random_batches, sorted_batches
from engine.data.text.split import split
from engine.data.text.text_set import Sentences, TextSet
from engine.data.text.tokeniser import Tokeniser
from engine.data.text.vocabulary import RESERVED, Vocabulary
from engine.errors import DataError
from engine.places import Places

__all__ = [
    "Batch",
    "Direction",
    "Sentences",
    "TextSet",
    "Vocabulary",
    "batch_count",
    "batches",
    "load",
    "random_batches",
    "sorted_batches",
]

Report = Callable[[str], None]


def load(
    places: Places,
    corpus: str,
    vocabulary: int,
    tokeniser: str,
    report: Report,
    *,
    seed: int = 42,
) -> TextSet:
    """`vocabulary` is the number of ids at most, the four reserved ones among them. Raises DataError."""
    cut = Tokeniser.named(tokeniser)
    root = places.data
    names = {"captions": "coco-captions.txt", "tinyshakespeare": "tinyshakespeare.txt"}
    if root is None:
        raise DataError("DLTUI_DATA is not set.")
    content = (root / "text" / names.get(corpus, corpus)).read_bytes()
    lines = [words for line in content.decode().splitlines() if (words := cut.words(line))]
    counted = Counter(word for words in lines for word in words)
    ranked = sorted(counted, key=lambda word: (-counted[word], word))[: vocabulary - len(RESERVED)]
    known = Vocabulary((*RESERVED, *ranked), cut)
    ids = [np.array([known.id(word) for word in words], np.int32) for words in lines]
    parts = split(len(ids), seed)
    made = [
        _sentences([words for words, part in zip(ids, parts, strict=True) if part == n]) for n in range(3)
    ]
    return TextSet(known, *made, hashlib.sha256(content).hexdigest(), "", {})


def _sentences(ids: list[np.ndarray[tuple[int], np.dtype[np.int32]]]) -> Sentences:
    offsets = np.cumsum([0, *map(len, ids)], dtype=np.int64)
    return Sentences(np.concatenate(ids), offsets)
