"""Tiles of the products of a dense layer: sums that stay in registers."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from engine.models.mnist_kernels.vector import LANES, Totals, Vectors, intrinsic

WIDE = 8 * LANES


def _blend(images: int, vectors: int) -> Any:
    @intrinsic
    def blend(typing: Any, w: Any, w_at: Any, w_row: Any, rows: Any, x: Any, x_at: Any,
             x_row: Any, out: Any, out_at: Any, out_row: Any) -> Any:  # fmt: skip
        """out[image, i] += sum over `rows` r of x[image, r] * w[r, i], for the vectors of i."""
        long = types.int64

        def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            v, b, (kinds, a) = Vectors(context, builder), builder, (signature.args, arguments)
            w_data, x_data, target = (v.data(kinds[k], a[k]) for k in (0, 4, 7))
            places = {
                (image, part): v.plus(b.add(a[8], v.times(a[9], image)), part * LANES)
                for image in range(images)
                for part in range(vectors)
            }
            totals = Totals(v, places, lambda name: v.load(target, places[name]))
            with v.counting(a[3]) as r:
                at = b.add(a[1], b.mul(a[2], r))
                weights = [v.load(w_data, v.plus(at, part * LANES)) for part in range(vectors)]
                for image in range(images):
                    one = v.everywhere(x_data, b.add(b.add(a[5], v.times(a[6], image)), r))
                    for part in range(vectors):
                        totals.add_product((image, part), weights[part], one)
            for name, place in places.items():
                v.store(totals[name], target, place)
            return context.get_dummy_value()

        return types.void(w, long, long, long, x, long, long, out, long, long), write

    return blend


blend_5x4, blend_1x4, blend_5x1, blend_1x1 = _blend(5, 4), _blend(1, 4), _blend(5, 1), _blend(1, 1)


@intrinsic
def copy_line(typing: Any, x: Any, at: Any, count: Any, out: Any, out_at: Any) -> Any:
    """128 floats, of which those from `count` on become 0."""
    n = types.int64

    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        v, (kinds, a) = Vectors(context, builder), (signature.args, arguments)
        source, target = v.data(kinds[0], a[0]), v.data(kinds[3], a[3])
        for i in range(0, WIDE, LANES):
            mask = v.first(v.plus(a[2], -i))
            v.store(v.load(source, v.plus(a[1], i), mask), target, v.plus(a[4], i))
        return context.get_dummy_value()

    return types.void(x, n, n, out, n), write


@intrinsic
def sums_of_rows(typing: Any, x: Any, at: Any, row: Any, rows: Any, out: Any, out_at: Any) -> Any:
    """out[i] = sum over rows of x[row, i], for sixteen i."""
    n = types.int64

    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        v, b, (kinds, a) = Vectors(context, builder), builder, (signature.args, arguments)
        total, x_data = Totals(v, ["sum"]), v.data(kinds[0], a[0])
        with v.counting(a[3]) as r:
            total.add_product("sum", v.load(x_data, b.add(a[1], b.mul(a[2], r))), v.all(1))
        v.store(total["sum"], v.data(kinds[4], a[4]), a[5])
        return context.get_dummy_value()

    return types.void(x, n, n, n, out, n), write
