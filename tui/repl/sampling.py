"""Sampling parameters set at the prompt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from engine.errors import ParamError
from tui.terminal.plain_text import plain

MOST_WORDS = 1_000
ADDED_WORDS = 10
LEAST_TEMPERATURE = 0.001
MOST_SEED = 2**63 - 1
NONE_NAMES = {"seed": "fresh", "topk": "all", "length": "more"}
"""how None is typed and displayed"""


@dataclass(frozen=True, slots=True)
class Sampling:
    """`length` is that of the whole sentence in words, None: at most ADDED_WORDS are added; `seed` None: a
    fresh one each time; `topk` None: all words; `repetition` divides the probability of words that are in the
    text already; `width` is that of the beam search."""

    temperature: float = 1.0
    length: int | None = None
    seed: int | None = None
    topk: int | None = None
    topp: float = 1.0
    width: int = 4
    repetition: float = 1.0

    def set(self, name: str, text: str) -> Sampling:
        """A copy with that parameter, parsed from text. Raises ParamError."""
        is_given = text != NONE_NAMES.get(name) and not (name == "seed" and not text)
        changed: dict[str, Any] = {name: _value(name, text) if is_given else None}
        return replace(self, **changed)

    def generate_params(self, text: str) -> dict[str, object]:
        """Parameters of `language.generate` and `language.both` for a prompt `text`."""
        return {**self.length_params(text), **self.distribution_params(), "seed": self.seed}

    def distribution_params(self) -> dict[str, object]:
        """Parameters that decide with which probability a word is drawn, of `language.predict` too."""
        return {"until_end": True, "temperature": self.temperature, "top_k": self.topk, "top_p": self.topp,
                "repetition": self.repetition}  # fmt: skip

    @property
    def is_unmodified(self) -> bool:
        """Whether words are drawn with the model's own probabilities."""
        return self.distribution_params() == Sampling().distribution_params()

    def length_params(self, text: str) -> dict[str, object]:
        """Parameters of `language.beam` too."""
        length = self.length or len(text.split()) + ADDED_WORDS
        return {"length": length, "until_end": True, "repetition": self.repetition}

    def summary(self) -> list[str]:
        """Temperature and length, and every other parameter that is not at its default."""
        parts = [f"temperature {self.temperature:g}", self.length_text()]
        parts += [f"seed {self.seed}"] if self.seed is not None else []
        parts += [f"top-k {self.topk}"] if self.topk is not None else []
        parts += [f"repetition {self.repetition:g}"] if self.repetition > 1 else []
        return parts + ([f"top-p {self.topp:g}"] if self.topp < 1 else [])

    def full_summary(self, seed: int) -> list[str]:
        """All parameters that a sampled sentence depends on beside the model and the text."""
        top_k = "top-k all" if self.topk is None else f"top-k {self.topk}"
        return [
            f"temperature {self.temperature:g}", self.length_text(), f"seed {seed}", top_k,
            f"top-p {self.topp:g}", f"repetition {self.repetition:g}",
        ]  # fmt: skip

    def length_text(self) -> str:
        return f"{self.length} words in all" if self.length is not None else f"{ADDED_WORDS} more words"

    def to_json(self) -> dict[str, Any]:
        return {_JSON_NAMES.get(name, name): value for name, value in asdict(self).items()}


def from_json(data: object) -> Sampling:
    """Missing or invalid parameters get their default; so do a seed of -1, a topk or a length of 0."""
    sampling = Sampling()
    for field in fields(Sampling):
        name = _JSON_NAMES.get(field.name, field.name)
        given = data.get(name) if isinstance(data, Mapping) else None
        if isinstance(given, int | float) and not isinstance(given, bool):
            try:
                sampling = sampling.set(field.name, f"{given}")
            except ParamError:
                continue
    return sampling


_JSON_NAMES = {"length": "sentence_length"}
"""the name in the JSON file where it is another: a `length` there counted the added words"""
_NUMBERS = {"temperature": (0.0, 1000.0), "topp": (1e-9, 1.0), "repetition": (1.0, 1e6)}
_WHOLE_NUMBERS = {"length": (1, MOST_WORDS), "seed": (0, MOST_SEED), "topk": (1, 1_000_000), "width": (1, 64)}


def _value(name: str, text: str) -> float:
    if name in _NUMBERS:
        return _number(name, text, *_NUMBERS[name])
    return _whole(name, text, *_WHOLE_NUMBERS[name])


def _number(name: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most or (name == "temperature" and 0 < value < LEAST_TEMPERATURE):
        expected = {
            "temperature": f"0, or {LEAST_TEMPERATURE} to {most:g}",
            "repetition": f"a number from {least:g} to {most:g}",
        }.get(name, f"a number above 0, at most {most:g}")
        raise ParamError(f"/{name}: expected {expected}, got {_quoted(text)}.")
    return value


def _whole(name: str, text: str, least: int, most: int) -> int:
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if not least <= value <= most:
        none = f", or `{NONE_NAMES[name]}`" if name in NONE_NAMES else ""
        raise ParamError(
            f"/{name}: expected a whole number from {least} to {most:,}{none}, got {_quoted(text)}."
        )
    return value


def _quoted(text: str) -> str:
    return repr(plain(text, limit=40)) if text else "nothing"
