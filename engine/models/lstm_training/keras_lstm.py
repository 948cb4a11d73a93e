"""The recurrence of a Keras LSTM on a CPU in bfloat16, with weight gradients summed over time at once.

Keras's loop multiplies the input and accumulates a gradient of every weight at each time step; here all
inputs are multiplied at once before the loop, and all gradients after it. The elementwise operations of a
step are compiled by XLA, in half a second for each batch size: a run has two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

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
