"""Training steps of the five networks of `mnist`: loops compiled by Numba, and PyTorch's matrix products.

At batch 50 PyTorch's step is some sixty small operations that move more numbers than they compute. Here
convolution, pooling, ReLU, the loss and Adam are a loop each, which LLVM turns into vector instructions, and
dense layers are `torch.mm`. One thread computes. Importing this module imports Numba.

Convolutions are 5x5 with padding 2, followed by 2x2 pooling and ReLU. LANES images lie innermost, so that a
neighbour in x is a whole vector away. A plane holds the even and the odd columns of a padded image apart:
(2, rows * width), `width` being (side / 2 + 1) * LANES. The zero that begins a row is also the one behind the
row above. Pooling then compares whole rows, and two output pixels share six loads for ten multiply-adds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch
from numba import njit
from torch import Tensor, nn
from torch.optim import Adam

SIZE, FILTERS, LANES = 5, 5, 8
ZERO, ONE = np.float32(0), np.float32(1)
SQUARE, EPSILON, TENTH = np.float32(0.999), np.float32(1e-8), np.float32(0.1)
THOUSANDTH = np.float32(0.001)  # 1 - 0.999 in single precision is off by 1e-5
NEGLIGIBLE = np.float32(1e-30)
"""what is smaller counts as 0: below 1.2e-38 processors compute a hundred times slower, and Adam's moments
get there where a gradient stays 0"""
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST, SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)

F = TypeVar("F", bound=Callable[..., Any])


OPTIONS: Any = {"error_model": "numpy", "fastmath": {"contract", "nsz", "arcp", "reassoc"}}
compiled_loop: Callable[[F], F] = njit(cache=True, nogil=True, **OPTIONS)
inlined_loop: Callable[[F], F] = njit(inline="always", **OPTIONS)
"""called from a compiled loop: as a function of its own it would be optimised differently in the process that
compiles it and in one that reads it from the cache, and its sums would have other bits"""


@inlined_loop
def five_taps(first: Any, second: Any, w: Any, sums: Any) -> None:
    """Add a row of five weights to the sums of every other column: `first` are the columns from there on,
    `second` those between them."""
    w0, w1, w2, w3, w4 = w[0], w[1], w[2], w[3], w[4]
    for p in range(len(sums)):
        near, far = p + LANES, p + 2 * LANES
        sums[p] += w0 * first[p] + w1 * second[p] + w2 * first[near] + w3 * second[near] + w4 * first[far]


@inlined_loop
def five_dots(first: Any, second: Any, g: Any, dw: Any) -> None:
    """Add the gradient of these weights, from g, that of the sums."""
    d0 = d1 = d2 = d3 = d4 = ZERO
    for p in range(len(g)):
        d0 += g[p] * first[p]
        d1 += g[p] * second[p]
        d2 += g[p] * first[p + LANES]
        d3 += g[p] * second[p + LANES]
        d4 += g[p] * first[p + 2 * LANES]
    for n, total in enumerate((d0, d1, d2, d3, d4)):
        dw[n] += total


@inlined_loop
def convolve(x: Any, w: Any, width: int, y: int, sums: Any) -> None:
    """Add to sums (2, n) the rows from y on of planes x (C, 2, ...) seen by a filter w (C, 5, 5)."""
    for c in range(len(x)):
        for dy in range(SIZE):
            even, odd = x[c, 0, (y + dy) * width :], x[c, 1, (y + dy) * width :]
            five_taps(even, odd, w[c, dy], sums[0])
            five_taps(odd, even[LANES:], w[c, dy], sums[1])


@inlined_loop
def pool(even: Any, odd: Any, width: int, out: Any, places: Any) -> None:
    """ReLU of the largest of four pixels; `places` keeps which it was, 4 where no gradient passes."""
    a, b, c, d = even, odd, even[width:], odd[width:]
    for i in range(len(places)):
        best, place = a[i], np.int32(0)
        place = np.int32(1) if b[i] > best else place
        best = b[i] if b[i] > best else best
        place = np.int32(2) if c[i] > best else place
        best = c[i] if c[i] > best else best
        place = np.int32(3) if d[i] > best else place
        best = d[i] if d[i] > best else best
        places[i] = place if best > ZERO else np.int32(4)
        out[i] = ZERO if best < ZERO else best  # what is not a number stays that


@inlined_loop
def unpool(g: Any, places: Any, place: Any, even: Any, odd: Any) -> Any:
    """The gradient of two of the four pixels into a row of even and odd columns; returns their sum."""
    total = ZERO
    for i in range(len(places)):
        value, other = g[i] if places[i] == place else ZERO, g[i] if places[i] == place + 1 else ZERO
        even[i], odd[i] = value, other
        total += value + other
    return total


@compiled_loop
def conv_forward(x: Any, w: Any, bias: Any, sums: Any, out: Any, places: Any) -> None:
    """x (blocks, C, 2, ...) -> out and places (blocks, 5, half, half * LANES)."""
    half, width, rows = out.shape[2], out.shape[3] + LANES, sums.shape[1] // (out.shape[3] + LANES)
    for n in range(len(x)):
        for y in range(0, 2 * half, rows):
            for k in range(FILTERS):
                sums[:] = bias[k]
                convolve(x[n], w[k], width, y, sums)
                for r in range(0, rows, 2):
                    at, to = r * width, (y + r) // 2
                    pool(sums[0, at:], sums[1, at:], width, out[n, k, to], places[n, k, to])


@compiled_loop
def conv_backward(x: Any, flipped: Any, g: Any, places: Any, unpooled: Any, sums: Any, dw: Any, db: Any,
                  below: Any) -> None:  # fmt: skip
    """g (blocks, 5, half, half * LANES), the gradient of `out` -> dw, db and, unless it is empty, below
    (blocks, C, side, side * LANES). `flipped` (C, 5, 5, 5) are the filters flipped in both
    directions: what goes below is a convolution with them."""
    half, width = g.shape[2], g.shape[3] + LANES
    origin, rows = 2 * width + LANES, sums.shape[1] // width
    dw[:], db[:] = ZERO, ZERO
    for n in range(len(x)):
        for k in range(FILTERS):
            for y in range(2 * half):
                even, odd = unpooled[k, 0, origin + y * width :], unpooled[k, 1, origin + y * width :]
                db[k] += unpool(g[n, k, y // 2], places[n, k, y // 2], np.int32(y % 2 * 2), even, odd)
        for y in range(0, 2 * half, rows):
            for c in range(x.shape[1]):
                for dy in range(SIZE):
                    even, odd = x[n, c, 0, (y + dy) * width :], x[n, c, 1, (y + dy) * width :]
                    for k in range(FILTERS):
                        start, end = origin + y * width, origin + (y + rows) * width
                        five_dots(even, odd, unpooled[k, 0, start:end], dw[k, c, dy])
                        five_dots(odd, even[LANES:], unpooled[k, 1, start:end], dw[k, c, dy])
        if len(below):
            for y in range(0, 2 * half, rows):
                for c in range(len(flipped)):
                    sums[:] = ZERO
                    convolve(unpooled, flipped[c], width, y, sums)
                    for r in range(rows):
                        join_columns(sums, r * width, below[n, c, y + r])


@inlined_loop
def join_columns(sums: Any, start: int, row: Any) -> None:
    """Even and odd columns of a row, in turns."""
    for q in range(len(row) // LANES):
        for i in range(LANES):
            row[q * LANES + i] = sums[q % 2, start + q // 2 * LANES + i]


@compiled_loop
def split_columns(rows: Any, planes: Any) -> None:
    """rows (blocks, C, side, side * LANES) into the planes of the next convolution."""
    side, width = rows.shape[2], (rows.shape[2] // 2 + 1) * LANES
    for n in range(len(rows)):
        for c in range(rows.shape[1]):
            for y in range(side):
                seen, start = rows[n, c, y], (y + 2) * width + LANES
                for q in range(side):
                    to = planes[n, c, q % 2, start + q // 2 * LANES :]
                    for i in range(LANES):
                        to[i] = seen[q * LANES + i]


@compiled_loop
def gather(pixels: Any, chosen: Any, side: int, planes: Any) -> None:
    """The chosen images into planes (blocks, 1, 2, ...)."""
    for n in range(len(chosen)):
        seen, even, odd = pixels[chosen[n]], planes[n // LANES, 0, 0], planes[n // LANES, 0, 1]
        for r in range(side):
            at = ((r + 2) * (side // 2 + 1) + 1) * LANES + n % LANES
            for q in range(side // 2):
                even[at + q * LANES] = seen[r * side + 2 * q]
                odd[at + q * LANES] = seen[r * side + 2 * q + 1]


@compiled_loop
def transpose(lanes: Any, rows: Any, is_back: bool) -> None:
    """lanes (blocks, features, LANES) into rows (B, features), or back."""
    for n in range(len(rows)):
        for i in range(rows.shape[1]):
            if is_back:
                lanes[n // LANES, i, n % LANES] = rows[n, i]
            else:
                rows[n, i] = lanes[n // LANES, i, n % LANES]


@inlined_loop
def splitmix64(number: Any) -> Any:
    """SplitMix64 (Steele, Lea and Flood, 2014): of 64 bits, each may change any other."""
    number = (number ^ (number >> np.uint64(30))) * FIRST
    number = (number ^ (number >> np.uint64(27))) * SECOND
    return number ^ (number >> np.uint64(31))


@compiled_loop
def drop(rows: Any, seed: int, step: int) -> None:
    """Half of rows (B, features) become 0, the others twice what they were: a function of (seed, step)."""
    features = rows.shape[1]
    key, words = splitmix64(splitmix64(np.uint64(seed)) + np.uint64(step) * GOLDEN), -(-features // 64)
    for n in range(len(rows)):
        for word in range(words):
            bits = splitmix64(key + np.uint64(n * words + word + 1) * GOLDEN)
            for i in range(word * 64, min(features, word * 64 + 64)):
                rows[n, i] *= np.float32(2) if bits & np.uint64(1) else ZERO
                bits >>= np.uint64(1)


@compiled_loop
def add_bias_relu(y: Any, bias: Any) -> None:
    for n in range(len(y)):
        for i in range(len(bias)):
            value = y[n, i] + bias[i]
            y[n, i] = ZERO if value < ZERO else value


@compiled_loop
def relu_backward(delta: Any, y: Any, db: Any) -> None:
    """The gradient of y, the output of ReLU, becomes that before it; db is that of the bias."""
    db[:] = ZERO
    for n in range(len(delta)):
        for i in range(len(db)):
            delta[n, i] = delta[n, i] if y[n, i] > ZERO else ZERO
            db[i] += delta[n, i]


@compiled_loop
def cross_entropy(logits: Any, bias: Any, labels: Any, delta: Any, db: Any) -> float:
    """Mean loss of the logits (B, 10) without bias; delta (B, 10) and db are the gradients."""
    loss, images = 0.0, np.float32(len(logits))
    db[:] = ZERO
    for n in range(len(logits)):
        row, to, total = logits[n] + bias, delta[n], ZERO
        most = row.max()
        for i in range(len(row)):
            value = np.exp(row[i] - most)
            to[i] = ZERO if value < NEGLIGIBLE else value
            total += value
        for i in range(len(row)):
            to[i] = (to[i] / total - (ONE if i == labels[n] else ZERO)) / images
            db[i] += to[i]
        loss += np.log(total) + most - row[labels[n]]
    return float(loss / images)


@compiled_loop
def adam(whole: Any, lr: float, step: int) -> None:
    """As PyTorch's fused Adam; whole (4, weights) are values, gradients and both moments."""
    rate, root = np.float32(lr / (1 - 0.9**step)), np.float32(1 / np.sqrt(1 - 0.999**step))
    value, grad, mean, square = whole[0], whole[1], whole[2], whole[3]
    for i in range(len(value)):
        g = grad[i]
        m = mean[i] + TENTH * (g - mean[i])
        s = square[i] * SQUARE + THOUSANDTH * (g * g)
        m = ZERO if abs(m) < NEGLIGIBLE else m
        s = ZERO if s < NEGLIGIBLE else s
        mean[i], square[i] = m, s
        value[i] -= rate * m / (np.sqrt(s) * root + EPSILON)


class ParameterMemory:
    """Parameters, gradients and Adam's moments as rows of one array, seen by network and optimizer too."""

    def __init__(self, net: nn.Module, optimizer: Adam) -> None:
        weights = list(net.parameters())
        whole = torch.zeros(4, sum(weight.numel() for weight in weights))
        self.whole, self.grads, end = whole.numpy(), dict[Tensor | None, Tensor](), 0
        self.steps = steps = torch.zeros(len(weights))  # PyTorch counts the updates of each parameter
        for n, weight in enumerate(weights):
            state, at, end = optimizer.state[weight], end, end + weight.numel()
            value, grad, mean, square = (row[at:end].view(weight.shape) for row in whole)
            value[:], mean[:], square[:] = weight.data, state.get("exp_avg", 0), state.get("exp_avg_sq", 0)
            steps[n] = float(state.get("step", 0))
            weight.data, self.grads[weight] = value, grad
            state["exp_avg"], state["exp_avg_sq"], state["step"] = mean, square, steps[n]


class Conv:
    """The arrays of a convolution; `out`, and its gradient `g`, are (blocks, 5, half, half * LANES)."""

    def __init__(self, layer: nn.Conv2d, memory: ParameterMemory, blocks: int, side: int) -> None:
        half, channels, width = side // 2, layer.in_channels, (side // 2 + 1) * LANES
        plane = (side + 4) * width + 2 * LANES
        self.w, self.b = layer.weight.detach().numpy(), layer.bias.detach().numpy()  # type: ignore[union-attr]
        self.dw, self.db = memory.grads[layer.weight].numpy(), memory.grads[layer.bias].numpy()
        self.x, self.out = zeros(blocks, channels, 2, plane), zeros(blocks, FILTERS, half, half * LANES)
        self.g, self.places = zeros(*self.out.shape), np.zeros(self.out.shape, np.int32)
        self.flipped, self.unpooled = zeros(channels, FILTERS, SIZE, SIZE), zeros(FILTERS, 2, plane)
        rows = side if half % 2 else half  # at a time: loops are long, and what they read stays in a cache
        self.sums = zeros(2, rows * width)

    def backward(self, below: Any) -> None:
        self.flipped[:] = self.w.swapaxes(0, 1)[:, :, ::-1, ::-1]
        conv_backward(self.x, self.flipped, self.g, self.places, self.unpooled, self.sums, self.dw, self.db,
                      below)  # fmt: skip


class DenseLayer:
    """x (B, inputs) -> y (B, outputs). `delta` is the gradient of y, `below` that of x."""

    def __init__(self, layer: nn.Linear, memory: ParameterMemory, x: Tensor, is_top: bool) -> None:
        self.x, self.w, self.dw = x, layer.weight.detach(), memory.grads[layer.weight]
        self.bias, self.db = layer.bias.detach().numpy(), memory.grads[layer.bias].numpy()
        self.delta = torch.zeros(len(x), layer.out_features)
        # Few columns: PyTorch's product is twice as fast the other way round.
        self.y = torch.zeros(layer.out_features, len(x)).t() if is_top else torch.zeros_like(self.delta)
        self.wt, self.dt = self.w.t(), self.delta.t()
        self.ys, self.deltas = self.y.numpy(), self.delta.numpy()


class BatchBuffers:
    """The layers for a certain number of images, and the arrays that they compute in."""

    def __init__(self, net: nn.Sequential, memory: ParameterMemory, images: int, side: int) -> None:
        convs = [layer for layer in net if isinstance(layer, nn.Conv2d)]
        denses = [layer for layer in net if isinstance(layer, nn.Linear)]
        blocks = -(-images // LANES)
        self.convs = [Conv(layer, memory, blocks, side >> n) for n, layer in enumerate(convs)]
        x = torch.zeros(images, denses[0].in_features)
        self.rows, self.labels, self.denses = x.numpy(), np.zeros(images, np.int64), list[DenseLayer]()
        self.below = torch.zeros_like(x) if convs else None  # gradient of what the first dense layer sees
        for layer in denses:
            self.denses.append(DenseLayer(layer, memory, x, layer is denses[-1]))
            x = self.denses[-1].y
        if convs:
            self.top = self.convs[-1].out.reshape(blocks, -1, LANES)
            self.top_g = self.convs[-1].g.reshape(blocks, -1, LANES)

    def forward(self, dropout: tuple[int, int] | None) -> float:
        """Fills all gradients from the images and `labels`; returns the mean loss."""
        for n, conv in enumerate(self.convs):
            if n:
                split_columns(self.convs[n - 1].out, conv.x)
            conv_forward(conv.x, conv.w, conv.b, conv.sums, conv.out, conv.places)
        if self.convs:
            transpose(self.top, self.rows, False)
        if dropout:
            drop(self.rows, *dropout)
        for layer in self.denses[:-1]:
            torch.mm(layer.x, layer.wt, out=layer.y)
            add_bias_relu(layer.ys, layer.bias)
        last = self.denses[-1]
        torch.mm(last.x, last.wt, out=last.y)
        return float(cross_entropy(last.ys, last.bias, self.labels, last.deltas, last.db))

    def backward(self, dropout: tuple[int, int] | None) -> None:
        for n in range(len(self.denses) - 1, -1, -1):
            layer, below = self.denses[n], self.denses[n - 1].delta if n else self.below
            torch.mm(layer.dt, layer.x, out=layer.dw)
            if below is not None:
                torch.mm(layer.delta, layer.w, out=below)
            if n:
                relu_backward(self.denses[n - 1].deltas, self.denses[n - 1].ys, self.denses[n - 1].db)
        if self.below is not None:
            if dropout:
                drop(self.below.numpy(), *dropout)
            transpose(self.top_g, self.below.numpy(), True)
        for n in range(len(self.convs) - 1, -1, -1):
            self.convs[n].backward(self.convs[n - 1].g if n else zeros(0, 1, 1, 1))


def zeros(*shape: int) -> Any:
    return torch.zeros(*shape).numpy()  # PyTorch's memory begins on a cache line, NumPy's need not


class Learner:
    """Called with the indices of images, it does an update and returns their mean loss. What dropout keeps
    follows from `seed` and the update's number."""

    def __init__(self, net: nn.Sequential, optimizer: Adam, pixels: Tensor, labels: Tensor,
                 seed: int) -> None:  # fmt: skip
        self._net, self._group, self._side = net, optimizer.param_groups[0], pixels.shape[-1]
        self._pixels, self._labels = pixels.reshape(len(pixels), -1).numpy(), labels.numpy()
        self._memory, self._buffers = ParameterMemory(net, optimizer), dict[int, BatchBuffers]()
        self._seed = seed if any(isinstance(layer, nn.Dropout) for layer in net) else None

    def __call__(self, chosen: Tensor) -> float:
        if (images := len(chosen)) not in self._buffers:
            self._buffers[images] = BatchBuffers(self._net, self._memory, images, self._side)
        step = int(self._memory.steps.add_(1)[0])
        dropout = None if self._seed is None else (self._seed, step)
        buffers, indices = self._buffers[images], chosen.numpy()
        np.take(self._labels, indices, out=buffers.labels, mode="clip")
        if buffers.convs:
            gather(self._pixels, indices, self._side, buffers.convs[0].x)
        else:
            np.take(self._pixels, indices, axis=0, out=buffers.rows, mode="clip")
        loss = buffers.forward(dropout)
        buffers.backward(dropout)
        adam(self._memory.whole, self._group["lr"], step)
        return loss
