"""What cannot be is refused in one line that says what was expected."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import ParamError
from engine.sampling import SamplingParams, check_length, check_seed

NAN, INF = float("nan"), float("inf")
BAD: list[tuple[str, Any]] = [
    *(("temperature", value) for value in (-0.1, 1e-9, NAN, INF, -INF, "hot", None, True)),
    *(("top_p", value) for value in (0, -1, 1.01, NAN, "x")),
    *(("top_k", value) for value in (-1, 2.5, NAN)),
    *(("repetition", value) for value in (0.5, 0, NAN)),
    *(("length", value) for value in (0, -3, 10**9, 2.5)),
    *(("least", value) for value in (-1, 10**9)),
]


@pytest.mark.parametrize(("name", "value"), BAD, ids=lambda value: str(value))
def test_a_value_out_of_bounds_is_named(name: str, value: Any) -> None:
    with pytest.raises(ParamError) as caught:
        SamplingParams(**{name: value})
    assert caught.value.message.startswith(f"{name}: expected ")
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, "1", True])
def test_a_seed_out_of_bounds_is_refused(seed: object) -> None:
    with pytest.raises(ParamError, match="seed: expected a whole number"):
        check_seed(seed)


def test_a_seed_text_as_long_as_the_sentence_is_refused() -> None:
    with pytest.raises(ParamError, match="the seed has 7 words already"):
        check_length(7, 7)
    check_length(7, 6)


def test_least_must_not_exceed_the_length() -> None:
    with pytest.raises(ParamError, match="least: expected at most the length, 5, got 6"):
        SamplingParams(length=5, least=6, until_end=True)
