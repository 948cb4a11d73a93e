"""Weights of a language model, checked against its description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.errors import CorruptRun
from engine.models.language.model_description import (
    POSITIONS,
    LstmDescription,
    ModelDescription,
    TransformerDescription,
)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """`kernel` (in, 4H), `recurrent` (H, 4H), `bias` (4H); gates in the order i, f, g, o."""

    kernel: Floats
    recurrent: Floats
    bias: Floats

    @property
    def hidden(self) -> int:
        return int(self.recurrent.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """From H hidden units to the width of the embedding: `weight` (E, H), `bias` (E)."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True, slots=True, eq=False)
class LstmWeights:
    """`embedding` (V, E); `output` (V, E or H), the embedding itself when tied; `output_bias` (V)."""

    embedding: Floats
    layers: tuple[Layer, ...]
    projection: Projection | None
    output: Floats
    output_bias: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """`weight` (out, in), `bias` (out): x (n, in) becomes x weight^T + bias (n, out)."""

    weight: Floats
    bias: Floats

    def apply(self, x: Floats) -> Floats:
        """x (..., in) -> (..., out)"""
        made: Floats = x @ self.weight.T
        made += self.bias
        return made


@dataclass(frozen=True, slots=True, eq=False)
class Norm:
    """Layer norm: `weight` (E) and `bias` (E) after mean 0 and variance 1 over the units."""

    weight: Floats
    bias: Floats


@dataclass(frozen=True, slots=True, eq=False)
class BlockWeights:
    """`in_proj` (3E, E): queries, keys, values of all heads; `linear1` (4E, E), `linear2` (E, 4E)."""

    norm1: Norm
    in_proj: Linear
    out_proj: Linear
    norm2: Norm
    linear1: Linear
    linear2: Linear


@dataclass(frozen=True, slots=True, eq=False)
class TransformerWeights:
    """`embedding` (V, E), also the weights of the output layer; `position` (P, E), or None."""

    embedding: Floats
    position: Floats | None
    blocks: tuple[BlockWeights, ...]
    norm: Norm
    output_bias: Floats
    heads: int
    projection: Projection | None = None

    @property
    def output(self) -> Floats:
        return self.embedding


class OutputWeights(Protocol):
    """What the output layer takes of the weights of a model."""

    @property
    def projection(self) -> Projection | None: ...

    @property
    def output(self) -> Floats: ...

    @property
    def output_bias(self) -> Floats: ...


ModelWeights = LstmWeights | TransformerWeights


def weights(arrays: Mapping[str, NDArray[Any]], description: ModelDescription) -> ModelWeights:
    """C-ordered float32 arrays. Raises CorruptRun for a tensor that is missing, of another shape or not
    finite."""
    shapes = description.shapes()
    if isinstance(description, LstmDescription) and "projection.bias" in arrays and description.projection:
        shapes["projection.bias"] = (description.embedding,)
    _check_names(arrays, shapes)
    checked = {name: _checked(name, arrays[name], shape) for name, shape in shapes.items()}
    if isinstance(description, TransformerDescription):
        return _transformer(checked, description)
    return LstmWeights(
        embedding=checked["embedding.weight"],
        layers=tuple(_layer(checked, number) for number in range(description.layers)),
        projection=_projection(checked, description),
        output=checked["embedding.weight" if description.tied else "output.weight"],
        output_bias=checked["output.bias"],
    )


def _transformer(arrays: Mapping[str, Floats], description: TransformerDescription) -> TransformerWeights:
    return TransformerWeights(
        embedding=arrays["embedding.weight"],
        position=arrays.get("position.weight", sinusoids(description)),
        blocks=tuple(_block(arrays, f"blocks.{number}.") for number in range(description.layers)),
        norm=Norm(arrays["norm.weight"], arrays["norm.bias"]),
        output_bias=arrays["output.bias"],
        heads=description.heads,
    )


def _block(arrays: Mapping[str, Floats], start: str) -> BlockWeights:
    def two(name: str) -> tuple[Floats, Floats]:
        return arrays[f"{start}{name}.weight"], arrays[f"{start}{name}.bias"]

    return BlockWeights(
        Norm(*two("norm1")), Linear(*two("in_proj")), Linear(*two("out_proj")),
        Norm(*two("norm2")), Linear(*two("linear1")), Linear(*two("linear2")),
    )  # fmt: skip


def sinusoids(description: TransformerDescription) -> Floats | None:
    """(POSITIONS, E): sin and cos of pos / 10000^(2i/E) in turn (Vaswani and others, 2017, section 3.5).

    None for a model without positions, or that learns them.
    """
    if description.positions != "sinusoidal":
        return None
    width = description.embedding
    rates = 10_000.0 ** (-np.arange(0, width, 2) / width)
    angles = np.arange(POSITIONS)[:, None] * rates
    made = np.empty((POSITIONS, 2 * len(rates)), np.float32)
    made[:, 0::2], made[:, 1::2] = np.sin(angles), np.cos(angles)
    return np.ascontiguousarray(made[:, :width])


def _layer(arrays: Mapping[str, Floats], number: int) -> Layer:
    start = f"lstm.l{number}."
    return Layer(arrays[start + "kernel"], arrays[start + "recurrent"], arrays[start + "bias"])


def _projection(arrays: Mapping[str, Floats], description: LstmDescription) -> Projection | None:
    if not description.projection:
        return None
    none = np.zeros(description.embedding, np.float32)
    return Projection(arrays["projection.weight"], arrays.get("projection.bias", none))


def _check_names(arrays: Mapping[str, NDArray[Any]], shapes: Mapping[str, tuple[int, ...]]) -> None:
    missing, foreign = sorted(shapes.keys() - arrays.keys()), sorted(arrays.keys() - shapes.keys())
    if missing or foreign:
        wrong = f"lacks {', '.join(missing)}" if missing else f"holds {', '.join(foreign)[:200]} too"
        raise CorruptRun(f"The checkpoint {wrong}: it is not of the model that model.json describes.")


def _checked(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> Floats:
    if array.shape != shape or array.dtype.kind != "f":
        raise CorruptRun(f"Tensor {name} is {array.dtype} {array.shape}, expected numbers of shape {shape}.")
    if not np.isfinite(array).all():
        raise CorruptRun(f"Tensor {name} holds numbers that are not finite.")
    return np.ascontiguousarray(array, dtype=np.float32)
