"""Transposing: from images as rows of features to features of sixteen images side by side, and back."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types

from engine.models.mnist_kernels.vector import LANES, LONG, Vectors, inner, intrinsic


@inner
def to_lanes(rows: Any, first: int, lanes: Any, at: int, features: int) -> None:
    """Sixteen rows from `first` on into (features, 16), flat from `at`; features are at least 16."""
    stride, flat = rows.shape[1], rows.reshape(-1)
    for i in range(0, features, LANES):
        i = min(i, features - LANES)  # the last square overlaps the one before
        turned(flat, first * stride + i, stride, 0, lanes, at + i * LANES, LANES, LANES)


@inner
def to_rows(lanes: Any, at: int, rows: Any, first: int, images: int, features: int) -> None:
    """Back again, into `images` rows."""
    stride, flat = rows.shape[1], rows.reshape(-1)
    for i in range(0, features, LANES):
        i = min(i, features - LANES)
        turned(lanes, at + i * LANES, LANES, 0, flat, first * stride + i, stride, images)


def _turned(is_whole: bool) -> Any:
    @intrinsic
    def turned(typing: Any, x: Any, at: Any, row: Any, ahead: Any, out: Any, out_at: Any, out_row: Any,
               count: Any) -> Any:  # fmt: skip
        n = types.int64

        def write(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
            v, (kinds, a) = Vectors(context, builder), (signature.args, arguments)
            source, target = v.data(kinds[0], a[0]), v.data(kinds[4], a[4])
            starts = [builder.add(a[1], v.times(a[2], r)) for r in range(LANES)]
            if is_whole:
                for start in starts:
                    v.fetch(source, builder.add(start, a[3]))
                lines = [v.load(source, start) for start in starts]
            else:
                there = [v.spread(builder.icmp_signed("<", ir.Constant(LONG, r), a[3])) for r in range(LANES)]
                lines = [v.load(source, *place) for place in zip(starts, there, strict=True)]
            for width in (8, 4, 2, 1):
                lines = _exchange(v, lines, width)
            for r, line in enumerate(lines):
                with builder.if_then(builder.icmp_signed(">", a[7], ir.Constant(LONG, r))):
                    v.store(line, target, builder.add(a[5], v.times(a[6], r)))
            return context.get_dummy_value()

        return types.void(x, n, n, n, out, n, n, n), write

    return turned


turned, turned_few = _turned(is_whole=True), _turned(is_whole=False)
"""Transpose 16x16 floats, and write the first `count` rows. Those `ahead` are asked for; or that many rows
are there, and the rest is 0 and not looked at."""


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
