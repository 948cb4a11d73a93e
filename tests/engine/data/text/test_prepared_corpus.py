"""Sentences as two arrays."""

from __future__ import annotations

import numpy as np
import pytest

from engine.data.text.prepared_corpus import Sentences

THREE = Sentences(np.array([5, 6, 7, 8, 9, 10], np.int32), np.array([0, 2, 3, 6]))


def test_sentences_are_slices_of_one_array() -> None:
    assert len(THREE) == 3 and [ids.tolist() for ids in THREE] == [[5, 6], [7], [8, 9, 10]]
    assert THREE[1].tolist() == [7] and np.shares_memory(THREE[2], THREE.ids)


def test_a_prediction_is_made_for_every_word_and_every_end() -> None:
    assert THREE.lengths.tolist() == [2, 1, 3] and THREE.predictions == 9


@pytest.mark.parametrize("number", [-1, 3])
def test_a_sentence_that_is_not_there_is_an_index_error(number: int) -> None:
    with pytest.raises(IndexError, match=f"sentence {number} of 3"):
        THREE[number]
