"""The layers of an image network as data, and the NumPy network built from them and trained tensors.

A run keeps it in `model.json`: {"kind": "conv_net", "side": 28, "divisor": 127.5, "mean": 1.0, "layers": [
{"kind": "conv", "name": "conv1", "padding": 2}, {"kind": "pool", "name": "pool1", "size": 2},
{"kind": "relu", "name": "relu1"}, {"kind": "batch_norm", "name": "norm1", "eps": 1e-05}, {"kind": "flat",
"name": "flat"}, {"kind": "dense", "name": "output"}, {"kind": "scale", "name": "cool", "factor": 0.125}]}.
Without it, `infer` finds an order of layers that the names and shapes of the tensors allow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.models.images.conv_net import ConvNet
from engine.models.images.layers import (
    BatchNorm,
    Convolution,
    Dense,
    Flat,
    Floats,
    Layer,
    MaxPool,
    Relu,
    ScaleLayer,
)

Tensors = Mapping[str, NDArray[Any]]
LayerSpec = Mapping[str, Any]
KIND = "conv_net"
SIDES = (28, 8)
EPS = 1e-5
MOST_LAYERS = 200
MOST_PADDING = 32
_PARTS = {
    "conv": ("weight",), "dense": ("weight",),
    "batch_norm": ("running_mean", "running_var", "weight", "bias"),
}  # fmt: skip
"""required tensors of each kind of layer, without biases"""
_SPARE = {"batch_norm": ("num_batches_tracked",)}
POOLS = (2, 3, 4, 5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class Architecture:
    side: int
    layers: tuple[LayerSpec, ...]
    divisor: float = 127.5
    mean: float = 1.0


def read(data: Mapping[str, Any]) -> Architecture:
    """Parse the content of model.json. Raises ValueError."""
    if data.get("kind") != KIND:
        raise ValueError(f"kind {data.get('kind')!r}, expected {KIND!r}")
    lines = data.get("layers")
    if not isinstance(lines, list) or not 0 < len(lines) <= MOST_LAYERS:
        raise ValueError(f"layers have to be a list of 1 to {MOST_LAYERS}")
    if not all(isinstance(line, dict) and isinstance(line.get("name"), str) for line in lines):
        raise ValueError("each layer has to be an object with a name")
    try:
        found = Architecture(int(data["side"]), tuple(lines), float(data["divisor"]), float(data["mean"]))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"side, divisor and mean have to be numbers: {error}") from error
    if not 1 <= found.side <= 256 or not found.divisor:
        raise ValueError(f"side {found.side}, divisor {found.divisor}: no such pictures")
    return found


def to_json(plan: Architecture) -> dict[str, Any]:
    """The content of model.json."""
    lines = [dict(line) for line in plan.layers]
    return {"kind": KIND, "side": plan.side, "divisor": plan.divisor, "mean": plan.mean, "layers": lines}


def build(tensors: Tensors, plan: Architecture) -> ConvNet:
    """The network. Raises ValueError unless the tensors fit the plan: names, shapes, float32, finite."""
    layers = tuple(_layer(line, tensors) for line in plan.layers)
    _check_names(tensors, plan)
    net = ConvNet(layers, plan.side, plan.divisor, plan.mean)
    _check_chain(net)
    return net


def infer(tensors: Tensors) -> Architecture:
    """Convolutions, then dense layers, a ReLU after each but the last; pooling and padding as they fit.

    Raises ValueError when no order fits.
    """
    weighted = _weighted_layers(tensors)
    for side in SIDES if weighted else ():
        for lines in _candidates(weighted, tensors):
            plan = Architecture(side, tuple(lines))
            try:
                build(tensors, plan)
            except ValueError:
                continue
            return plan
    raise ValueError(f"no order of {', '.join(weighted) or 'no layers'} fits its shapes")


def _check_names(tensors: Tensors, plan: Architecture) -> None:
    needed: set[str] = set()
    allowed: set[str] = set()
    for line, next_layer in zip(plan.layers, [*plan.layers[1:], {}], strict=True):
        kind, name = str(line.get("kind")), line["name"]
        needed |= {f"{name}.{part}" for part in _PARTS.get(kind, ())}
        allowed |= {f"{name}.{part}" for part in _SPARE.get(kind, ())}
        has_bias = line.get("bias", "open" if kind == "conv" else True)
        if kind in ("conv", "dense") and has_bias is True:
            needed.add(f"{name}.bias")
        elif has_bias == "open":
            (allowed if _is_shifted(plan, next_layer) else needed).add(f"{name}.bias")
    missing, foreign = sorted(needed - tensors.keys()), sorted(tensors.keys() - needed - allowed)
    if missing:
        raise ValueError(f"{missing[0]} is missing")
    if foreign:
        raise ValueError(f"{foreign[0]} belongs to no layer")


def _is_shifted(plan: Architecture, next_layer: LayerSpec) -> bool:
    """Whether a batch norm follows: it shifts the output, so the bias may be missing."""
    if next_layer.get("kind") == "pool":
        behind = plan.layers[plan.layers.index(next_layer) + 1 :]
        next_layer = behind[0] if behind else {}
    return next_layer.get("kind") == "batch_norm"


def _layer(line: LayerSpec, tensors: Tensors) -> Layer:
    kind, name = line.get("kind"), str(line["name"])
    if kind == "conv":
        weight = _tensor(tensors, f"{name}.weight", 4)
        return Convolution(name, weight, _bias(tensors, name, len(weight)), _padding(line))
    if kind == "dense":
        weight = _tensor(tensors, f"{name}.weight", 2)
        return Dense(name, weight, _bias(tensors, name, len(weight)))
    if kind == "batch_norm":
        return _batch_norm(name, tensors, float(line.get("eps", EPS)))
    if kind == "pool":
        if line.get("size", 2) not in POOLS:
            raise ValueError(f"{name} pools {line['size']!r} pixels, expected {POOLS[0]} to {POOLS[-1]}")
        return MaxPool(name, line.get("size", 2))
    if kind == "scale":
        return ScaleLayer(name, float(line["factor"]))
    if kind in ("relu", "flat"):
        return Relu(name) if kind == "relu" else Flat(name)
    raise ValueError(f"layer {name}: kind {kind!r} is not known")


def _padding(line: LayerSpec) -> int:
    padding = line.get("padding", 0)
    if type(padding) is not int or not 0 <= padding <= MOST_PADDING:
        raise ValueError(f"{line['name']} has padding {padding!r}, expected 0 to {MOST_PADDING}")
    return padding


def _batch_norm(name: str, tensors: Tensors, eps: float) -> BatchNorm:
    mean = _tensor(tensors, f"{name}.running_mean", 1)
    spread = np.sqrt(_tensor(tensors, f"{name}.running_var", 1) + np.float32(eps))
    weight, bias = _tensor(tensors, f"{name}.weight", 1), _tensor(tensors, f"{name}.bias", 1)
    if not len(mean) == len(spread) == len(weight) == len(bias):
        raise ValueError(f"the tensors of {name} differ in length")
    return BatchNorm(name, weight / spread, bias - mean * weight / spread)


def _tensor(tensors: Tensors, name: str, dimensions: int) -> Floats:
    if name not in tensors:
        raise ValueError(f"{name} is missing")
    if tensors[name].ndim != dimensions:
        raise ValueError(f"{name} has {tensors[name].ndim} dimensions, expected {dimensions}")
    if tensors[name].dtype != np.float32:
        raise ValueError(f"{name} is {tensors[name].dtype}, expected float32")
    if not np.isfinite(tensors[name]).all():
        raise ValueError(f"{name} holds numbers that are not finite")
    return np.ascontiguousarray(tensors[name])


def _bias(tensors: Tensors, name: str, length: int) -> Floats:
    if f"{name}.bias" not in tensors:
        return np.zeros(length, dtype=np.float32)
    bias = _tensor(tensors, f"{name}.bias", 1)
    if len(bias) != length:
        raise ValueError(f"{name}.bias has {len(bias)} numbers, expected {length}")
    return bias


def _check_chain(net: ConvNet) -> None:
    """Raises ValueError unless the output of each layer fits the next one."""
    for layer, shape in zip(net.layers, _shapes(net), strict=True):
        width: int | None = None
        if isinstance(layer, Convolution | Dense):
            width = layer.weight.shape[1]
        elif isinstance(layer, BatchNorm):
            width = len(layer.scale)
        dimensions = (
            3 if isinstance(layer, Convolution | MaxPool) else 1 if isinstance(layer, Dense) else None
        )
        if (dimensions and len(shape) != dimensions) or (width is not None and width != shape[0]):
            raise ValueError(f"{layer.name} cannot take {'x'.join(map(str, shape))}")
        if min(layer.shape(shape)) < 1:
            raise ValueError(f"nothing is left of {'x'.join(map(str, shape))} behind {layer.name}")
    if len(net.shapes()[-1]) != 1:
        raise ValueError(f"{net.layers[-1].name} does not end in one number per class")


def _shapes(net: ConvNet) -> Iterator[tuple[int, ...]]:
    """Input shape of each layer, lazily: a layer is checked before its output shape is computed."""
    shape: tuple[int, ...] = (1, net.side, net.side)
    for layer in net.layers:
        yield shape
        shape = layer.shape(shape)


def _weighted_layers(tensors: Tensors) -> list[str]:
    """Names of the convolutions, then of the dense layers, each in natural order, `output` last."""
    names = {name.removesuffix(".weight") for name in tensors if name.endswith(".weight")}
    made = [name for name in names if tensors[f"{name}.weight"].ndim in (2, 4)]
    return sorted(
        made, key=lambda name: (tensors[f"{name}.weight"].ndim == 2, name == "output", _natural(name))
    )


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _candidates(weighted: list[str], tensors: Tensors) -> Iterator[list[LayerSpec]]:
    """Likeliest first: padding keeps the size, and each convolution is followed by a pooling."""
    convolutions = [name for name in weighted if tensors[f"{name}.weight"].ndim == 4]
    norms = sorted((name.removesuffix(".running_mean") for name in tensors if name.endswith(".running_mean")),
                   key=_natural)  # fmt: skip
    for kept in (True, False):
        for count in range(len(convolutions), -1, -1):
            for pooled in combinations(convolutions, count):
                yield list(_lines(weighted, tensors, norms, pooled, kept))


def _lines(
    weighted: list[str], tensors: Tensors, norms: list[str], pooled: tuple[str, ...], kept: bool
) -> Iterator[LayerSpec]:
    norms, is_flat = list(norms), False
    for name in weighted:
        weight = tensors[f"{name}.weight"]
        if weight.ndim == 4:
            yield {"kind": "conv", "name": name, "padding": weight.shape[2] // 2 if kept else 0}
        else:
            if not is_flat:
                yield {"kind": "flat", "name": "flat"}
            is_flat = True
            yield {"kind": "dense", "name": name}
        if norms and len(tensors[f"{norms[0]}.running_mean"]) == len(weight):
            yield {"kind": "batch_norm", "name": norms.pop(0)}
        if name in pooled:
            yield {"kind": "pool", "name": f"pool of {name}", "size": 2}
        if name != weighted[-1]:
            yield {"kind": "relu", "name": f"relu of {name}"}
