"""Small language models with random weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.data.text.vocabulary import RESERVED, Vocabulary
from engine.models.language.model import LanguageModel
from engine.models.language.model_description import (
    Direction,
    LstmDescription,
    ModelDescription,
    TransformerDescription,
)
from engine.models.language.weights import weights

Arrays = dict[str, NDArray[np.float32]]


def description(
    vocabulary: int = 13,
    layers: int = 1,
    direction: str = "forward",
    *,
    embedding: int = 5,
    hidden: int = 4,
    tied: bool = False,
    projection: bool = False,
    sha256: str = "",
) -> ModelDescription:
    return LstmDescription(
        layers,
        Direction(direction),
        embedding,
        hidden,
        vocabulary,
        tied,
        projection,
        "plain",
        "sample",
        sha256,
    )


def transformer(
    vocabulary: int = 13,
    layers: int = 2,
    direction: str = "forward",
    *,
    embedding: int = 8,
    heads: int = 2,
    positions: str = "sinusoidal",
    sha256: str = "",
) -> TransformerDescription:
    return TransformerDescription(
        layers, Direction(direction), embedding, heads, positions, vocabulary, "plain", "sample", sha256
    )


def arrays(kind: ModelDescription, seed: int = 0, scale: float = 1.0) -> Arrays:
    random = np.random.default_rng(seed)
    return {
        name: (scale * random.standard_normal(shape)).astype(np.float32)
        for name, shape in kind.shapes().items()
    }


def words(count: int) -> Vocabulary:
    return Vocabulary((*RESERVED, *(f"w{number}" for number in range(4, count))))


def model(kind: ModelDescription | None = None, seed: int = 0, scale: float = 1.0) -> LanguageModel:
    kind = kind or description()
    return LanguageModel(kind, words(kind.vocabulary), weights(arrays(kind, seed, scale), kind), 7)
