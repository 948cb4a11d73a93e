"""Tiles of a 5x5 convolution with 2x2 pooling: what happens at one pooled pixel of sixteen images.

The sixteen images lie innermost, so pooling and ReLU go on within registers and no address depends on a
pixel. The four neighbours of a pooled pixel see 6x6 pixels below; the twenty sums of five filters at four
neighbours are carried through all channels in registers.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from engine.models.mnist_kernels.vector import (
    BYTES,
    FLOAT,
    FLOATS,
    INTS,
    LANES,
    LONG,
    Totals,
    Vectors,
    intrinsic,
)

SIZE = 5  # of a filter
FILTERS = 5
TAPS = SIZE * SIZE
AREA = [(y, x) for y in range(SIZE) for x in range(SIZE)]
FOUR = [(y, x) for y in range(2) for x in range(2)]
SQUARE = [(y, x) for y in range(SIZE + 1) for x in range(SIZE + 1)]
SUMS = [(k, place) for k in range(FILTERS) for place in FOUR]
NOT_LIT = 4
"""the code of a pooled pixel at 0 or below; 0 to 3 say which neighbour was the largest"""


def convolve(v: Vectors, totals: Totals, x: Any, at: Any, row: Any, plane: Any, count: Any, w: Any, w_of: Any,
             w_step: Any, flip: bool) -> None:  # fmt: skip
    """Add to the (filter, neighbour) totals what `count` planes below give, seen from the pixel `at`."""
    b = v.builder
    with v.counting(count) as channel:
        corner = b.add(at, b.mul(plane, channel))
        rows = [b.add(corner, v.times(row, y)) for y in range(SIZE + 1)]
        seen = {(y, col): v.load(x, v.plus(rows[y], col * LANES)) for y, col in SQUARE}
        filters = [b.add(b.mul(w_step, channel), v.times(w_of, k)) for k in range(FILTERS)]
        for tap, (y, col) in enumerate(AREA):
            for k in range(FILTERS):
                weight = v.everywhere(w, v.plus(filters[k], TAPS - 1 - tap if flip else tap))
                for down, right in FOUR:
                    totals.add_product((k, (down, right)), seen[y + down, col + right], weight)


@intrinsic
def pooled(typing: Any, x: Any, at: Any, row: Any, plane: Any, channels: Any, w: Any, bias: Any, out: Any,
           out_at: Any, out_plane: Any, code: Any, code_at: Any, code_plane: Any) -> Any:  # fmt: skip
    """relu(max of the four neighbours + bias) of five filters, and the code of each."""
    n = types.int64

    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        v, (kinds, a) = Vectors(context, builder), (signature.args, arguments)
        totals = Totals(v, SUMS)
        weights = v.data(kinds[5], a[5])
        one = ir.Constant(LONG, TAPS)
        convolve(v, totals, v.data(kinds[0], a[0]), a[1], a[2], a[3], a[4], weights,
                 builder.mul(a[4], one), one, flip=False)  # fmt: skip
        for k in range(FILTERS):
            biased = v.everywhere(v.data(kinds[6], a[6]), ir.Constant(LONG, k))
            value, codes = _largest(v, [totals[k, place] for place in FOUR], biased)
            v.store(value, v.data(kinds[7], a[7]), builder.add(a[8], v.times(a[9], k)))
            v.store(codes, v.data(kinds[10], a[10]), builder.add(a[11], v.times(a[12], k)))
        return context.get_dummy_value()

    return types.void(x, n, n, n, n, w, bias, out, n, n, code, n, n), write


def _largest(v: Vectors, four: list[Any], bias: Any) -> tuple[Any, Any]:
    b = v.builder
    best, codes = four[0], ir.Constant(INTS, [0] * LANES)
    for number, value in enumerate(four[1:], start=1):
        is_larger = b.fcmp_ordered(">", value, best)
        best = b.select(is_larger, value, best)
        codes = b.select(is_larger, ir.Constant(INTS, [number] * LANES), codes)
    best = b.fadd(best, bias)
    zeros = ir.Constant(FLOATS, [0.0] * LANES)
    is_dark = b.fcmp_ordered("<=", best, zeros)
    codes = b.select(is_dark, ir.Constant(INTS, [NOT_LIT] * LANES), codes)
    return b.select(is_dark, zeros, best), b.trunc(codes, BYTES)


@intrinsic
def fields(typing: Any, g: Any, at: Any, row: Any, plane: Any, w: Any, channels: Any, out: Any, out_at: Any,
           out_row: Any, out_plane: Any) -> Any:  # fmt: skip
    """The gradient of a 2x2 field of pixels of five channels, from a padded gradient `g` of five filters."""
    n = types.int64

    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        v, (kinds, a) = Vectors(context, builder), (signature.args, arguments)
        totals = Totals(v, SUMS)
        one = ir.Constant(LONG, TAPS)
        convolve(v, totals, v.data(kinds[0], a[0]), a[1], a[2], a[3], ir.Constant(LONG, FILTERS),
                 v.data(kinds[4], a[4]), one, builder.mul(a[5], one), flip=True)  # fmt: skip
        for c, (down, right) in SUMS:
            index = builder.add(v.plus(a[7], right * LANES), v.times(a[9], c))
            v.store(totals[c, (down, right)], v.data(kinds[6], a[6]), builder.add(index, v.times(a[8], down)))
        return context.get_dummy_value()

    return types.void(g, n, n, n, w, n, out, n, n, n), write


@intrinsic
def taps(typing: Any, x: Any, at: Any, row: Any, g: Any, g_at: Any, g_row: Any, height: Any, width: Any,
         out: Any, out_at: Any) -> Any:  # fmt: skip
    """The gradient of one filter's 25 weights for one channel, still apart for sixteen images.

    `height` and `width` count pooled pixels.
    """
    n = types.int64

    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        v, b, (kinds, a) = Vectors(context, builder), builder, (signature.args, arguments)
        x_data, g_data = v.data(kinds[0], a[0]), v.data(kinds[3], a[3])
        totals = Totals(v, AREA)
        with v.counting(a[6]) as y, v.counting(a[7]) as col:
            step = v.times(col, 2 * LANES)
            corner = b.add(b.add(a[1], step), b.mul(v.times(a[2], 2), y))
            g_corner = b.add(b.add(a[4], step), b.mul(v.times(a[5], 2), y))
            rows = [b.add(corner, v.times(a[2], down)) for down in range(SIZE + 1)]
            g_rows = [b.add(g_corner, v.times(a[5], down)) for down in range(2)]
            grad = {
                (down, right): v.load(g_data, v.plus(g_rows[down], right * LANES)) for down, right in FOUR
            }
            for down, right in SQUARE:
                seen = v.load(x_data, v.plus(rows[down], right * LANES))
                for place in FOUR:
                    tap = down - place[0], right - place[1]
                    if tap in totals.places:
                        totals.add_product(tap, grad[place], seen)
        for number, tap in enumerate(AREA):
            v.store(totals[tap], v.data(kinds[8], a[8]), v.plus(a[9], number * LANES))
        return context.get_dummy_value()

    return types.void(x, n, n, g, n, n, n, n, out, n), write


@intrinsic
def spread(typing: Any, g: Any, at: Any, code: Any, code_at: Any, height: Any, width: Any, out: Any,
           out_at: Any, out_row: Any, total: Any, total_at: Any) -> Any:  # fmt: skip
    """The gradient of one filter's pooled pixels, given to the largest of four neighbours; and its sum."""
    n = types.int64

    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        v, b, (kinds, a) = Vectors(context, builder), builder, (signature.args, arguments)
        g_data, codes, out_data = v.data(kinds[0], a[0]), v.data(kinds[2], a[2]), v.data(kinds[6], a[6])
        totals, zeros = Totals(v, ["lit"]), ir.Constant(FLOATS, [0.0] * LANES)
        one = v.spread(ir.Constant(FLOAT, 1.0))
        with v.counting(a[4]) as y, v.counting(a[5]) as x:
            pixel = v.times(b.add(b.mul(y, a[5]), x), LANES)
            grad, where = v.load(g_data, b.add(a[1], pixel)), v.load_bytes(codes, b.add(a[3], pixel))
            corner = b.add(b.add(a[7], b.mul(v.times(y, 2), a[8])), v.times(x, 2 * LANES))
            for number, (down, right) in enumerate(FOUR):
                is_here = b.icmp_signed("==", where, ir.Constant(BYTES, [number] * LANES))
                index = b.add(v.plus(corner, right * LANES), v.times(a[8], down))
                v.store(b.select(is_here, grad, zeros), out_data, index)
            is_lit = b.icmp_signed("<", where, ir.Constant(BYTES, [NOT_LIT] * LANES))
            totals.add_product("lit", b.select(is_lit, grad, zeros), one)
        v.store(totals["lit"], v.data(kinds[9], a[9]), a[10])
        return context.get_dummy_value()

    return types.void(g, n, code, n, n, n, out, n, n, total, n), write
