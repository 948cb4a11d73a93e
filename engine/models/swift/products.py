"""Tiles of a dense layer over sixteen images: sums that stay in registers along the whole inner dimension."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from engine.models.swift.vector import LANES, LONG, Totals, Vectors, intrinsic


def _tile(rows: int, blocks: int) -> Any:
    @intrinsic
    def tile(typing: Any, w: Any, w_at: Any, n: Any, bias: Any, b_at: Any, x: Any, x_at: Any, x_block: Any,
             out: Any, out_at: Any, out_block: Any, floor: Any) -> Any:  # fmt: skip
        """out[block, r] = max(floor, bias[r] + sum over `n` i of w[r, i] * x[block, i])."""
        long = types.int64

        def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            v, b, (kinds, a) = Vectors(context, builder), builder, (signature.args, arguments)
            w_data, biases, x_data = (v.data(kinds[k], a[k]) for k in (0, 3, 5))
            places = [(r, block) for r in range(rows) for block in range(blocks)]
            totals = Totals(v, places, lambda place: v.everywhere(biases, v.plus(a[4], place[0])))
            starts = [b.add(a[1], v.times(a[2], r)) for r in range(rows)]
            with v.counting(a[2]) as i:
                at = b.add(a[6], v.times(i, LANES))
                seen = [v.load(x_data, b.add(at, v.times(a[7], block))) for block in range(blocks)]
                for r in range(rows):
                    weight = v.everywhere(w_data, b.add(starts[r], i))
                    for block in range(blocks):
                        totals.add_product((r, block), weight, seen[block])
            least = v.spread(a[11])
            for r, block in places:
                index = b.add(v.plus(a[9], r * LANES), v.times(a[10], block))
                value = totals[r, block]
                value = b.select(b.fcmp_ordered("<", value, least), least, value)
                v.store(value, v.data(kinds[8], a[8]), index)
            return context.get_dummy_value()

        return types.void(w, long, long, bias, long, x, long, long, out, long, long, types.float32), write

    return tile


tile_8x2, tile_8x1, tile_1x2, tile_1x1 = _tile(8, 2), _tile(8, 1), _tile(1, 2), _tile(1, 1)


def _back(rows: int, blocks: int) -> Any:
    @intrinsic
    def back(typing: Any, w: Any, w_at: Any, w_row: Any, n: Any, delta: Any, d_at: Any, d_block: Any,
             out: Any, out_at: Any, out_block: Any) -> Any:  # fmt: skip
        """out[block, i] += sum over r of w[r, i] * delta[block, r]: the gradient of `n` inputs."""
        long = types.int64

        def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            v, b, (kinds, a) = Vectors(context, builder), builder, (signature.args, arguments)
            w_data, deltas, target = v.data(kinds[0], a[0]), v.data(kinds[4], a[4]), v.data(kinds[7], a[7])
            starts = [b.add(a[5], v.times(a[6], block)) for block in range(blocks)]
            delta = [[v.load(deltas, v.plus(start, r * LANES)) for r in range(rows)] for start in starts]
            with v.counting(a[3]) as i:
                at = b.add(a[8], v.times(i, LANES))
                places = [b.add(at, v.times(a[9], block)) for block in range(blocks)]
                sums = [v.load(target, place) for place in places]
                for r in range(rows):
                    weight = v.everywhere(w_data, b.add(b.add(a[1], v.times(a[2], r)), i))
                    sums = [v.add_product(sums[block], weight, delta[block][r]) for block in range(blocks)]
                for place, total in zip(places, sums, strict=True):
                    v.store(total, target, place)
            return context.get_dummy_value()

        return types.void(w, long, long, long, delta, long, long, out, long, long), write

    return back


back_8x2, back_8x1, back_1x2, back_1x1 = _back(8, 2), _back(8, 1), _back(1, 2), _back(1, 1)


def _outer(rows: int, vectors: int) -> Any:
    @intrinsic
    def outer(typing: Any, delta: Any, d_at: Any, d_block: Any, x: Any, x_at: Any, x_row: Any, images: Any,
              out: Any, out_at: Any, out_row: Any) -> Any:  # fmt: skip
        """out[r, i] = sum over images of delta[image, r] * x[image, i]: a gradient of weights."""
        long = types.int64

        def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            v, b, (kinds, a) = Vectors(context, builder), builder, (signature.args, arguments)
            deltas, x_data = v.data(kinds[0], a[0]), v.data(kinds[3], a[3])
            places = [(r, part) for r in range(rows) for part in range(vectors)]
            totals = Totals(v, places)
            with v.counting(a[6]) as image:
                block, lane = b.lshr(image, ir.Constant(LONG, 4)), b.and_(image, ir.Constant(LONG, LANES - 1))
                d = b.add(b.add(a[1], lane), b.mul(block, a[2]))
                at = b.add(a[4], b.mul(image, a[5]))
                seen = [v.load(x_data, v.plus(at, part * LANES)) for part in range(vectors)]
                for r in range(rows):
                    one = v.everywhere(deltas, v.plus(d, r * LANES))
                    for part in range(vectors):
                        totals.add_product((r, part), one, seen[part])
            for r, part in places:
                index = b.add(v.plus(a[8], part * LANES), v.times(a[9], r))
                v.store(totals[r, part], v.data(kinds[7], a[7]), index)
            return context.get_dummy_value()

        return types.void(delta, long, long, x, long, long, long, out, long, long), write

    return outer


outer_8x2, outer_8x1, outer_1x2, outer_1x1 = _outer(8, 2), _outer(8, 1), _outer(1, 2), _outer(1, 1)


@intrinsic
def turned(typing: Any, x: Any, at: Any, row: Any, out: Any, out_at: Any, out_row: Any) -> Any:
    """Transpose 16x16 floats."""
    n = types.int64

    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        v, (kinds, a) = Vectors(context, builder), (signature.args, arguments)
        source, target = v.data(kinds[0], a[0]), v.data(kinds[3], a[3])
        lines = [v.load(source, builder.add(a[1], v.times(a[2], r))) for r in range(LANES)]
        for width in (8, 4, 2, 1):
            lines = _exchange(v, lines, width)
        for r, line in enumerate(lines):
            v.store(line, target, builder.add(a[4], v.times(a[5], r)))
        return context.get_dummy_value()

    return types.void(x, n, n, out, n, n), write


def _exchange(v: Vectors, lines: list[Any], width: int) -> list[Any]:
    """Swap the off-diagonal squares of `width` in every square of twice that."""
    low = [place if not place & width else place - width + LANES for place in range(LANES)]
    high = [place + width if not place & width else place + LANES for place in range(LANES)]
    done = list(lines)
    for r in range(LANES):
        if not r & width:
            done[r] = v.interleave(lines[r], lines[r + width], low)
            done[r + width] = v.interleave(lines[r], lines[r + width], high)
    return done
