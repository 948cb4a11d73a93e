"""Small models and batches for both frameworks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.language.model_description import Direction, LstmDescription, ModelDescription
from engine.models.language_training.training import LanguageTraining, make_training

FRAMEWORKS = ("torch", "tensorflow")


@dataclass(frozen=True, slots=True)
class Pair:
    inputs: NDArray[np.int32]
    targets: NDArray[np.int32]


def kind(**changes: Any) -> ModelDescription:
    facts: dict[str, Any] = {
        "layers": 1, "direction": Direction.FORWARD, "embedding": 12, "hidden_size": 8, "vocabulary": 40,
        "tied": False, "projection": False, "tokeniser": "plain", "corpus": "none", "vocabulary_sha256": "",
    }  # fmt: skip
    return LstmDescription(**(facts | changes))


def tied(**changes: Any) -> ModelDescription:
    return kind(tied=True, projection=True, **changes)


def make_strict(framework: str, kind: ModelDescription, **options: Any) -> LanguageTraining:
    """A training in strict mode with one thread, as in a worker."""
    if framework == "torch":
        from checkpoints.torch_io import strict_mode
    else:
        from checkpoints.keras_io import strict_mode
    strict_mode(1, 1)
    return make_training(framework, kind, seed=1, **options)


def pairs(count: int, vocabulary: int = 40, sentences: int = 6, seed: int = 0) -> list[Pair]:
    """Random sentences of 1 to 9 words, padded right."""
    rng = np.random.default_rng(seed)
    return [_pair(rng, vocabulary, sentences) for _ in range(count)]


def _pair(rng: np.random.Generator, vocabulary: int, sentences: int) -> Pair:
    lengths = rng.integers(1, 10, sentences)
    inputs = np.zeros((sentences, int(lengths.max()) + 1), np.int32)
    targets = np.zeros_like(inputs)
    for row, length in enumerate(lengths):
        words = rng.integers(4, vocabulary, length)
        inputs[row, : length + 1] = [1, *words]
        targets[row, : length + 1] = [*words, 3]
    return Pair(inputs, targets)


def padded(pair: Pair, length: int) -> Pair:
    wider = ((0, 0), (0, length - pair.inputs.shape[1]))
    return Pair(np.pad(pair.inputs, wider), np.pad(pair.targets, wider))


def of_one_word(sentences: int = 5, length: int = 7) -> Pair:
    """Sentences that are one word again and again: all of them begin alike."""
    inputs = np.full((sentences, length), 9, np.int32)
    inputs[:, 0] = 1
    return Pair(inputs, np.full((sentences, length), 9, np.int32))


BATCHES = {
    "random": pairs(1)[0],
    "alike": pairs(1, vocabulary=6, sentences=40)[0],
    "padded to 50": padded(pairs(1)[0], 50),
    "one sentence": pairs(1, sentences=1)[0],
    "one word": of_one_word(),
}
