"""The description of a language model, kept by its run as `model.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from engine import typed_json
from engine.errors import CorruptRun
from engine.typed_json import Bounds, WrongType, typed

KIND = "lstm_lm"
DIMENSION_LIMIT = 1 << 20
LAYER_LIMIT = 16
Dimension = Annotated[int, Bounds(1, DIMENSION_LIMIT)]


class Direction(StrEnum):
    """FORWARD models predict the next word, REVERSED ones the word before."""

    FORWARD = "forward"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class ModelDescription:
    """`embedding`, `hidden_size`, `vocabulary` are numbers of units and of words."""

    layers: Annotated[int, Bounds(1, LAYER_LIMIT)]
    direction: Direction
    embedding: Dimension
    hidden_size: Dimension
    vocabulary: Dimension
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
    tied, width, hidden = data.get("tied", False), data.get("embedding"), data.get("hidden_size")
    try:
        description = typed({"tied": False, "projection": tied and width != hidden, **data}, ModelDescription)
    except WrongType as error:
        raise CorruptRun(f"model.json: {error}.") from error
    if tied and description.top != width:
        raise CorruptRun(
            f"model.json: tied weights need a projection from {hidden} hidden units to {width}, it has none."
        )
    return description


def to_json(description: ModelDescription) -> dict[str, Any]:
    return {"kind": KIND, **typed_json.to_json(description)}
