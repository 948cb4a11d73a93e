"""Small corpora in files, for the language models."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SUBJECTS = ("a man", "a woman", "the dog", "a red bus", "two cats")
VERBS = ("sits", "stands", "waits", "rides", "sleeps")
PLACES = ("on a table", "in a field", "by the road", "near the water", "on the street in town")


def captions(folder: Path, sentences: int = 120) -> str:
    """The path of a text with a grammar that is easy to learn."""
    rng = np.random.default_rng(3)
    lines = [" ".join(rng.choice(part) for part in (SUBJECTS, VERBS, PLACES)) for _ in range(sentences)]
    return _written(folder / "captions.txt", lines)


def noise(folder: Path, words: int = 12, sentences: int = 800) -> str:
    """The path of a text in which nothing can be known: all of `words` have equal chances, always."""
    rng = np.random.default_rng(4)
    names = [f"w{chr(97 + number)}" for number in range(words)]
    lines = [" ".join(rng.choice(names, rng.integers(6, 7))) for _ in range(sentences)]
    return _written(folder / "noise.txt", lines)


def _written(path: Path, lines: list[str]) -> str:
    path.write_text("\n".join(lines) + "\n")
    return str(path)
