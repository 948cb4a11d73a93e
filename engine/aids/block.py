"""Through the blocks of a transformer: what each adds to the stream, and which word is read off behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.aids import drawings
from engine.aids.attention_rule import weights
from engine.aids.phi import Floats, value_of
from engine.aids.result import OF, Aid
from engine.aids.softmax import softmax
from engine.params import choice, number, text

WIDTH, WORDS, LENGTH = 16, 12, 6


@dataclass(frozen=True, slots=True)
class BlockParams:
    blocks: int = number(4, "Blocks.", least=1, most=12)
    scale: float = number(1.0, "Size of what each block adds; 0 adds nothing.", least=0, most=4)
    place: int = number(LENGTH, "Place that is read off, from 1.", least=1, most=64)
    of: str = choice("your run", "Your newest run that fits, or the small built-in example.", OF)
    words: str = text("a man is riding", "Words that your transformer reads.")


PARAMS = BlockParams
VALUES = {
    "first_norm": "length of the vector before the first block",
    "last_norm": "behind the last block",
    "p_before": "probability of the word that is likeliest at the end, read off before the first block",
    "p_after": "read off behind the last block",
    "decided": "block behind which the likeliest word is that of the end and stays it; 0: from the beginning",
    "turned": "cosine between the vector at the end and the one at the beginning",
}


@dataclass(frozen=True, slots=True)
class TinyTransformer:
    """`embedding` and `output` (12, 16), with which words are read off; of each block q, k, v, out, two
    layers."""

    embedding: Floats
    output: Floats
    blocks: list[dict[str, Floats]]


def compute(params: BlockParams, seed: int) -> Aid:
    source = np.random.default_rng(seed)
    net = drawn(source, params.blocks)
    words, at = source.integers(0, WORDS, LENGTH), min(params.place, LENGTH) - 1
    stream = through(net, net.embedding[words], params.scale)
    read = [read_off(net, x)[at] for x in stream]
    vectors = [x[at] for x in stream]
    word = int(read[-1].argmax())
    lengths = [float(np.linalg.norm(vector)) for vector in vectors]
    likeliest = [(f"word {p.argmax() + 1}", float(p.max())) for p in read]
    made = shown(lengths, likeliest, ("words",))
    made.values["p_before"] = float(read[0][word])
    made.values["turned"] = float(vectors[0] @ vectors[-1] / (lengths[0] * lengths[-1]))
    return made


def shown(lengths: Sequence[float], likeliest: Sequence[tuple[str, float]], unused: Sequence[str]) -> Aid:
    """Lengths and likeliest words, with their probabilities, before the first block and behind each."""
    words = [word for word, _ in likeliest]
    values = {
        "first_norm": lengths[0],
        "last_norm": lengths[-1],
        "p_after": likeliest[-1][1],
        "decided": float(_decided(words)),
    }
    rows = [
        ["embedding" if number == 0 else f"block {number}", round(length, 3), word, round(p, 3)]
        for number, (length, (word, p)) in enumerate(zip(lengths, likeliest, strict=True))
    ]
    data = drawings.table(["behind", "length", "likeliest", "p"], rows)
    return Aid(values, data | {"unused": list(unused)})


def drawn(source: np.random.Generator, blocks: int) -> TinyTransformer:
    shapes = {"q": (WIDTH, WIDTH), "k": (WIDTH, WIDTH), "v": (WIDTH, WIDTH), "out": (WIDTH, WIDTH),
              "up": (WIDTH, 4 * WIDTH), "down": (4 * WIDTH, WIDTH)}  # fmt: skip
    embedding, output = source.normal(size=(2, WORDS, WIDTH))
    return TinyTransformer(
        embedding,
        output / 2,
        [
            {name: source.normal(0, shape[0] ** -0.5, shape) for name, shape in shapes.items()}
            for _ in range(blocks)
        ],
    )


def through(net: TinyTransformer, x: Floats, scale: float) -> list[Floats]:
    """(T, 16) before the first block and behind each: x + attention(norm x), then x + layers(norm x)."""
    stream = [x]
    for block in net.blocks:
        seen = norm(x)
        looked = weights(seen @ block["q"], seen @ block["k"], causal=True)
        x = x + scale * (looked @ (seen @ block["v"])) @ block["out"]
        x = x + scale * value_of("gelu", norm(x) @ block["up"]) @ block["down"]
        stream.append(x)
    return stream


def norm(x: Floats) -> Floats:
    """Mean 0 and variance 1 along each row."""
    away = x - x.mean(axis=1, keepdims=True)
    made: Floats = away / np.sqrt((away**2).mean(axis=1, keepdims=True) + 1e-5)
    return made


def read_off(net: TinyTransformer, x: Floats) -> Floats:
    """(T, 12): probabilities of the next word."""
    return softmax(norm(x) @ net.output.T)


def _decided(words: Sequence[str]) -> int:
    place = len(words) - 1
    while place and words[place - 1] == words[-1]:
        place -= 1
    return place
