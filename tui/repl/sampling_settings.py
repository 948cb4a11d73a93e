"""Sampling parameters set at the prompt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.errors import ParamError
from engine.params import Param, Value, declared, format_value, number, parse_value
from engine.sampling import SEED_LIMIT, Sampling

ADDED_WORDS = 10


@dataclass(frozen=True, slots=True)
class PromptSampling(Sampling):
    """Each parameter is a setting of the prompt, a slash command, and a value in the file of the view."""

    length: int | None = number(
        None,
        f"length of the sentence in words, TEXT included; more: {ADDED_WORDS} are added",
        least=1, most=1_000, word="more",
    )  # fmt: skip
    seed: int | None = number(
        None, "random seed of the sampling; fresh: a new one each time", least=0, most=SEED_LIMIT - 1,
        word="fresh",
    )  # fmt: skip
    width: int = number(4, "number of sentences that the beam search keeps", least=1, most=64)

    def set(self, name: str, text: str) -> PromptSampling:
        """A copy with the setting `name` parsed from text; no text is a fresh seed. Raises ParamError."""
        param = SETTINGS[name]
        text = text or (param.word if name == "seed" else "")
        try:
            value = parse_value(replace(param, name=name), text)
            changed: dict[str, Any] = {param.name: value}
            return replace(self, **changed)
        except ParamError as error:
            raise ParamError(f"/{error.message}", error.remedy) from error

    def setting_text(self, name: str) -> str:
        """The name and the value of a setting."""
        if name == "length":
            return f"length: {self._length_text}"
        if name == "seed" and self.seed is None:
            return "seed: a fresh one each time"
        value = getattr(self, SETTINGS[name].name)
        return f"{name}: {value:,}" if isinstance(value, int) else f"{name}: {self._text(SETTINGS[name])}"

    def generate_params(self, text: str) -> dict[str, Any]:
        """Parameters of a GenerateRequest and a BothWaysRequest for a prompt `text`."""
        return {**self.length_params(text), **self.distribution_params(), "seed": self.seed}

    def distribution_params(self) -> dict[str, Any]:
        """Parameters that decide with which probability a word is drawn, of a NextWordsRequest too."""
        return {"until_end": True, **{param.name: getattr(self, param.name) for param in declared(Sampling)}}

    @property
    def is_unmodified(self) -> bool:
        """Whether words are drawn with the model's own probabilities."""
        return self.distribution_params() == PromptSampling().distribution_params()

    def length_params(self, text: str) -> dict[str, Any]:
        """Parameters of a BeamRequest too."""
        length = self.length or len(text.split()) + ADDED_WORDS
        return {"length": length, "until_end": True, "repetition": self.repetition}

    def summary(self) -> list[str]:
        """Temperature and length, and every other parameter that is not at its default."""
        parts = self._parts("fresh" if self.seed is None else self.seed)
        default = PromptSampling()._parts("fresh")
        return [part for part in parts if part in parts[:2] or part not in default]

    def full_summary(self, seed: int) -> list[str]:
        """All parameters that a sampled sentence depends on beside the model and the text."""
        return self._parts(seed)

    def beam_summary(self) -> list[str]:
        """All parameters that a beam search depends on beside the model and the text."""
        return [f"width {self.width}", self._length_text, f"repetition {self.repetition:g}"]

    def _parts(self, seed: object) -> list[str]:
        first, *others = (
            f"{param.name.replace('_', '-')} {self._text(param)}" for param in declared(Sampling)
        )
        return [first, self._length_text, f"seed {seed}", *others]

    def _text(self, param: Param) -> str:
        value = getattr(self, param.name)
        return f"{value:g}" if isinstance(value, float) else format_value(param, value)

    @property
    def _length_text(self) -> str:
        return f"{self.length} words in all" if self.length is not None else f"{ADDED_WORDS} more words"

    def to_json(self) -> dict[str, Any]:
        values = {_saved(name): getattr(self, param.name) for name, param in SETTINGS.items()}
        return {name: values[name] for name in (*_SAVED_FIRST, *(values.keys() - {*_SAVED_FIRST}))}


SETTINGS: Mapping[str, Param] = {param.name.replace("_", ""): param for param in declared(PromptSampling)}
"""by the name of the slash command"""


def from_json(data: object) -> PromptSampling:
    """Missing or invalid parameters get their default; so do a seed of -1, a topk or a length of 0."""
    sampling = PromptSampling()
    for name in SETTINGS:
        given: Value = data.get(_saved(name)) if isinstance(data, Mapping) else None
        if isinstance(given, int | float) and not isinstance(given, bool):
            try:
                sampling = sampling.set(name, f"{given}")
            except ParamError:
                continue
    return sampling


_SAVED_FIRST = ("temperature", "sentence_length", "seed", "topk", "topp", "width", "repetition")
"""the order in the JSON file"""


def _saved(name: str) -> str:
    """The name in the JSON file: a `length` there counted the added words."""
    return "sentence_length" if name == "length" else name
