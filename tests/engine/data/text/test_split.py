"""The split: 80 % train, 10 % validation, 10 % test."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.text.split import LEAST, split


@pytest.mark.parametrize(
    ("sentences", "counts"), [(3, [1, 1, 1]), (10, [8, 1, 1]), (25_014, [20_012, 2_501, 2_501])]
)
def test_parts_have_their_share(sentences: int, counts: list[int]) -> None:
    assert np.bincount(split(sentences, 42), minlength=3).tolist() == counts


def test_no_part_is_empty_from_the_least_on() -> None:
    assert all(np.bincount(split(count, 1), minlength=3).min() > 0 for count in range(LEAST, 40))


def test_the_split_is_a_function_of_the_seed() -> None:
    assert split(100, 1).tolist() == split(100, 1).tolist() != split(100, 2).tolist()
