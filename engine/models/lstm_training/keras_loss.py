"""The vocabulary layer and its cross-entropy in one pass, for TensorFlow: 82 % of a training's arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Tensor = Any

ROWS = {"CPU": 2048, "GPU": 16_384}
"""rows of logits in memory at once"""
TILE = 32
"""inner dimensions are padded to a multiple of this, the tile size of matrix units"""
SMALLEST = 1e-37
"""a probability that rounds to 0 still has a logarithm"""


@tf.custom_gradient  # type: ignore[untyped-decorator]
def vocabulary_loss(
    hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor
) -> tuple[Tensor, Callable[..., Any]]:
    """Mean cross-entropy of `softmax(hidden @ weight + bias)` over N real words.

    hidden (N, width), of the dtype to multiply in; weight (width, words), bias (words,), targets (N,).
    The gradients are computed in the forward pass, so logits are in memory for one chunk only.
    """
    count, width = tf.shape(hidden)[0], hidden.shape[1]
    inputs, wide = _with_ones(hidden), _with_bias(weight, bias, hidden.dtype)
    rows = _share(count, _rows())

    def chunk(start: Tensor) -> tuple[Tensor, ...]:
        part = inputs[start : start + rows]
        found, errors = _errors(tf.matmul(part, wide), targets[start : start + rows])
        back = tf.matmul(errors, wide[:width], transpose_b=True)
        slope = tf.matmul(part, errors, transpose_a=True)
        return -tf.reduce_sum(tf.math.log(found)), back, tf.cast(slope, tf.float32)

    def next_chunk(start: Tensor, loss: Tensor, backs: Tensor, slope: Tensor) -> tuple[Tensor, ...]:
        more = chunk(start)
        return start + rows, loss + more[0], tf.concat([backs, more[1]], 0), slope + more[2]

    shapes = (), (), (None, width), wide.shape
    _, loss, back, slope = tf.while_loop(
        lambda start, *_: start < count,
        next_chunk,
        (rows, *chunk(0)),
        tuple(tf.TensorShape(one) for one in shapes),
    )
    scale = 1 / tf.cast(count, tf.float32)

    def gradient(upstream: Tensor) -> tuple[Tensor, ...]:
        by = scale * upstream
        back_by = tf.cast(tf.cast(back, tf.float32) * by, hidden.dtype)
        return back_by, slope[:width] * by, slope[width] * by, None

    return loss * scale, gradient


def _share(count: Tensor, most: int) -> Tensor:
    """Rows per chunk, so that all chunks except the last have one size."""
    chunks = -(-count // most)
    return -(-count // tf.maximum(chunks, 1))


def _rows() -> int:
    return ROWS[_device()]


def _device() -> str:
    return "GPU" if tf.config.list_logical_devices("GPU") else "CPU"


def _errors(logits: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """The probability of each target, and softmax less 1 at the target."""
    shares = tf.nn.softmax(logits)
    where = tf.stack([tf.range(tf.shape(targets)[0]), targets], 1)
    found = tf.gather_nd(shares, where)
    if _device() == "GPU":
        errors = tf.tensor_scatter_nd_sub(shares, where, tf.ones_like(found))
    else:
        with tf.control_dependencies([found]):  # reads the shares before they are changed in place
            errors = tf.raw_ops.ScatterNdNonAliasingAdd(
                input=shares, indices=where, updates=-tf.ones_like(found)
            )
    return tf.maximum(tf.cast(found, tf.float32), SMALLEST), errors


def _with_ones(hidden: Tensor) -> Tensor:
    """(N, inner): columns of ones for the bias, and of zeros up to a multiple of TILE."""
    rows, columns = tf.shape(hidden)[0], _bias_rows(hidden.dtype)
    spare = -(hidden.shape[1] + columns) % TILE
    ones, zeros = tf.ones((rows, columns), hidden.dtype), tf.zeros((rows, spare), hidden.dtype)
    return tf.concat([hidden, ones, zeros], 1)


def _with_bias(weight: Tensor, bias: Tensor, dtype: Any) -> Tensor:
    """(inner, words): the bias as rows for the columns of ones; in bfloat16 two rows, the second for the
    rounding error of the first."""
    rows, rest = [], bias
    for _ in range(_bias_rows(dtype)):
        rows.append(tf.cast(rest, dtype))
        rest = rest - tf.cast(rows[-1], tf.float32)
    spare = -(weight.shape[0] + len(rows)) % TILE
    return tf.concat([tf.cast(weight, dtype), tf.stack(rows), tf.zeros((spare, weight.shape[1]), dtype)], 0)


def _bias_rows(dtype: Any) -> int:
    return 1 if dtype == tf.float32 else 2


def total_loss(hidden: Tensor, weight: Tensor, bias: Tensor, targets: Tensor) -> Tensor:
    """The summed cross-entropy of N words, in float32, for a perplexity."""
    rows = _rows()

    def chunk(start: Tensor, loss: Tensor) -> tuple[Tensor, Tensor]:
        logits = tf.matmul(hidden[start : start + rows], weight) + bias
        wanted = targets[start : start + rows]
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=wanted, logits=logits)
        return start + rows, loss + tf.reduce_sum(losses)

    count = tf.shape(hidden)[0]
    return tf.while_loop(lambda start, _: start < count, chunk, (0, tf.zeros(())))[1]
