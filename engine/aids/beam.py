"""Beam search on a toy tree: what is likeliest at first is not the start of what is likeliest."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.aids import drawings
from engine.aids.result import Aid
from engine.params import number

TREE: dict[str, tuple[tuple[str, float], ...]] = {
    "": (("the", 0.5), ("a", 0.4), ("one", 0.1)),
    "the": (("dog", 0.4), ("cat", 0.3), ("end", 0.3)),
    "a": (("dog", 0.9), ("cat", 0.05), ("end", 0.05)),
    "one": (("dog", 0.6), ("cat", 0.2), ("end", 0.2)),
}
"""after a first word: second words with their probabilities"""


@dataclass(frozen=True, slots=True)
class BeamParams:
    width: int = number(2, "Beginnings that are kept.", least=1, most=3)
    alpha: float = number(0.0, "Exponent of the length penalty ((5 + n) / 6)^α.", least=0, most=2)


PARAMS = BeamParams
VALUES = {
    "found": "probability of the sentence that is found",
    "best": "probability of the likeliest sentence",
    "looked_at": "continuations that were looked at",
    "score": "log-probability of the one found, over the length penalty",
}


def compute(params: BeamParams, seed: int) -> Aid:
    firsts = sorted(TREE[""], key=lambda one: -one[1])
    kept = firsts[: params.width]
    ends = [(first, second, p * q) for first, p in kept for second, q in TREE[first]]
    first, second, found = max(ends, key=lambda one: one[2])
    best = max(p * q for first_word, p in firsts for _, q in TREE[first_word])
    values = {
        "found": found,
        "best": best,
        "looked_at": float(len(firsts) + len(ends)),
        "score": math.log(found) / ((5 + 2) / 6) ** params.alpha,
    }
    nodes, chosen = [(0, -1, "start", 1.0)], [0]
    for name, p in firsts:
        number = len(nodes)
        nodes.append((number, 0, f"{name} {p:g}", p))
        if name == first:
            chosen.append(number)
        if (name, p) not in kept:
            continue
        for other, q in TREE[name]:
            if (name, other) == (first, second):
                chosen.append(len(nodes))
            nodes.append((len(nodes), number, f"{other} {q:g}: {p * q:.3g}", p * q))
    return Aid(values, drawings.tree(nodes, chosen))
