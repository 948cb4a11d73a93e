"""The description of a language model, kept by its run as `model.json`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from engine import typed_json
from engine.errors import CorruptRun
from engine.typed_json import Bounds, WrongType, typed

LSTM, TRANSFORMER = "lstm_lm", "transformer_lm"
POSITION_KINDS = ("sinusoidal", "learned", "none")
POSITIONS = 512
"""most words that a transformer reads, <START> included: the rows of its positions"""
DIMENSION_LIMIT = 1 << 20
LAYER_LIMIT = 16
Dimension = Annotated[int, Bounds(1, DIMENSION_LIMIT)]


class Direction(StrEnum):
    """FORWARD models predict the next word, REVERSED ones the word before."""

    FORWARD = "forward"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class LstmDescription:
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


@dataclass(frozen=True, slots=True)
class TransformerDescription:
    """A causal transformer: `embedding` is its width, `layers` the number of its blocks. Its output layer has
    the weights of the embedding."""

    layers: Annotated[int, Bounds(1, LAYER_LIMIT)]
    direction: Direction
    embedding: Dimension
    heads: Dimension
    positions: str
    """sinusoidal, learned or none"""
    vocabulary: Dimension
    tokeniser: str
    corpus: str
    vocabulary_sha256: str

    @property
    def tied(self) -> bool:
        return True

    @property
    def top(self) -> int:
        """The width of the input of the output layer."""
        return self.embedding

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the tensors of a checkpoint."""
        width = self.embedding
        shapes: dict[str, tuple[int, ...]] = {"embedding.weight": (self.vocabulary, width)}
        if self.positions == "learned":
            shapes["position.weight"] = (POSITIONS, width)
        for number in range(self.layers):
            block = f"blocks.{number}."
            shapes |= {f"{block}norm1.weight": (width,), f"{block}norm1.bias": (width,)}
            shapes |= _linear(f"{block}in_proj", width, 3 * width) | _linear(f"{block}out_proj", width, width)
            shapes |= {f"{block}norm2.weight": (width,), f"{block}norm2.bias": (width,)}
            shapes |= _linear(f"{block}linear1", width, 4 * width) | _linear(
                f"{block}linear2", 4 * width, width
            )
        return shapes | {"norm.weight": (width,), "norm.bias": (width,), "output.bias": (self.vocabulary,)}


def _linear(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


ModelDescription = LstmDescription | TransformerDescription


def from_json(data: Mapping[str, Any]) -> ModelDescription:
    """Raises CorruptRun naming the invalid field."""
    kind = data.get("kind")
    if kind not in (LSTM, TRANSFORMER):
        raise CorruptRun(f"model.json: kind is {kind!r}, expected {LSTM!r} or {TRANSFORMER!r}.")
    try:
        return _lstm(data) if kind == LSTM else _transformer(data)
    except WrongType as error:
        raise CorruptRun(f"model.json: {error}.") from error


def _lstm(data: Mapping[str, Any]) -> LstmDescription:
    tied, width, hidden = data.get("tied", False), data.get("embedding"), data.get("hidden_size")
    description = typed({"tied": False, "projection": tied and width != hidden, **data}, LstmDescription)
    if tied and description.top != width:
        raise CorruptRun(
            f"model.json: tied weights need a projection from {hidden} hidden units to {width}, it has none."
        )
    return description


def _transformer(data: Mapping[str, Any]) -> TransformerDescription:
    description = typed(data, TransformerDescription)
    if description.embedding % description.heads:
        raise CorruptRun(
            f"model.json: {description.heads} heads do not divide a width of {description.embedding}."
        )
    if description.positions not in POSITION_KINDS:
        raise CorruptRun(
            f"model.json: positions is {description.positions[:40]!r}, expected {', '.join(POSITION_KINDS)}."
        )
    return description


def to_json(description: ModelDescription) -> dict[str, Any]:
    kind = LSTM if isinstance(description, LstmDescription) else TRANSFORMER
    return {"kind": kind, **typed_json.to_json(description)}
