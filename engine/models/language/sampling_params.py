"""Sampling parameters of `generate`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from engine.errors import ParamError

WORD_LIMIT = 10_000
SEED_LIMIT = 2**63
MIN_TEMPERATURE = 0.001


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """Raises ParamError for values out of range.

    temperature  scores are divided by it; 0 takes the most probable word, else at least 0.001
    top_k        only the k most probable words are drawn from; None: all
    top_p        only the fewest words that together have this probability; 1: all
    repetition   the probability of a word that is in the text already is divided by it; 1: no penalty
    length       words of the whole sentence, those of the seed included
    until_end    the sentence may end earlier; without it `<EOS>` is never drawn
    least        words before the sentence may end
    unknown      `<UNK>` may be drawn
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float = 1.0
    repetition: float = 1.0
    length: int = 7
    until_end: bool = False
    least: int = 0
    unknown: bool = False

    def __post_init__(self) -> None:
        _number("temperature", self.temperature, 0.0, 1000.0)
        if 0 < self.temperature < MIN_TEMPERATURE:
            raise ParamError(
                f"temperature: expected 0, or {MIN_TEMPERATURE} or more, got {self.temperature:g}."
            )
        if self.top_k is not None:
            _whole("top_k", self.top_k, 1, 1 << 20)
        _number("top_p", self.top_p, 0.0, 1.0)
        if self.top_p == 0:
            raise ParamError(
                "top_p: expected a number above 0, at most 1, got 0.", "Best word: temperature=0."
            )
        _number("repetition", self.repetition, 1.0, 1e6)
        _whole("length", self.length, 1, WORD_LIMIT)
        _whole("least", self.least, 0, WORD_LIMIT)
        if self.until_end and self.least > self.length:
            raise ParamError(f"least: expected at most the length, {self.length}, got {self.least}.")


def check_seed(seed: object) -> int:
    """Raises ParamError."""
    if type(seed) is not int or not 0 <= seed < SEED_LIMIT:
        raise ParamError(f"seed: expected a whole number from 0 to 2^63 - 1, got {str(seed)[:40]}.")
    return seed


def check_length(length: int, given: int) -> None:
    """Raises ParamError unless a seed of `given` words is shorter than `length`."""
    if given >= length:
        raise ParamError(
            f"length: the seed has {given} words already, expected a length above that, got {length}.",
            f"Ask for length={given + 1} or more.",
        )


def _number(name: str, value: Any, least: float, most: float) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not least <= value <= most:
        raise ParamError(f"{name}: expected a number from {least:g} to {most:g}, got {str(value)[:40]}.")


def _whole(name: str, value: object, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise ParamError(f"{name}: expected a whole number from {least} to {most:,}, got {str(value)[:40]}.")
