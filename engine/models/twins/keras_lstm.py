"""The recurrence of a Keras LSTM on a CPU: its weights, in bfloat16, with gradients summed over time at once.

Keras's own loop multiplies the words at each step anew and adds up a gradient of every weight at each step;
here all words are multiplied at once before the loop, and all gradients after it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Tensor = Any


@tf.custom_gradient  # type: ignore[untyped-decorator]
def lstm(x: Tensor, kernel: Tensor, recurrent: Tensor, bias: Tensor) -> tuple[Tensor, Callable[..., Any]]:
    """x (T, B, E) to the outputs (T, B, H), in x's dtype; gates i, f, g, o; both states begin at 0."""
    dtype, hidden = x.dtype, recurrent.shape[0]
    steps, batch = tf.shape(x)[0], tf.shape(x)[1]
    flat = tf.reshape(x, (-1, x.shape[2]))
    by_word, by_state = tf.cast(kernel, dtype), tf.cast(recurrent, dtype)
    words = tf.reshape(tf.matmul(flat, by_word), (steps, batch, 4 * hidden))

    def forward(t: Tensor, h: Tensor, c: Tensor, told: tuple[Tensor, ...]) -> tuple[Any, ...]:
        z = tf.cast(words[t] + tf.matmul(h, by_state), tf.float32) + bias
        i, f, g, o = tf.split(z, 4, 1)
        i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
        c = f * c + i * g
        h = tf.cast(o * tf.tanh(c), dtype)
        gates = tf.concat([i, f, g, o], 1)
        return t + 1, h, c, tuple(one.write(t, new) for one, new in zip(told, (h, c, gates), strict=True))

    told = tuple(_array(steps, kind, width) for kind, width in
                 ((dtype, hidden), (tf.float32, hidden), (tf.float32, 4 * hidden)))  # fmt: skip
    start = (0, tf.zeros((batch, hidden), dtype), tf.zeros((batch, hidden)), told)
    _, _, _, told = tf.while_loop(lambda t, *_: t < steps, forward, start)
    outputs, cells, gates = (one.stack() for one in told)

    def gradient(slope: Tensor) -> tuple[Tensor, ...]:
        def back(t: Tensor, dh: Tensor, dc: Tensor, made: Tensor) -> tuple[Tensor, ...]:
            i, f, g, o = tf.split(gates[t], 4, 1)
            squashed = tf.tanh(cells[t])
            dh = dh + tf.cast(slope[t], tf.float32)
            dc = dc + dh * o * (1 - squashed * squashed)
            before = tf.cond(t > 0, lambda: cells[t - 1], lambda: tf.zeros_like(dc))
            dz = tf.concat([
                dc * g * i * (1 - i), dc * before * f * (1 - f), dc * i * (1 - g * g),
                dh * squashed * o * (1 - o),
            ], 1)  # fmt: skip
            dz = tf.cast(dz, dtype)
            dh = tf.cast(tf.matmul(dz, by_state, transpose_b=True), tf.float32)
            return t - 1, dh, dc * f, made.write(t, dz)

        zeros = tf.zeros((batch, hidden))
        begin = (steps - 1, zeros, zeros, _array(steps, dtype, 4 * hidden))
        made = tf.while_loop(lambda t, *_: t >= 0, back, begin)[3].stack()
        dz = tf.reshape(made, (-1, 4 * hidden))
        states = tf.concat([tf.zeros((1, batch, hidden), dtype), outputs[:-1]], 0)
        dx = tf.reshape(tf.matmul(dz, by_word, transpose_b=True), tf.shape(x))
        dkernel = tf.cast(tf.matmul(flat, dz, transpose_a=True), tf.float32)
        flat_states = tf.reshape(states, (-1, hidden))
        drecurrent = tf.cast(tf.matmul(flat_states, dz, transpose_a=True), tf.float32)
        return dx, dkernel, drecurrent, tf.reduce_sum(tf.cast(dz, tf.float32), 0)

    return outputs, gradient


def _array(size: Tensor, dtype: Any, width: int) -> Any:
    return tf.TensorArray(dtype, size, element_shape=(None, width))
