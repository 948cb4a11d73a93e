"""Tiles of the products of a small dense layer: sums stay in registers along the whole inner dimension.

Images are rows of features; sixteen features lie in a register. The weights are read as PyTorch keeps them.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from engine.models.mnist_kernels.adam import AdamState, move
from engine.models.mnist_kernels.vector import INTS, LANES, LONG, Totals, Vectors, intrinsic

QUARTER = LANES // 4


def _dot(rows: int, images: int) -> Any:
    @intrinsic
    def dot(typing: Any, w: Any, w_at: Any, n: Any, bias: Any, b_at: Any, x: Any, x_at: Any, x_row: Any,
            out: Any, out_at: Any, out_row: Any, floor: Any) -> Any:  # fmt: skip
        """out[image, r] = max(floor, bias[r] + sum over `n` i of w[r, i] * x[image, i]).

        What lies behind the end of a row of x has to be finite.
        """
        long = types.int64

        def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            v, b, (kinds, a) = Vectors(context, builder), builder, (signature.args, arguments)
            w_data, biases, x_data, target = (v.data(kinds[k], a[k]) for k in (0, 3, 5, 8))
            totals = Totals(v, [(r, image) for r in range(rows) for image in range(images)])
            starts = [b.add(a[1], v.times(a[2], r)) for r in range(rows)]
            seen_at = [b.add(a[6], v.times(a[7], image)) for image in range(images)]

            def add(i: Any, mask: Any) -> None:
                seen = [v.load(x_data, b.add(at, i)) for at in seen_at]
                for r in range(rows):
                    weights = v.load(w_data, b.add(starts[r], i), mask)
                    for image in range(images):
                        totals.add_product((r, image), weights, seen[image])

            with v.counting(b.lshr(a[2], ir.Constant(LONG, 4))) as vector:
                add(v.times(vector, LANES), None)
            rest = b.and_(a[2], ir.Constant(LONG, LANES - 1))
            with b.if_then(b.icmp_signed(">", rest, ir.Constant(LONG, 0))):
                add(b.sub(a[2], rest), v.first(rest))
            for image in range(images):
                for r in range(0, rows, 4):
                    four = min(4, rows - r)
                    sums = _sums(v, [totals[r + k, image] for k in range(four)])
                    value = b.fadd(sums, v.load_few(biases, v.plus(a[4], r), four))
                    least = ir.Constant(value.type, ir.Undefined)
                    for k in range(four):
                        least = b.insert_element(least, a[11], ir.Constant(INTS.element, k))
                    value = b.select(b.fcmp_ordered("<", value, least), least, value)
                    v.store(value, target, b.add(v.plus(a[9], r), v.times(a[10], image)))
            return context.get_dummy_value()

        return types.void(w, long, long, bias, long, x, long, long, out, long, long, types.float32), write

    return dot


dot_8x3, dot_8x1, dot_1x3, dot_1x1 = _dot(8, 3), _dot(8, 1), _dot(1, 3), _dot(1, 1)


def _sums(v: Vectors, totals: list[Any]) -> Any:
    """The sum of each of up to four vectors, side by side."""
    b, one = v.builder, totals + totals[-1:] * (4 - len(totals))
    half = LANES // 2
    eights = [
        b.fadd(
            v.interleave(x, y, [*range(half), *range(LANES, LANES + half)]),
            v.interleave(x, y, [*range(half, LANES), *range(LANES + half, 2 * LANES)]),
        )
        for x, y in ((one[0], one[1]), (one[2], one[3]))
    ]
    x, y = eights
    low = [place + half * group for group in range(4) for place in range(QUARTER)]
    fours = b.fadd(v.interleave(x, y, low), v.interleave(x, y, [place + QUARTER for place in low]))
    for by in (2, 1):
        fours = b.fadd(fours, v.interleave(fours, fours, [place ^ by for place in range(LANES)]))
    return v.interleave(fours, fours, [QUARTER * k for k in range(len(totals))])


def _learn(rows: int, vectors: int) -> Any:
    @intrinsic
    def learn(typing: Any, delta: Any, d_at: Any, d_row: Any, x: Any, x_at: Any, x_row: Any, images: Any,
              value: Any, mean: Any, square: Any, at: Any, row: Any, width: Any, rate: Any,
              root: Any) -> Any:  # fmt: skip
        """The gradient of w[r, i], sum over images of delta[image, r] * x[image, i], goes to Adam at once.

        The last vector of i has `width` elements, if that is less than sixteen.
        """
        long, single = types.int64, types.float32

        def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            v, b, (kinds, a) = Vectors(context, builder), builder, (signature.args, arguments)
            deltas, x_data = v.data(kinds[0], a[0]), v.data(kinds[3], a[3])
            memory = AdamState(*(v.data(kinds[k], a[k]) for k in (7, 8, 9)))
            mask = v.first(a[12]) if vectors == 1 else None
            places = {
                (r, part): v.plus(b.add(a[10], v.times(a[11], r)), part * LANES)
                for r in range(rows)
                for part in range(vectors)
            }
            for place in places.values():
                for data in memory:
                    v.fetch(data, place)
            totals = Totals(v, places)
            with v.counting(a[6]) as image:
                d, seen_at = b.add(a[1], b.mul(image, a[2])), b.add(a[4], b.mul(image, a[5]))
                seen = [v.load(x_data, v.plus(seen_at, part * LANES)) for part in range(vectors)]
                for r in range(rows):
                    one = v.everywhere(deltas, v.plus(d, r))
                    for part in range(vectors):
                        totals.add_product((r, part), one, seen[part])
            rate, root = v.spread(a[13]), v.spread(a[14])
            for name, place in places.items():
                move(v, memory, place, totals[name], rate, root, mask)
            return context.get_dummy_value()

        kinds = delta, long, long, x, long, long, long, value, mean, square, long, long, long, single, single
        return types.void(*kinds), write

    return learn


learn_8x2, learn_8x1, learn_1x2, learn_1x1 = _learn(8, 2), _learn(8, 1), _learn(1, 2), _learn(1, 1)
