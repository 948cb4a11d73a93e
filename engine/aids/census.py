"""Which Boolean functions one threshold unit can compute: all of them counted."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.result import Aid
from engine.params import number

WEIGHT_LIMIT = 3
"""whole weights up to this one reach every separable function of four inputs"""


@dataclass(frozen=True, slots=True)
class CensusParams:
    inputs: int = number(2, "Inputs of the functions.", least=1, most=4)


PARAMS = CensusParams
VALUES = {
    "functions": "Boolean functions of so many inputs",
    "separable": "functions that one unit computes",
    "left_over": "functions that no single unit computes",
    "share": "share of separable functions",
}


def compute(params: CensusParams, seed: int) -> Aid:
    rows = 2**params.inputs
    possible = np.bincount([number.bit_count() for number in range(2**rows)], minlength=rows + 1)
    found = separable(params.inputs)
    done = np.bincount([number.bit_count() for number in found], minlength=rows + 1)
    functions = float(2**rows)
    values = {
        "functions": functions,
        "separable": float(len(found)),
        "left_over": functions - len(found),
        "share": len(found) / functions,
    }
    table = [[ones, int(done[ones]), int(possible[ones])] for ones in range(rows + 1)]
    return Aid(values, drawings.table(["rows that are 1", "one unit", "of"], table))


@functools.cache
def separable(inputs: int) -> frozenset[int]:
    """Truth tables as numbers; bit r is the output for row r, whose bits are the inputs."""
    corners = np.array(list(itertools.product((0, 1), repeat=inputs)))
    span = range(-WEIGHT_LIMIT, WEIGHT_LIMIT + 1)
    sums = np.array(list(itertools.product(span, repeat=inputs))) @ corners.T
    reach = WEIGHT_LIMIT * inputs
    thresholds = np.arange(-reach - 0.5, reach + 1)
    fires = sums[:, None, :] > thresholds[None, :, None]
    bits = 1 << np.arange(2**inputs)
    return frozenset(np.unique((fires * bits).sum(axis=2)).tolist())
