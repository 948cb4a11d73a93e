"""Ten digits of dots, and copies of them that are moved and noisy: for aids that need pictures of digits."""

from __future__ import annotations

import numpy as np

from engine.aids.phi import Floats

SIDE = 9
_DOTS = (
    "01110 10001 10001 10001 10001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00110 01000 10000 11111",
    "11110 00001 00001 01110 00001 00001 11110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
)
"""7 rows of 5 dots"""


def digit(number: int) -> Floats:
    """(9, 9): 1 where it has ink, in the middle of zeros."""
    made = np.zeros((SIDE, SIDE))
    rows = _DOTS[number].split()
    made[1:8, 2:7] = [[float(dot) for dot in row] for row in rows]
    return made


def moved(picture: Floats, right: int, down: int) -> Floats:
    """What leaves at one side is lost, zeros come in."""
    made = np.zeros_like(picture)
    height, width = picture.shape
    rows, columns = slice(max(0, down), height + min(0, down)), slice(max(0, right), width + min(0, right))
    from_rows = slice(max(0, -down), height - max(0, down))
    from_columns = slice(max(0, -right), width - max(0, right))
    if abs(right) < width and abs(down) < height:
        made[rows, columns] = picture[from_rows, from_columns]
    return made


def examples(source: np.random.Generator, each: int, noise: float = 0.2) -> tuple[Floats, Floats]:
    """Pictures (10 each, 81), moved by at most one dot, with normal noise; and their digits, mixed."""
    digits = np.repeat(np.arange(10), each)
    source.shuffle(digits)
    moves = source.integers(-1, 2, (len(digits), 2))
    pictures = [moved(digit(int(one)), int(dx), int(dy)) for one, (dx, dy) in zip(digits, moves, strict=True)]
    noisy = np.stack(pictures) + source.normal(0, noise, (len(digits), SIDE, SIDE))
    return noisy.reshape(len(digits), -1), digits.astype(float)
