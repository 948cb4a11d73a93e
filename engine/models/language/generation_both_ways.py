"""Generation in both directions: to the right of a seed with one model, to the left with the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.errors import ParamError
from engine.models.language.generation import DrawnWord, generate
from engine.models.language.model import LanguageModel, check_pair
from engine.sampling import WORD_LIMIT, SamplingParams

RIGHT, LEFT = "right", "left"
SIDES = (RIGHT, LEFT)


def grow(
    forward: LanguageModel,
    reverse: LanguageModel,
    seed_ids: Sequence[int],
    sampling: SamplingParams,
    seed: int,
    first: str = RIGHT,
) -> Iterator[tuple[str, DrawnWord]]:
    """The words that are added, each with its side. `first` is the side that is generated first, to its end.

    The second model reads seed and first side, so that it completes that sentence.
    With `sampling.until_end` each side ends with its `<EOS>`, or where seed and side together reach the
    length; else each side adds half of the words that are left of the length.
    Raises DataError for models that are no pair, ParamError for an unknown side.
    """
    if first not in SIDES:
        raise ParamError(f"first: expected right or left, got {str(first)[:40]!r}.")
    check_pair(forward, reverse)
    return _grow({RIGHT: forward, LEFT: reverse}, list(seed_ids), sampling, seed, first)


def _grow(
    models: dict[str, LanguageModel], text: list[int], sampling: SamplingParams, seed: int, first: str
) -> Iterator[tuple[str, DrawnWord]]:
    second = LEFT if first == RIGHT else RIGHT
    left = sampling.length - len(text)
    half = -(-left // 2)
    lengths = (left, left) if sampling.until_end else (half, left - half)
    for number, (side, added) in enumerate(zip((first, second), lengths, strict=True)):
        length = min(len(text) + added, WORD_LIMIT)
        if len(text) >= length:
            continue
        for drawn in generate(models[side], text, _with_length(sampling, length), seed, number):
            if not drawn.is_end:
                text = [*text, drawn.id] if side == RIGHT else [drawn.id, *text]
            yield side, drawn


def _with_length(sampling: SamplingParams, length: int) -> SamplingParams:
    return replace(sampling, length=length, least=min(sampling.least, length))
