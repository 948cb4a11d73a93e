"""The layers of the language model in Keras, as the course has them."""

from __future__ import annotations

from typing import Any

import keras

from engine.models.language.model_description import ModelDescription


class KerasBias(keras.layers.Layer):  # type: ignore[misc]
    """The bias of an output layer whose weights are those of the embedding."""

    def __init__(self, words: int, **options: Any) -> None:
        super().__init__(**options)
        self.words = words

    def build(self, input_shape: Any) -> None:
        self.bias = self.add_weight(shape=(self.words,), initializer="zeros", name="bias")

    def call(self, logits: Any) -> Any:
        return logits + self.bias


def network(kind: ModelDescription) -> keras.Model:
    """Words (B, T) -> logits (B, T, V). No mask: padding is on the right, and its loss is left out."""
    words = keras.Input((None,), dtype="int32")
    embedding = keras.layers.Embedding(kind.vocabulary, kind.embedding, name="embedding")
    x = embedding(words)
    for layer in range(kind.layers):
        x = keras.layers.LSTM(kind.hidden_size, return_sequences=True, name=f"lstm.l{layer}")(x)
    if kind.projection:
        x = keras.layers.Dense(kind.embedding, use_bias=False, name="projection")(x)
    if kind.tied:
        logits = keras.ops.matmul(x, keras.ops.transpose(embedding.embeddings))
        return keras.Model(words, KerasBias(kind.vocabulary, name="output")(logits))
    return keras.Model(words, keras.layers.Dense(kind.vocabulary, name="output")(x))
