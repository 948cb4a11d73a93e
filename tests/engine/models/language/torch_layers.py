"""The transformer of a description, put together from PyTorch's own layers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor, nn

from engine.models.language.model_description import TransformerDescription

GELU = partial(nn.functional.gelu, approximate="tanh")


def logits(kind: TransformerDescription, given: Mapping[str, Tensor], words: Tensor) -> Tensor:
    """(B, T, V) after each of the `words` (B, T), in the precision of the weights `given`."""
    width, length = kind.embedding, words.shape[1]
    x = given["embedding.weight"][words] * math.sqrt(width)
    if kind.positions == "learned":
        x = x + given["position.weight"][:length]
    if kind.positions == "sinusoidal":
        x = x + torch.tensor(
            [[_wave(place, unit, width) for unit in range(width)] for place in range(length)]
        )
    mask = nn.Transformer.generate_square_subsequent_mask(length, dtype=x.dtype)
    for number in range(kind.layers):
        layer = nn.TransformerEncoderLayer(
            width, kind.heads, 4 * width, 0.0, GELU, batch_first=True, norm_first=True
        ).to(x.dtype)
        own = {name: given[f"blocks.{number}.{_ours(name)}"] for name in layer.state_dict()}
        x = torch.func.functional_call(layer, own, (x, mask), {"is_causal": True})
    last = nn.functional.layer_norm(x, (width,), given["norm.weight"], given["norm.bias"])
    return last @ given["embedding.weight"].T + given["output.bias"]


def _ours(name: str) -> str:
    return name.removeprefix("self_attn.").replace("in_proj_", "in_proj.")


def _wave(place: int, unit: int, width: int) -> float:
    angle = place / 10_000 ** (2 * (unit // 2) / width)
    return math.cos(angle) if unit % 2 else math.sin(angle)
