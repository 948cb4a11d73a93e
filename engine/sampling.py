"""Sampling parameters of language models, declared once.

Options of `dltui generate` and `both`, slash commands and settings of the REPL and parameters of the session
methods are made from the declaration of Sampling.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import ParamError
from engine.params import ParamSet, declared, flag, number, parse_value

WORD_LIMIT = 10_000
SEED_LIMIT = 2**63
MIN_TEMPERATURE = 0.001


@dataclass(frozen=True, slots=True)
class Sampling:
    """Parameters that decide with which probability a word is drawn. Raises ParamError for values out of
    bounds."""

    temperature: float = number(
        1.0, "temperature: 0 the most probable word, 1 the model's distribution", least=0, most=1000
    )
    top_k: int | None = number(
        None, "top-k: sample from the N most probable words", least=1, most=1 << 20, word="all"
    )
    top_p: float = number(
        1.0, "top-p: sample from the most probable words with this total probability", above=0, most=1
    )
    repetition: float = number(
        1.0, "repetition penalty: divides the probability of words used before", least=1, most=1e6
    )

    def __post_init__(self) -> None:
        kind: type[ParamSet] = type(self)
        for param in declared(kind):
            parse_value(param, getattr(self, param.name))
        if 0 < self.temperature < MIN_TEMPERATURE:
            raise ParamError(
                f"temperature: expected 0, or {MIN_TEMPERATURE} or more, got {self.temperature:g}."
            )


@dataclass(frozen=True, slots=True)
class SamplingParams(Sampling):
    """Parameters of a generated sentence."""

    length: int = number(7, "words of the whole sentence, the seed included", least=1, most=WORD_LIMIT)
    until_end: bool = flag(False, "the sentence may end earlier; without it <EOS> is never drawn")
    least: int = number(0, "words before the sentence may end", least=0, most=WORD_LIMIT)
    unknown: bool = flag(False, "<UNK> may be drawn")

    def __post_init__(self) -> None:
        Sampling.__post_init__(self)
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
