"""Generation of sentences, word by word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from engine.data.text.vocabulary import EOS
from engine.errors import DataError
from engine.models.language import output_layer
from engine.models.language.model import LanguageModel
from engine.models.language.sampling import allowed_scores, draw, stream
from engine.sampling import SamplingParams, check_length


@dataclass(frozen=True, slots=True)
class DrawnWord:
    """`p` is the model's probability of the word, before temperature, top_k and top_p; `<EOS>` ends a
    sentence."""

    id: int
    p: float
    logp: float

    @property
    def is_end(self) -> bool:
        return self.id == EOS


def generate(
    model: LanguageModel, seed_ids: Sequence[int], sampling: SamplingParams, seed: int, number: int = 0
) -> Iterator[DrawnWord]:
    """Yields the words that are added, from right to left for a reversed model; a function of (seed, number).

    Raises ParamError when there are already `sampling.length` seed words.
    """
    check_length(sampling.length, len(seed_ids))
    _check_words(model, sampling)
    return _words(model, list(seed_ids), sampling, stream(seed, number))


def _words(
    model: LanguageModel, text: list[int], sampling: SamplingParams, random: np.random.Generator
) -> Iterator[DrawnWord]:
    state = model.open(text)
    while len(text) < sampling.length:
        scores = model.scores(state)[0]
        word = draw(allowed_scores(scores, sampling, text, len(text)), sampling, random)
        logp = float(scores[word]) - output_layer.log_sum(scores)
        yield DrawnWord(word, float(np.exp(logp)), logp)
        if word == EOS:
            return
        text.append(word)
        if len(text) < sampling.length:
            state = model.advance(state, [word])


def _check_words(model: LanguageModel, sampling: SamplingParams) -> None:
    if len(model.vocabulary) <= EOS + 1 and not sampling.unknown:
        raise DataError("The model's vocabulary holds no word.", "Train it on a corpus with words.")
