"""Any truth table as a network of threshold units: an AND for every row that is 1, and an OR of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.aids import drawings
from engine.aids.result import Aid
from engine.errors import ParamError
from engine.params import flag, text


@dataclass(frozen=True, slots=True)
class BuilderParams:
    table: str = text("0110", "Outputs for all rows, the row of zeros first: 2, 4, 8 or 16 digits 0 or 1.")
    complement: bool = flag(True, "Whether fewer zeros than ones are built, with the output reversed.")

    def check(self) -> None:
        if len(self.table) not in (2, 4, 8, 16) or set(self.table) - {"0", "1"}:
            raise ParamError(f"table: expected 2, 4, 8 or 16 digits 0 or 1, got {self.table[:80]!r}.")


PARAMS = BuilderParams
VALUES = {
    "units": "hidden units",
    "right": "rows whose output is right",
    "rows": "rows of the table",
    "ones": "rows that are 1",
    "reversed": "1 where the complement was built",
    "solved": "1 where every row is right",
}


@dataclass(frozen=True, slots=True)
class BuiltNet:
    """Threshold units: hidden weights (k, n) and biases (k,), output weights (k,) and bias."""

    hidden: NDArray[np.float64]
    biases: NDArray[np.float64]
    output: NDArray[np.float64]
    bias: float


def compute(params: BuilderParams, seed: int) -> Aid:
    wanted = np.array([int(digit) for digit in params.table])
    ones = int(wanted.sum())
    is_reversed = params.complement and ones > len(wanted) - ones
    built = build(1 - wanted if is_reversed else wanted, is_reversed)
    right = int((outputs(built, len(wanted)) == wanted).sum())
    values = {
        "units": float(len(built.biases)),
        "right": float(right),
        "rows": float(len(wanted)),
        "ones": float(ones),
        "reversed": float(is_reversed),
        "solved": float(right == len(wanted)),
    }
    return Aid(values, _picture(built))


def corners(rows: int) -> NDArray[np.float64]:
    """(rows, inputs), the row of zeros first."""
    return np.array(list(itertools.product((0.0, 1.0), repeat=rows.bit_length() - 1)))


def build(wanted: NDArray[np.int_], is_reversed: bool) -> BuiltNet:
    """A unit for each row that is 1 in `wanted`: weights ±1, and a bias that only this row overcomes."""
    rows = corners(len(wanted))[wanted == 1]
    weights = 2 * rows - 1
    sign = -1.0 if is_reversed else 1.0
    return BuiltNet(weights, 0.5 - rows.sum(axis=1), np.full(len(rows), sign), 0.5 if is_reversed else -0.5)


def outputs(net: BuiltNet, rows: int) -> NDArray[np.int_]:
    hidden = (corners(rows) @ net.hidden.T + net.biases > 0).astype(float)
    return np.asarray(hidden @ net.output + net.bias > 0).astype(int)


def _picture(net: BuiltNet) -> dict[str, Any]:
    inputs = [{"name": f"x{i + 1}"} for i in range(net.hidden.shape[1])]
    hidden = [{"name": f"h{k + 1}", "note": f"bias {bias:g}"} for k, bias in enumerate(net.biases)]
    edges = [(f"x{i + 1}", f"h{k + 1}", float(net.hidden[k, i]))
             for k in range(len(hidden)) for i in range(len(inputs))]  # fmt: skip
    edges += [(f"h{k + 1}", "y", float(net.output[k])) for k in range(len(hidden))]
    return drawings.net([inputs, hidden, [{"name": "y", "note": f"bias {net.bias:g}"}]], edges)
