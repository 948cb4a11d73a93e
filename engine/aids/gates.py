"""Gates word by word: one unit of an LSTM whose gates are set by hand, on a sentence of marked words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.phi import Floats, sigmoid
from engine.aids.result import OF, Aid
from engine.errors import ParamError
from engine.params import choice, number, text

MOST_WORDS = 60


@dataclass(frozen=True, slots=True)
class GatesParams:
    words: str = text("1000000000", "A 1 for a word that matters, a 0 for one that does not; at most 60.")
    forget: float = number(4.0, "Bias of the forget gate.", least=-10, most=10)
    open_at: float = number(8.0, "How much a 1 opens the input gate.", least=0, most=20)
    input: float = number(-4.0, "Bias of the input gate.", least=-10, most=10)
    output: float = number(4.0, "Bias of the output gate.", least=-10, most=10)

    of: str = choice("your run", "Your newest run that fits, or the small built-in example.", OF)
    text: str = text("a man is riding a wave", "Words that your LSTM reads.")
    unit: int = number(1, "Unit, from the one that changes most.", least=1, most=8)

    def check(self) -> None:
        marks(self.words)


PARAMS = GatesParams
VALUES = {
    "f": "forget gate",
    "i_marked": "input gate at a 1",
    "i_other": "input gate at a 0",
    "o": "output gate",
    "c": "cell at the end",
    "h": "output at the end",
    "largest": "largest cell on the way",
    "half_life": "words until half of the cell is left; infinite where nothing is lost",
}


def marks(words: str) -> list[int]:
    """Raises ParamError."""
    found = words.replace(" ", "")
    if not 1 <= len(found) <= MOST_WORDS or set(found) - set("01"):
        raise ParamError(f"words: expected 1 to {MOST_WORDS} signs 0 and 1, got {words[:80]!r}.")
    return [int(sign) for sign in found]


def compute(params: GatesParams, seed: int) -> Aid:
    inputs = np.array(marks(params.words), dtype=float)
    f, o = (float(sigmoid(np.array(bias))) for bias in (params.forget, params.output))
    i = sigmoid(params.input + params.open_at * inputs)
    g = np.tanh(2 * inputs)
    cells = cells_of(f, i, g)
    outputs = o * np.tanh(cells)
    values = {
        "f": f,
        "i_marked": float(sigmoid(np.array(params.input + params.open_at))),
        "i_other": float(sigmoid(np.array(params.input))),
        "o": o,
        "c": float(cells[-1]),
        "h": float(outputs[-1]),
        "largest": float(cells.max()),
        "half_life": float(np.log(0.5) / np.log(f)) if f < 1 else float("inf"),
    }
    count = np.arange(1, len(inputs) + 1)
    lines = [("word", inputs), ("input gate", i), ("cell", cells), ("output", outputs)]
    data = drawings.curves("word", "value", [(name, count, line) for name, line in lines])
    return Aid(values, data | {"unused": ["text", "unit"]})


def of_unit(
    i: Sequence[float], f: Sequence[float], o: Sequence[float], c: Sequence[float], h: Sequence[float]
) -> Aid:
    """Gates, cell and output of a unit behind each word."""
    lines = [("input gate", i), ("forget gate", f), ("output gate", o), ("cell", c), ("output", h)]
    count = range(1, len(c) + 1)
    forget = float(np.mean(f))
    values = {
        "f": forget,
        "o": float(np.mean(o)),
        "c": float(c[-1]),
        "h": float(h[-1]),
        "largest": float(max(c)),
        "half_life": float(np.log(0.5) / np.log(forget)) if 0 < forget < 1 else float("inf"),
    }
    data = drawings.curves("word", "value", [(name, count, line) for name, line in lines])
    return Aid(values, data | {"unused": ["words", "forget", "open_at", "input", "output"]})


def cells_of(f: float, i: Floats, g: Floats) -> Floats:
    """c = f c + i g, from 0."""
    found, c = [], 0.0
    for gate, candidate in zip(i, g, strict=True):
        c = f * c + float(gate * candidate)
        found.append(c)
    return np.array(found)
