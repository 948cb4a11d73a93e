"""What makes two LSTM language models the same kind: sizes, direction, and how words become numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Shape:
    """`width` is what the vocabulary layer sees: the LSTM's output, or its projection if tied."""

    vocabulary: int
    embedding: int = 300
    hidden_size: int = 256
    layers: int = 1
    tied: bool = False

    @property
    def projection(self) -> bool:
        """Tied weights need an output as wide as the embedding."""
        return self.tied and self.embedding != self.hidden_size

    @property
    def width(self) -> int:
        return self.embedding if self.tied else self.hidden_size

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """The neutral names and shapes of all weights."""
        gates = 4 * self.hidden_size
        found: dict[str, tuple[int, ...]] = {"embedding.weight": (self.vocabulary, self.embedding)}
        for layer in range(self.layers):
            below = self.hidden_size if layer else self.embedding
            found |= {
                f"lstm.l{layer}.kernel": (below, gates),
                f"lstm.l{layer}.recurrent": (self.hidden_size, gates),
                f"lstm.l{layer}.bias": (gates,),
            }
        if self.projection:
            found |= {
                "projection.weight": (self.embedding, self.hidden_size),
                "projection.bias": (self.embedding,),
            }
        if not self.tied:
            found["output.weight"] = (self.vocabulary, self.hidden_size)
        return found | {"output.bias": (self.vocabulary,)}

    def description(self) -> dict[str, Any]:
        """The part of `model.json` that says which tensors there are."""
        return {
            "kind": "lstm_lm",
            "layers": self.layers,
            "embedding": self.embedding,
            "hidden_size": self.hidden_size,
            "vocabulary": self.vocabulary,
            "tied": self.tied,
            "projection": self.projection,
        }
