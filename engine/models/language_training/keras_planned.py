"""An LSTM over the states of a batch's plan, and the loss of its vocabulary layer, in TensorFlow's graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from engine.models.language_training.sentence_plan import SentencePlan, WantedWords

Tensor = Any
INTS, FLOATS = tf.TensorSpec((None,), tf.int32), tf.TensorSpec((None,), tf.float32)


class PlanTensors(NamedTuple):
    """Of a SentencePlan; `sizes` (steps + 1) are 1, for the initial state, and the number of states of each
    step."""

    sizes: Tensor
    parents: Tensor
    words: Tensor
    distinct: Tensor


class WantedTensors(NamedTuple):
    """Those of WantedWords."""

    words: Tensor
    rows: Tensor
    starts: Tensor
    times: Tensor
    weights: Tensor


WANTED = WantedTensors(INTS, INTS, INTS, FLOATS, FLOATS)
SIGNATURE = PlanTensors(INTS, INTS, INTS, INTS), WANTED


def tensors(plan: SentencePlan) -> tuple[PlanTensors, WantedTensors]:
    places = np.diff(plan.edges, prepend=-1), plan.parents, plan.words, plan.distinct
    return PlanTensors(*(one.astype(np.int32) for one in places)), wanted_tensors(plan.wanted)


def wanted_tensors(wanted: WantedWords) -> WantedTensors:
    places, counts = (wanted.words, wanted.rows, wanted.starts), (wanted.times, wanted.weights)
    return WantedTensors(
        *(one.astype(np.int32) for one in places), *(one.astype(np.float32) for one in counts)
    )


def lstm_over_plan(by_word: Tensor, recurrent: Tensor, rows: Tensor | None, plan: PlanTensors) -> Tensor:
    """by_word (k, 4H) and recurrent (H, 4H) -> outputs (states, H), float32; initial states are 0.

    by_word is the words' share of the gates' inputs (i, f, g, o) with the bias in it; `rows` (states) index
    it, None where each state has its own. Products are in the dtype of `recurrent`.
    """
    dtype, hidden, steps = recurrent.dtype, recurrent.shape[0], tf.shape(plan.sizes)[0] - 1
    parents = _by_step(plan.parents, plan)

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def outputs(by_word: Tensor, recurrent: Tensor) -> tuple[Tensor, Callable[..., Any]]:
        words = _by_step(by_word if rows is None else tf.gather(by_word, rows), plan)

        def forward(t: Tensor, h: Tensor, c: Tensor, *buffers: Tensor) -> tuple[Any, ...]:
            at = parents.read(t)
            h, c = tf.gather(h, at), tf.gather(c, at)
            out, cells, *rest = _step(words.read(t) + tf.cast(tf.matmul(h, recurrent), tf.float32), c)
            out = tf.cast(out, dtype)
            values = (out, h, c, *rest)
            return t + 1, out, cells, *(one.write(t, new) for one, new in zip(buffers, values, strict=True))

        nothing, kinds = tf.zeros((1, hidden)), (dtype, dtype, *[tf.float32] * 6)
        begun = (0, tf.cast(nothing, dtype), nothing, *(_buffer(kind, steps, hidden) for kind in kinds))
        *_, made, before, cells, tanh_c, i, f, g, o = _loop(lambda t, *_: t < steps, forward, begun)

        def gradient(slope: Tensor) -> tuple[Tensor, Tensor]:
            slopes = _by_step(tf.convert_to_tensor(slope), plan)

            def back(t: Tensor, dh: Tensor, dc: Tensor, found: Tensor) -> tuple[Tensor, ...]:
                saved, at = (one.read(t) for one in (cells, tanh_c, i, f, g, o)), parents.read(t)
                dz, dc = _back(dh + slopes.read(t), dc, *saved)
                dz = tf.cast(dz, dtype)
                dh = tf.cast(tf.matmul(dz, recurrent, transpose_b=True), tf.float32)
                dh, dc = (tf.math.unsorted_segment_sum(one, at, plan.sizes[t]) for one in (dh, dc))
                return t - 1, dh, dc, found.write(t, dz)

            none = tf.zeros((plan.sizes[-1], hidden))
            begun = (steps - 1, none, none, _buffer(dtype, steps, 4 * hidden))
            dz = _loop(lambda t, *_: t >= 0, back, begun)[3].concat()
            d_by_word = tf.cast(dz, tf.float32)
            if rows is not None:
                d_by_word = tf.math.unsorted_segment_sum(d_by_word, rows, tf.shape(by_word)[0])
            return d_by_word, tf.matmul(before.concat(), dz, transpose_a=True)

        return tf.cast(made.concat(), tf.float32), gradient

    return outputs(by_word, recurrent)


def _buffer(dtype: Any, steps: Tensor, *width: int) -> tf.TensorArray:
    shape = (None, *width)
    return tf.TensorArray(dtype, steps, element_shape=shape, infer_shape=False, clear_after_read=False)


def _by_step(values: Tensor, plan: PlanTensors) -> tf.TensorArray:
    """The rows (states) of each time step."""
    buffer = _buffer(values.dtype, tf.shape(plan.sizes)[0] - 1, *values.shape[1:])
    return buffer.split(values, plan.sizes[1:])


def _loop(goes_on: Callable[..., Any], body: Callable[..., Any], start: tuple[Any, ...]) -> Any:
    """Over t, two states whose rows differ from step to step, and buffers."""
    states = [tf.TensorShape((None, one.shape[1])) for one in start[1:3]]
    shapes = (tf.TensorShape(()), *states, *[tf.TensorShape(None)] * (len(start) - 3))
    return tf.while_loop(goes_on, body, start, shapes)


def _step(z: Tensor, c: Tensor) -> tuple[Tensor, ...]:
    """Inputs of the gates and cells before -> outputs, cells, tanh of the cells, gates."""
    i, f, g, o = tf.split(z, 4, 1)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
    c = f * c + i * g
    tanh_c = tf.tanh(c)
    return o * tanh_c, c, tanh_c, i, f, g, o


def _back(dh: Tensor, dc: Tensor, before: Tensor, tanh_c: Tensor, i: Tensor, f: Tensor, g: Tensor,
          o: Tensor) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Gradients of the inputs of the gates and of the cells before."""
    dc = dc + dh * o * (1 - tanh_c * tanh_c)
    dz = dc * g * i * (1 - i), dc * before * f * (1 - f), dc * i * (1 - g * g), dh * tanh_c * o * (1 - o)
    return tf.concat(dz, 1), dc * f


CHUNK_ROWS = {"CPU": 2048, "GPU": 16_384}
"""rows of logits in memory at once"""
TILE = 32
"""inner dimensions are padded to a multiple of this, the tile size of matrix units"""
SMALLEST = 1e-37
"""a probability that rounds to 0 still has a logarithm"""


@tf.custom_gradient  # type: ignore[untyped-decorator]
def vocabulary_loss(
    hidden: Tensor, weight: Tensor, bias: Tensor, words: Tensor, rows: Tensor, starts: Tensor, times: Tensor,
    weights: Tensor,
) -> tuple[Tensor, Callable[..., Any]]:  # fmt: skip
    """Mean cross-entropy of `softmax(hidden @ weight + bias)` over all wanted words, as in WantedWords.

    hidden (N, width), of the dtype to multiply in; weight (width, words), bias (words,). The gradients are
    computed in the forward pass, so logits are in memory for one chunk only.
    """
    count, width = tf.shape(hidden)[0], hidden.shape[1]
    inputs, wide = _with_ones(hidden), _with_bias(weight, bias, hidden.dtype)
    size = _share(count, _rows())

    def chunk(start: Tensor) -> tuple[Tensor, ...]:
        here = slice(start, tf.minimum(start + size, count))
        pairs = slice(starts[here.start], starts[here.stop])
        part, counts = inputs[here], tf.cast(weights[here, None], hidden.dtype)
        often, at = times[pairs], rows[pairs]
        found, errors = _errors(
            tf.matmul(part, wide), tf.stack([at - start, words[pairs]], 1), often / tf.gather(weights, at)
        )
        back = tf.matmul(errors, wide[:width], transpose_b=True) * counts
        slope = tf.matmul(part * counts, errors, transpose_a=True)
        return -tf.reduce_sum(often * tf.math.log(found)), back, tf.cast(slope, tf.float32)

    def next_chunk(start: Tensor, loss: Tensor, backs: Tensor, slope: Tensor) -> tuple[Tensor, ...]:
        more = chunk(start)
        return start + size, loss + more[0], tf.concat([backs, more[1]], 0), slope + more[2]

    shapes = (), (), (None, width), wide.shape
    _, loss, back, slope = tf.while_loop(
        lambda start, *_: start < count,
        next_chunk,
        (size, *chunk(0)),
        tuple(tf.TensorShape(one) for one in shapes),
    )
    scale = 1 / tf.reduce_sum(weights)

    def gradient(upstream: Tensor) -> tuple[Tensor, ...]:
        by = scale * upstream
        back_by = tf.cast(tf.cast(back, tf.float32) * by, hidden.dtype)
        return back_by, slope[:width] * by, slope[width] * by, *[None] * 5

    return loss * scale, gradient


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


def _share(count: Tensor, most: int) -> Tensor:
    """Rows per chunk, so that all chunks except the last have one size."""
    chunks = -(-count // most)
    return -(-count // tf.maximum(chunks, 1))


def _rows() -> int:
    return CHUNK_ROWS[_device()]


def _device() -> str:
    return "GPU" if tf.config.list_logical_devices("GPU") else "CPU"


def _errors(logits: Tensor, pairs: Tensor, often: Tensor) -> tuple[Tensor, Tensor]:
    """The probabilities of wanted words at `pairs` of row and word, and softmax less `often`, their share of
    what is wanted of the row."""
    shares = tf.nn.softmax(logits)
    found, less = tf.gather_nd(shares, pairs), tf.cast(often, logits.dtype)
    if _device() == "GPU":
        errors = tf.tensor_scatter_nd_sub(shares, pairs, less)
    else:
        with tf.control_dependencies([found]):  # reads the shares before they are changed in place
            errors = tf.raw_ops.ScatterNdNonAliasingAdd(input=shares, indices=pairs, updates=-less)
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
