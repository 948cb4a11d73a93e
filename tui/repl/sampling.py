"""How words are drawn, as it was set at the prompt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from engine.errors import ParamError
from tui.terminal.plain_text import plain

MOST_WORDS = 1_000
MORE = 10
COLDEST = 0.001
MOST_SEED = 2**63 - 1
NOT_GIVEN = {"seed": "fresh", "topk": "all", "length": "more"}
"""what None is called"""


@dataclass(frozen=True, slots=True)
class Sampling:
    """`length` is that of the whole sentence, without it MORE words are added at most; without `seed` each
    time has a fresh one, without `topk` all words are drawn from; `repetition` divides the probability of
    words that were said already."""

    temperature: float = 1.0
    length: int | None = None
    seed: int | None = None
    topk: int | None = None
    topp: float = 1.0
    width: int = 4
    repetition: float = 1.0

    def set(self, name: str, text: str) -> Sampling:
        """With that setting as it was typed. Raises ParamError."""
        is_given = text != NOT_GIVEN.get(name) and not (name == "seed" and not text)
        changed: dict[str, Any] = {name: _value(name, text) if is_given else None}
        return replace(self, **changed)

    def facts(self, text: str) -> dict[str, object]:
        """For `language.generate` and `language.both`, of a sentence that begins with `text`."""
        return {**self.bounds(text), **self.sampling(), "seed": self.seed}

    def sampling(self) -> dict[str, object]:
        """What decides with which probability a word is drawn, for `language.predict` too."""
        return {"until_end": True, "temperature": self.temperature, "top_k": self.topk, "top_p": self.topp,
                "repetition": self.repetition}  # fmt: skip

    @property
    def is_as_learned(self) -> bool:
        """Words are drawn with the model's own probabilities."""
        return self.sampling() == Sampling().sampling()

    def bounds(self, text: str) -> dict[str, object]:
        """What a beam heeds too."""
        length = self.length or len(text.split()) + MORE
        return {"length": length, "until_end": True, "repetition": self.repetition}

    def words(self) -> list[str]:
        """What it is set to; what is as usual is left out, but for the first two."""
        said = [f"temperature {self.temperature:g}", self.length_words()]
        said += [f"seed {self.seed}"] if self.seed is not None else []
        said += [f"top-k {self.topk}"] if self.topk is not None else []
        said += [f"repetition {self.repetition:g}"] if self.repetition > 1 else []
        return said + ([f"top-p {self.topp:g}"] if self.topp < 1 else [])

    def all_words(self, seed: int) -> list[str]:
        """Everything that a drawing depends on beside the model and the text."""
        top_k = "top-k all" if self.topk is None else f"top-k {self.topk}"
        return [
            f"temperature {self.temperature:g}", self.length_words(), f"seed {seed}", top_k,
            f"top-p {self.topp:g}", f"repetition {self.repetition:g}",
        ]  # fmt: skip

    def length_words(self) -> str:
        return f"{self.length} words in all" if self.length is not None else f"{MORE} more words"

    def to_json(self) -> dict[str, Any]:
        return {_WRITTEN.get(name, name): value for name, value in asdict(self).items()}


def from_json(data: object) -> Sampling:
    """What is missing or wrong is as usual; so is a seed of -1, a topk or a length of 0."""
    sampling = Sampling()
    for field in fields(Sampling):
        name = _WRITTEN.get(field.name, field.name)
        given = data.get(name) if isinstance(data, Mapping) else None
        if isinstance(given, int | float) and not isinstance(given, bool):
            try:
                sampling = sampling.set(field.name, f"{given}")
            except ParamError:
                continue
    return sampling


_WRITTEN = {"length": "sentence_length"}
"""the name in the file of settings where it is another: a `length` there counted the words that are added"""
_SHARES = {"temperature": (0.0, 1000.0), "topp": (1e-9, 1.0), "repetition": (1.0, 1e6)}
_BOUNDS = {"length": (1, MOST_WORDS), "seed": (0, MOST_SEED), "topk": (1, 1_000_000), "width": (1, 64)}


def _value(name: str, text: str) -> float:
    if name in _SHARES:
        return _number(name, text, *_SHARES[name])
    return _whole(name, text, *_BOUNDS[name])


def _number(name: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most or (name == "temperature" and 0 < value < COLDEST):
        expected = {
            "temperature": f"0, or {COLDEST} to {most:g}",
            "repetition": f"a number from {least:g} to {most:g}",
        }.get(name, f"a number above 0, at most {most:g}")
        raise ParamError(f"/{name}: expected {expected}, got {_given(text)}.")
    return value


def _whole(name: str, text: str, least: int, most: int) -> int:
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    if not least <= value <= most:
        words = f"{NOT_GIVEN[name]} or " if name in NOT_GIVEN else ""
        raise ParamError(
            f"/{name}: expected {words}a whole number from {least} to {most:,}, got {_given(text)}."
        )
    return value


def _given(text: str) -> str:
    return repr(plain(text, limit=40)) if text else "nothing"
