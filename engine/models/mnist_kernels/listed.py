"""The numbers of a matrix that are not 0, line by line, and products that look at nothing else.

ReLU, pooling and dropout leave every other number 0, and a gradient passes where a number was not. A product
takes the line of a panel for each of them, into sums that stay in registers; the panel fits into the nearest
cache. Each sum adds in the order of the places, however the work is shared out.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numpy.typing import NDArray

from engine.models.mnist_kernels.transpose import turned
from engine.models.mnist_kernels.vector import INTS, LANES, LONG, Totals, Vectors, inner, intrinsic

SEGMENT = 64
"""places of a segment: a panel has as many lines"""
WIDTH = 8 * LANES
"""columns whose sums are in registers at once"""


class Listed(NamedTuple):
    """`values` (lines, n) and `places` within a segment; a segment begins at 64 times its number, and
    `counts` (lines, segments) says how many it has."""

    values: NDArray[np.float32]
    places: NDArray[np.int32]
    counts: NDArray[np.int32]


@inner
def list_columns(x: Any, lines: int, first: int, last: int, square: Any, listed: Any) -> None:
    """Columns `first` to `last` of x, both at the start of a segment or behind the end, as lines."""
    flat, row = x.reshape(-1), x.shape[1]
    values, places, counts = listed.values.reshape(-1), listed.places.reshape(-1), listed.counts
    counts[first:last] = 0
    for column in range(first, last, LANES):
        for line in range(0, lines, LANES):
            turned(flat, line * row + column, row, 0, square, 0, LANES, LANES)
            segment, place = line // SEGMENT, line % SEGMENT
            for k in range(min(LANES, last - column)):
                found = np.int64(counts[column + k, segment])
                to = (column + k) * listed.values.shape[1] + segment * SEGMENT + found
                found += _pick(square, k * LANES, lines - line, place, values, places, to)
                counts[column + k, segment] = found


@intrinsic
def _pick(typing: Any, x: Any, at: Any, count: Any, place: Any, values: Any, places: Any,
          to: Any) -> Any:  # fmt: skip
    """Those that are not 0 of the first `count` of sixteen; returns how many."""
    n = types.int64

    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        v, (kinds, a) = Vectors(context, builder), (signature.args, arguments)
        found = v.load(v.data(kinds[0], a[0]), a[1])
        mask = builder.and_(builder.fcmp_unordered("!=", found, v.all(0)), v.first(a[2]))
        first = v.spread(builder.trunc(a[3], INTS.element))
        v.store_packed(found, mask, v.data(kinds[4], a[4]), a[6])
        numbers = builder.add(first, ir.Constant(INTS, list(range(LANES))))
        v.store_packed(numbers, mask, v.data(kinds[5], a[5]), a[6])
        return v.count(mask)

    return n(x, n, n, n, values, places, n), write


@intrinsic
def add_entries(typing: Any, values: Any, places: Any, first: Any, count: Any, panel: Any, at: Any, row: Any,
                out: Any, out_at: Any) -> Any:  # fmt: skip
    """out[i] += sum of `count` values * panel[place, i], for 128 i."""
    n = types.int64

    def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        v, b, (kinds, a) = Vectors(context, builder), builder, (signature.args, arguments)
        numbers, where, x, target = (v.data(kinds[k], a[k]) for k in (0, 1, 4, 7))
        spots = {part: v.plus(a[8], part) for part in range(0, WIDTH, LANES)}
        totals = Totals(v, spots, lambda part: v.load(target, spots[part]))
        with v.counting(a[3]) as k:
            entry = b.add(a[2], k)
            place = b.zext(b.load(b.gep(where, [entry])), LONG)
            line = b.add(a[5], b.mul(place, a[6]))
            one = v.everywhere(numbers, entry)
            for part in spots:
                totals.add_product(part, v.load(x, v.plus(line, part)), one)
        for part, spot in spots.items():
            v.store(totals[part], target, spot)
        return context.get_dummy_value()

    return types.void(values, places, n, n, panel, n, n, out, n), write
