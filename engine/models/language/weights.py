"""Weights of a language model, checked against its description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import CorruptRun
from engine.models.language.model_description import ModelDescription

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
class ModelWeights:
    """`embedding` (V, E); `output` (V, E or H), the embedding itself when tied; `output_bias` (V)."""

    embedding: Floats
    layers: tuple[Layer, ...]
    projection: Projection | None
    output: Floats
    output_bias: Floats


def weights(arrays: Mapping[str, NDArray[Any]], description: ModelDescription) -> ModelWeights:
    """C-ordered float32 arrays. Raises CorruptRun for a tensor that is missing, of another shape or not
    finite."""
    shapes = description.shapes()
    if "projection.bias" in arrays and description.projection:
        shapes["projection.bias"] = (description.embedding,)
    _check_names(arrays, shapes)
    checked = {name: _checked(name, arrays[name], shape) for name, shape in shapes.items()}
    return ModelWeights(
        embedding=checked["embedding.weight"],
        layers=tuple(_layer(checked, number) for number in range(description.layers)),
        projection=_projection(checked, description),
        output=checked["embedding.weight" if description.tied else "output.weight"],
        output_bias=checked["output.bias"],
    )


def _layer(arrays: Mapping[str, Floats], number: int) -> Layer:
    start = f"lstm.l{number}."
    return Layer(arrays[start + "kernel"], arrays[start + "recurrent"], arrays[start + "bias"])


def _projection(arrays: Mapping[str, Floats], description: ModelDescription) -> Projection | None:
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
