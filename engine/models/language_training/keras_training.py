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
from engine.models.language.model_description import LstmDescription
from engine.models.language_training import keras_planned, sentence_plan, training
from engine.models.language_training.keras_planned import (
    PlanTensors,
    WantedTensors,
    lstm_over_plan,
    total_loss,
    vocabulary_loss,
)
from engine.models.language_training.training import masks


class FusedAdam(keras.optimizers.Adam):  # type: ignore[misc]
    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        number = self._get_variable_index(variable)
        done = tf.cast(self.iterations.value, tf.float32) + 1.0
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,  # the TensorFlow variable, not Keras's
            m=self._momentums[number].value.handle,
            v=self._velocities[number].value.handle,
            beta1_power=tf.pow(tf.constant(self.beta_1, tf.float32), done),
            beta2_power=tf.pow(tf.constant(self.beta_2, tf.float32), done),
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.convert_to_tensor(gradient),
        )


Tensor = Any


@tf.custom_gradient  # type: ignore[untyped-decorator]
def lstm(x: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor) -> tuple[Tensor, Callable[..., Any]]:
    """x (T, B, E) -> outputs (T, B, H) in the dtype of x; gates i, f, g, o; initial states are 0."""
    dtype, hidden = x.dtype, recurrent.shape[0]
    steps, batch = tf.shape(x)[0], tf.shape(x)[1]
    flat = tf.reshape(x, (-1, x.shape[2]))
    by_word, by_state = tf.cast(kernel, dtype), tf.cast(recurrent, dtype)
    words = tf.cast(tf.matmul(flat, by_word), tf.float32) + bias  # additions in bfloat16 are slow
    words = tf.reshape(words, (steps, batch, 4 * hidden))

    def forward(t: Tensor, h: Tensor, c: Tensor, buffers: tuple[Tensor, ...]) -> tuple[Any, ...]:
        h, c, *rest = _step(words[t], tf.matmul(h, by_state), c)
        values = (h, c, *rest)
        return t + 1, h, c, tuple(one.write(t, new) for one, new in zip(buffers, values, strict=True))

    kinds = (dtype, *[tf.float32] * 6)
    buffers = tuple(
        tf.TensorArray(kind, steps, element_shape=(None, hidden), clear_after_read=False) for kind in kinds
    )
    nothing = tf.zeros((batch, hidden))
    start = (0, tf.cast(nothing, dtype), nothing, buffers)
    _, _, _, buffers = tf.while_loop(lambda t, *_: t < steps, forward, start)
    outputs = buffers[0].stack()

    def gradient(slope: Tensor) -> tuple[Tensor, ...]:
        def back(t: Tensor, dh: Tensor, dc: Tensor, made: Tensor) -> tuple[Tensor, ...]:
            tanh_c, i, f, g, o = (one.read(t) for one in buffers[2:])
            before = tf.cond(t > 0, lambda: buffers[1].read(t - 1), lambda: nothing)
            dz, dc = _back(dh, dc, slope[t], before, tanh_c, i, f, g, o)
            dh = tf.matmul(dz, by_state, transpose_b=True)
            return t - 1, dh, dc, made.write(t, dz)

        made = tf.TensorArray(dtype, steps, element_shape=(None, 4 * hidden))
        begin = (steps - 1, tf.cast(nothing, dtype), nothing, made)
        made = tf.while_loop(lambda t, *_: t >= 0, back, begin)[3].stack()
        dz = tf.reshape(made, (-1, 4 * hidden))
        states = tf.reshape(tf.concat([tf.zeros((1, batch, hidden), dtype), outputs[:-1]], 0), (-1, hidden))
        dx = tf.reshape(tf.matmul(dz, by_word, transpose_b=True), tf.shape(x))
        seen = tf.concat([flat, states, tf.ones((steps * batch, 32), dtype)], 1)
        slopes = tf.cast(tf.matmul(seen, dz, transpose_a=True), tf.float32)
        return dx, slopes[: x.shape[2]], slopes[x.shape[2] : -32], slopes[-1]

    return outputs, gradient


@tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
def _step(words: Tensor, states: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    """One time step: gate inputs from words and states, and cells -> outputs, cells, tanh of the cells,
    gates."""
    z = words + tf.cast(states, tf.float32)
    i, f, g, o = tf.split(z, 4, 1)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
    c = f * c + i * g
    tanh_c = tf.tanh(c)
    return tf.cast(o * tanh_c, states.dtype), c, tanh_c, i, f, g, o


@tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
def _back(dh: Tensor, dc: Tensor, slope: Tensor, before: Tensor, tanh_c: Tensor, i: Tensor, f: Tensor,
          g: Tensor, o: Tensor) -> tuple[Tensor, Tensor]:  # fmt: skip
    """One time step backward: gradients of the gate inputs, in the dtype of `slope`, and of the cells
    before."""
    dtype = slope.dtype
    dh = tf.cast(dh, tf.float32) + tf.cast(slope, tf.float32)
    dc = dc + dh * o * (1 - tanh_c * tanh_c)
    dz = [dc * g * i * (1 - i), dc * before * f * (1 - f), dc * i * (1 - g * g), dh * tanh_c * o * (1 - o)]
    return tf.concat([tf.cast(one, dtype) for one in dz], 1), dc * f


class KerasBias(keras.layers.Layer):  # type: ignore[misc]
    """The bias of an output layer whose weights are those of the embedding."""

    def __init__(self, words: int, **options: Any) -> None:
        super().__init__(**options)
        self.words = words

    def build(self, input_shape: Any) -> None:
        self.bias = self.add_weight(shape=(self.words,), initializer="zeros", name="bias")

    def call(self, logits: Any) -> Any:
        return logits + self.bias


def network(kind: LstmDescription) -> keras.Model:
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


Ids = NDArray[np.int32]
Arrays = Mapping[str, NDArray[Any]]
DTYPES = {"fp32": tf.float32, "bf16": tf.bfloat16}
WORDS = tf.TensorSpec((None, None), tf.int32)
ROWS = tf.TensorSpec((None,), tf.int32)


class KerasTraining(training.OneByOne):
    """A LanguageTraining; the initial weights are a function of `seed`."""

    def __init__(
        self, kind: LstmDescription, *, seed: int, dropout: float = 0.0, optimizer: str = "adam",
        clip: float = 0.0, precision: str = "fp32", device: str = "cpu",
    ) -> None:  # fmt: skip
        self.kind, self.seed, self.dropout, self.clip = kind, seed, dropout, clip
        self.dtype, self.device = DTYPES[precision], device
        self.net = network(kind)
        self.load_weights(training.weights(kind, seed))
        self.optimizer = _optimizer(optimizer)
        self.optimizer.build(self.net.trainable_variables)
        self.shares = device == "cpu" and not dropout
        if self.shares:
            self._update = tf.function(self._update_by_plan, input_signature=keras_planned.SIGNATURE)
        else:
            dropped = tf.TensorSpec((None, sum(self._mask_widths()) if dropout else 0), tf.float32)
            given = [WORDS, ROWS, keras_planned.WANTED, dropped]
            self._update = tf.function(self._update_by_words, input_signature=given)
        self._evaluate = tf.function(self._summed_loss, input_signature=[WORDS, ROWS, ROWS])

    def train_step(self, inputs: Ids, targets: Ids, step: int, lr: float) -> float:
        """Do update number `step`; inputs and targets (B, T), 0 is padding. Returns the mean loss of real
        words."""
        self.optimizer.learning_rate.assign(lr)
        if self.shares:
            plan = sentence_plan.plan(inputs, targets, shares=True)
            return float(self._update(*keras_planned.tensors(plan)))
        dropped = np.zeros((len(inputs), 0), np.float32)
        if self.dropout:
            dropped = np.concatenate(masks(self.kind, self.dropout, inputs.shape, self.seed, step), 1)
        rows, words = _real(targets)
        wanted = sentence_plan.wanted_words(np.arange(len(rows)), words.astype(np.int64))
        return float(self._update(inputs, rows, keras_planned.wanted_tensors(wanted), dropped))

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

    def _update_by_plan(self, plan: PlanTensors, wanted: WantedTensors) -> Tensor:
        return self._apply_update(lambda: self._planned(plan), wanted)

    def _update_by_words(self, words: Tensor, rows: Tensor, wanted: WantedTensors, dropped: Tensor) -> Tensor:
        parts = self._masks(dropped)
        return self._apply_update(lambda: tf.gather(self._hidden(words, parts, self.dtype), rows), wanted)

    def _apply_update(self, hidden: Callable[[], Tensor], wanted: WantedTensors) -> Tensor:
        with tf.GradientTape() as tape:
            loss = vocabulary_loss(hidden(), self._vocabulary_weight(), self._bias(), *wanted)
        variables = self.net.trainable_variables
        slopes = tape.gradient(loss, [variable.value for variable in variables])
        slopes = [tf.convert_to_tensor(slope) for slope in slopes]
        if self.clip:
            slopes = tf.clip_by_global_norm(slopes, self.clip)[0]
        self.optimizer.apply(slopes, variables)
        return loss

    def _summed_loss(self, words: Tensor, rows: Tensor, wanted: Tensor) -> Tensor:
        hidden = tf.gather(self._hidden(words, [], tf.float32), rows)
        return total_loss(hidden, self._vocabulary_weight(), self._bias(), wanted)

    def _planned(self, plan: PlanTensors) -> Tensor:
        """Input of the vocabulary layer (states, width)."""
        x, rows = self.net.get_layer("embedding")(plan.distinct), plan.words
        for layer in range(self.kind.layers):
            cell = self.net.get_layer(f"lstm.l{layer}").cell
            kernel, recurrent = (
                tf.cast(one.value, self.dtype) for one in (cell.kernel, cell.recurrent_kernel)
            )
            by_word = tf.cast(tf.matmul(tf.cast(x, self.dtype), kernel), tf.float32) + cell.bias.value
            x, rows = lstm_over_plan(by_word, recurrent, rows, plan), None
        return self._projected(tf.cast(x, self.dtype))

    def _hidden(self, words: Tensor, parts: list[Tensor], dtype: Any) -> Tensor:
        """Words (B, T) -> input of the vocabulary layer (B * T, width)."""
        x = self.net.get_layer("embedding")(words)
        if parts:
            x *= parts[0][:, None]
        for layer in range(self.kind.layers):
            x = self._lstm(layer, tf.cast(x, dtype))
            if parts:
                x *= tf.cast(parts[layer + 1], x.dtype)[:, None]
        return self._projected(tf.reshape(tf.cast(x, dtype), (-1, self.kind.hidden_size)))

    def _projected(self, x: Tensor) -> Tensor:
        if not self.kind.projection:
            return x
        return tf.matmul(x, tf.cast(self.net.get_layer("projection").kernel.value, x.dtype))

    def _lstm(self, layer: int, x: Tensor) -> Tensor:
        """float32 and GPUs use Keras's layer, which is cuDNN on a GPU."""
        keras_layer = self.net.get_layer(f"lstm.l{layer}")
        if self.device != "cpu" or x.dtype == tf.float32:
            return keras_layer(tf.cast(x, tf.float32))
        cell = keras_layer.cell
        weights = (cell.kernel.value, cell.recurrent_kernel.value, cell.bias.value)
        return tf.transpose(lstm(tf.transpose(x, (1, 0, 2)), *weights), (1, 0, 2))

    def _masks(self, dropped: Tensor) -> list[Tensor]:
        return list(tf.split(dropped, self._mask_widths(), 1)) if self.dropout else []

    def _mask_widths(self) -> list[int]:
        return [self.kind.embedding] + [self.kind.hidden_size] * self.kind.layers

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
