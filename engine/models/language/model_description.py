"""The description of a language model, kept by its run as `model.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from engine.errors import CorruptRun

KIND = "lstm_lm"
DIMENSION_LIMIT = 1 << 20
LAYER_LIMIT = 16


class Direction(StrEnum):
    """FORWARD models predict the next word, REVERSED ones the word before."""

    FORWARD = "forward"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """`embedding`, `hidden_size`, `vocabulary` are numbers of units and of words."""

    layers: int
    direction: Direction
    embedding: int
    hidden_size: int
    vocabulary: int
    tied: bool
    projection: bool
    tokeniser: str
    corpus: str
    vocabulary_sha256: str

    @property
    def top(self) -> int:
        """The width of the input of the output layer."""
        return self.embedding if self.projection else self.hidden_size

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the tensors of a checkpoint; `projection.bias` may be left out."""
        hidden, width = self.hidden_size, self.embedding
        shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (self.vocabulary, width)}
        for layer in range(self.layers):
            shapes[f"lstm.l{layer}.kernel"] = (hidden if layer else width, 4 * hidden)
            shapes[f"lstm.l{layer}.recurrent"] = (hidden, 4 * hidden)
            shapes[f"lstm.l{layer}.bias"] = (4 * hidden,)
        if self.projection:
            shapes["projection.weight"] = (width, hidden)
        if not self.tied:
            shapes["output.weight"] = (self.vocabulary, self.top)
        return shapes | {"output.bias": (self.vocabulary,)}


def from_json(data: Mapping[str, Any]) -> ModelDescription:
    """Raises CorruptRun naming the invalid field."""
    if data.get("kind") != KIND:
        raise CorruptRun(f"model.json: kind is {data.get('kind')!r}, expected {KIND!r}.")
    hidden = _size(data, "hidden_size", DIMENSION_LIMIT)
    width = _size(data, "embedding", DIMENSION_LIMIT)
    tied = _flag(data, "tied", False)
    description = ModelDescription(
        layers=_size(data, "layers", LAYER_LIMIT),
        direction=_direction(data.get("direction")),
        embedding=width,
        hidden_size=hidden,
        vocabulary=_size(data, "vocabulary", DIMENSION_LIMIT),
        tied=tied,
        projection=_flag(data, "projection", tied and width != hidden),
        tokeniser=_text(data, "tokeniser"),
        corpus=_text(data, "corpus"),
        vocabulary_sha256=_text(data, "vocabulary_sha256"),
    )
    if tied and description.top != width:
        raise CorruptRun(
            f"model.json: tied weights need a projection from {hidden} hidden units to {width}, it has none."
        )
    return description


def to_json(description: ModelDescription) -> dict[str, Any]:
    facts = {field.name: getattr(description, field.name) for field in fields(description)}
    return {"kind": KIND, **facts, "direction": str(description.direction)}


def _size(data: Mapping[str, Any], name: str, most: int) -> int:
    value = data.get(name)
    if type(value) is not int or not 1 <= value <= most:
        raise CorruptRun(f"model.json: {name} is {str(value)[:40]!r}, expected a number from 1 to {most:,}.")
    return value


def _flag(data: Mapping[str, Any], name: str, default: bool) -> bool:
    value = data.get(name, default)
    if type(value) is not bool:
        raise CorruptRun(f"model.json: {name} is {str(value)[:40]!r}, expected true or false.")
    return value


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str):
        raise CorruptRun(f"model.json: {name} is {str(value)[:40]!r}, expected text.")
    return value


def _direction(value: object) -> Direction:
    try:
        return Direction(str(value))
    except ValueError:
        raise CorruptRun(
            f"model.json: direction is {str(value)[:40]!r}, expected forward or reversed."
        ) from None
