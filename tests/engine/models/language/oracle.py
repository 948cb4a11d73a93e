"""A language model again, slowly: one number after the other, in float64, from the formulas of a textbook."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

START, EOS = 1, 3
Array = NDArray[np.float32]


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def dot(left: Sequence[float], right: Sequence[float]) -> float:
    return math.fsum(float(a) * float(b) for a, b in zip(left, right, strict=True))


def cell(
    kernel: Array, recurrent: Array, bias: Array, x: list[float], h: list[float], c: list[float]
) -> tuple[list[float], list[float]]:
    size = len(h)
    new_h, new_c = [], []
    for unit in range(size):
        z = [
            dot(kernel[:, gate * size + unit], x)
            + dot(recurrent[:, gate * size + unit], h)
            + float(bias[gate * size + unit])
            for gate in range(4)
        ]
        i, f, g, o = sigmoid(z[0]), sigmoid(z[1]), math.tanh(z[2]), sigmoid(z[3])
        new_c.append(f * c[unit] + i * g)
        new_h.append(o * math.tanh(new_c[-1]))
    return new_h, new_c


def log_probabilities(arrays: Mapping[str, Array], words: Sequence[int]) -> list[list[float]]:
    """After <START> and after each of `words`, in reading order: log p of every word of the vocabulary."""
    layers = sum(name.endswith(".recurrent") for name in arrays)
    size = arrays["lstm.l0.recurrent"].shape[0]
    hidden = [[0.0] * size for _ in range(layers)]
    cells = [[0.0] * size for _ in range(layers)]
    told = []
    for word in (START, *words):
        x = [float(value) for value in arrays["embedding.weight"][word]]
        for layer in range(layers):
            start = f"lstm.l{layer}."
            parts = (arrays[start + name] for name in ("kernel", "recurrent", "bias"))
            kernel, recurrent, bias = parts
            hidden[layer], cells[layer] = cell(kernel, recurrent, bias, x, hidden[layer], cells[layer])
            x = hidden[layer]
        told.append(log_softmax(head(arrays, x)))
    return told


def head(arrays: Mapping[str, Array], x: list[float]) -> list[float]:
    if "projection.weight" in arrays:
        shift = arrays.get("projection.bias", np.zeros(len(arrays["projection.weight"]), np.float32))
        x = [dot(row, x) + float(b) for row, b in zip(arrays["projection.weight"], shift, strict=True)]
    output = arrays.get("output.weight", arrays["embedding.weight"])
    return [dot(row, x) + float(b) for row, b in zip(output, arrays["output.bias"], strict=True)]


def log_softmax(scores: list[float]) -> list[float]:
    peak = max(scores)
    total = peak + math.log(math.fsum(math.exp(score - peak) for score in scores))
    return [score - total for score in scores]


def sentence_logps(arrays: Mapping[str, Array], words: Sequence[int]) -> list[float]:
    """Of each word in reading order, and of <EOS>."""
    told = log_probabilities(arrays, words)
    return [told[place][word] for place, word in enumerate((*words, EOS))]


def best_sentences(
    arrays: Mapping[str, Array], allowed: Sequence[int], length: int
) -> list[tuple[float, tuple[int, ...]]]:
    """Every sequence of `length` allowed words, the most probable first; the end is not looked at."""
    found = []
    for words in product(allowed, repeat=length):
        told = log_probabilities(arrays, words[:-1])
        found.append((math.fsum(told[place][word] for place, word in enumerate(words)), words))
    return sorted(found, key=lambda item: -item[0])
