"""Sentences, word by word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.data.text.vocabulary import EOS
from engine.errors import DataError
from engine.models.language import output_layer
from engine.models.language.model import LanguageModel
from engine.models.language.sampling import draw, offered, stream
from engine.models.language.sampling_params import SamplingParams, check_length


@dataclass(frozen=True, slots=True)
class DrawnSentence:
    """`p` is the model's own probability of the word, untouched by temperature and cuts; `<EOS>` ends it."""

    id: int
    p: float
    logp: float

    @property
    def is_end(self) -> bool:
        return self.id == EOS


def generate(
    model: LanguageModel, seed_ids: Sequence[int], sampling: SamplingParams, seed: int, number: int = 0
) -> Iterator[DrawnSentence]:
    """The words that are added, a reversed model's right to left. The same for the same seed, always.

    Raises ParamError when the seed words are as many as `sampling.length` already.
    """
    check_length(sampling.length, len(seed_ids))
    _check_words(model, sampling)
    return _words(model, list(seed_ids), sampling, stream(seed, number))


def _words(
    model: LanguageModel, text: list[int], sampling: SamplingParams, random: np.random.Generator
) -> Iterator[DrawnSentence]:
    state = model.open(text)
    while len(text) < sampling.length:
        scores = model.scores(state)[0]
        word = draw(offered(scores, sampling, text, len(text)), sampling, random)
        logp = float(scores[word]) - output_layer.log_sum(scores)
        yield DrawnSentence(word, float(np.exp(logp)), logp)
        if word == EOS:
            return
        text.append(word)
        if len(text) < sampling.length:
            state = model.further(state, [word])


def _check_words(model: LanguageModel, sampling: SamplingParams) -> None:
    if len(model.vocabulary) <= EOS + 1 and not sampling.unknown:
        raise DataError("The model's vocabulary holds no word.", "Train it on a corpus with words.")
