"""The transformer in PyTorch, as engine.models.language.transformer computes it."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, linear, scaled_dot_product_attention

from engine.models.language.model_description import POSITIONS, TransformerDescription
from engine.models.language.transformer import EPSILON
from engine.models.language.weights import sinusoids


class OutputBias(nn.Module):
    """The bias of an output layer whose weights are those of the embedding."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(words))


class TransformerBlock(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, EPSILON), nn.LayerNorm(width, EPSILON)
        self.in_proj, self.out_proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.linear1, self.linear2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor, dropped: list[Tensor], dtype: torch.dtype) -> Tensor:
        """x (B, T, E) -> (B, T, E), float32; `dropped` are the masks of both additions, or none."""
        heard = _in(self.out_proj, self._attend(_in(self.in_proj, self.norm1(x), dtype)), dtype).float()
        x = x + (heard * dropped[0] if dropped else heard)
        made = gelu(_in(self.linear1, self.norm2(x), dtype), approximate="tanh")
        made = _in(self.linear2, made, dtype).float()
        return x + (made * dropped[1] if dropped else made)

    def _attend(self, made: Tensor) -> Tensor:
        """(B, T, 3E) -> (B, T, E): each word reads itself and the words before. Padding is on the right, so
        that no real word reads it."""
        batch, length, _ = made.shape
        q, k, v = made.view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        return (
            scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(batch, length, -1)
        )


class TorchTransformerNet(nn.Module):
    """Embedding, positions, blocks, norm; the loss is computed outside, without all logits in memory."""

    def __init__(self, kind: TransformerDescription) -> None:
        super().__init__()
        self.kind = kind
        self.embedding = nn.Embedding(kind.vocabulary, kind.embedding)
        if kind.positions == "learned":
            self.position = nn.Embedding(POSITIONS, kind.embedding)
        made = sinusoids(kind)
        fixed = None if made is None else torch.from_numpy(made)
        self.register_buffer("sinusoids", fixed, persistent=False)
        self.blocks = nn.ModuleList(TransformerBlock(kind.embedding, kind.heads) for _ in range(kind.layers))
        self.norm = nn.LayerNorm(kind.embedding, EPSILON)
        self.output = OutputBias(kind.vocabulary)

    @property
    def vocabulary_weight(self) -> Tensor:
        weight: Tensor = self.embedding.weight
        return weight

    def forward(self, words: Tensor, dropped: list[Tensor], dtype: torch.dtype) -> Any:
        """Words (T, B) -> input of the vocabulary layer (T, B, E)."""
        x = self.embedding(words.t()) * math.sqrt(self.kind.embedding)
        table: Any = self.position.weight if self.kind.positions == "learned" else self.sinusoids
        if table is not None:
            x = x + table[: len(words)]
        if dropped:
            x = x * dropped[0]
        for number, block in enumerate(self.blocks):
            x = block(x, dropped[1 + 2 * number : 3 + 2 * number], dtype)
        return self.norm(x).transpose(0, 1).to(dtype)


def _in(layer: nn.Linear, x: Tensor, dtype: torch.dtype) -> Tensor:
    """The layer in the precision `dtype`."""
    return linear(x.to(dtype), layer.weight.to(dtype), layer.bias.to(dtype))
