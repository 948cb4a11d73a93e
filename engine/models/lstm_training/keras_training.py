"""Training of the LSTM language model in Keras: a training step in `tf.function`, traced once for all
lengths."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from checkpoints.keras_io import KerasState, environment, load_weights, neutral_weights
from checkpoints.manifest import Fact
from engine.models.language.model_description import ModelDescription
from engine.models.lstm_training import initial_weights
from engine.models.lstm_training.dropout_masks import masks
from engine.models.lstm_training.keras_adam import FusedAdam
from engine.models.lstm_training.keras_loss import total_loss, vocabulary_loss
from engine.models.lstm_training.keras_lstm import lstm
from engine.models.lstm_training.keras_net import network

Ids = NDArray[np.int32]
Arrays = Mapping[str, NDArray[Any]]
Tensor = Any
DTYPES = {"fp32": tf.float32, "bf16": tf.bfloat16}
WORDS = tf.TensorSpec((None, None), tf.int32)
ROWS = tf.TensorSpec((None,), tf.int32)


class KerasTraining:
    """An LstmTraining; the initial weights are a function of `seed`."""

    def __init__(
        self, kind: ModelDescription, *, seed: int, dropout: float = 0.0, optimizer: str = "adam",
        clip: float = 0.0, precision: str = "fp32", device: str = "cpu",
    ) -> None:  # fmt: skip
        self.kind, self.seed, self.dropout, self.clip = kind, seed, dropout, clip
        self.dtype, self.device = DTYPES[precision], device
        self.net = network(kind)
        self.load_weights(initial_weights.weights(kind, seed))
        self.optimizer = _optimizer(optimizer)
        self.optimizer.build(self.net.trainable_variables)
        widths = kind.embedding + kind.layers * kind.hidden_size
        dropped = tf.TensorSpec((None, widths if dropout else 0), tf.float32)
        self._update = tf.function(self._apply_update, input_signature=[WORDS, ROWS, ROWS, dropped])
        self._evaluate = tf.function(self._summed_loss, input_signature=[WORDS, ROWS, ROWS])

    def train_step(self, inputs: Ids, targets: Ids, step: int, lr: float) -> float:
        """Do update number `step`; inputs and targets (B, T), 0 is padding. Returns the mean loss of real
        words."""
        self.optimizer.learning_rate.assign(lr)
        dropped = np.zeros((len(inputs), 0), np.float32)
        if self.dropout:
            dropped = np.concatenate(masks(self.kind, self.dropout, len(inputs), self.seed, step), 1)
        return float(self._update(inputs, *_real(targets), dropped))

    def summed_loss(self, inputs: Ids, targets: Ids) -> float:
        """The summed loss of real words, in float32, without dropout."""
        return float(self._evaluate(inputs, *_real(targets)))

    def weights(self) -> dict[str, NDArray[Any]]:
        """A copy, under the neutral names."""
        return neutral_weights(self.net)

    def load_weights(self, weights: Arrays) -> None:
        """Weights of either framework. Raises MismatchedCheckpoint."""
        load_weights(self.net, weights)

    def state(self, extras: Mapping[str, Any]) -> KerasState:
        return KerasState(self.net, self.optimizer, extras=extras)

    # --- inside tf.function ---------------------------------------------------------------------------------

    def _apply_update(self, words: Tensor, rows: Tensor, wanted: Tensor, dropped: Tensor) -> Tensor:
        with tf.GradientTape() as tape:
            hidden = tf.gather(self._hidden(words, dropped, self.dtype), rows)
            loss = vocabulary_loss(hidden, self._vocabulary_weight(), self._bias(), wanted)
        variables = self.net.trainable_variables
        slopes = tape.gradient(loss, [variable.value for variable in variables])
        slopes = [tf.convert_to_tensor(slope) for slope in slopes]
        if self.clip:
            slopes = tf.clip_by_global_norm(slopes, self.clip)[0]
        self.optimizer.apply(slopes, variables)
        return loss

    def _summed_loss(self, words: Tensor, rows: Tensor, wanted: Tensor) -> Tensor:
        hidden = tf.gather(self._hidden(words, None, tf.float32), rows)
        return total_loss(hidden, self._vocabulary_weight(), self._bias(), wanted)

    def _hidden(self, words: Tensor, dropped: Tensor, dtype: Any) -> Tensor:
        """Words (B, T) -> input of the vocabulary layer (B * T, width)."""
        parts = self._masks(dropped)
        x = self.net.get_layer("embedding")(words)
        if parts:
            x *= parts[0][:, None]
        for layer in range(self.kind.layers):
            x = self._lstm(layer, tf.cast(x, dtype))
            if parts:
                x *= tf.cast(parts[layer + 1], x.dtype)[:, None]
        x = tf.reshape(tf.cast(x, dtype), (-1, self.kind.hidden_size))
        if self.kind.projection:
            x = tf.matmul(x, tf.cast(self.net.get_layer("projection").kernel.value, dtype))
        return x

    def _lstm(self, layer: int, x: Tensor) -> Tensor:
        """float32 and GPUs use Keras's layer, which is cuDNN on a GPU."""
        keras_layer = self.net.get_layer(f"lstm.l{layer}")
        if self.device != "cpu" or x.dtype == tf.float32:
            return keras_layer(tf.cast(x, tf.float32))
        cell = keras_layer.cell
        weights = (cell.kernel.value, cell.recurrent_kernel.value, cell.bias.value)
        return tf.transpose(lstm(tf.transpose(x, (1, 0, 2)), *weights), (1, 0, 2))

    def _masks(self, dropped: Tensor) -> list[Tensor]:
        if dropped is None or not self.dropout:
            return []
        widths = [self.kind.embedding] + [self.kind.hidden_size] * self.kind.layers
        return list(tf.split(dropped, widths, 1))

    def _vocabulary_weight(self) -> Tensor:
        """(width, words)"""
        if self.kind.tied:
            return tf.transpose(self.net.get_layer("embedding").embeddings.value)
        return self.net.get_layer("output").kernel.value

    def _bias(self) -> Tensor:
        return self.net.get_layer("output").bias.value


def _real(targets: Ids) -> tuple[NDArray[np.int32], Ids]:
    """Positions of real words in (B, T) order, and their ids."""
    flat = targets.reshape(-1)
    rows = np.flatnonzero(flat)
    return rows.astype(np.int32), flat[rows]


def _optimizer(name: str) -> keras.optimizers.Optimizer:
    if name == "adam":
        return FusedAdam()
    return keras.optimizers.SGD(momentum=0.9 if name == "momentum" else 0.0)


def product(rows: int, device: str) -> tuple[Callable[[str], object], Mapping[str, Fact]]:
    """As in torch_training; Keras chooses the device."""
    inputs, weights = tf.ones((rows, 256)), tf.ones((256, 4096))

    def multiply(precision: str) -> float:
        dtype = DTYPES[precision]
        return float(tf.matmul(tf.cast(inputs, dtype), tf.cast(weights, dtype))[0, 0])

    return multiply, environment()
