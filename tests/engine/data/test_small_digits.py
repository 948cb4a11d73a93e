"""The fallback for MNIST."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from engine.data.labelled_images import load_small_digits
from engine.errors import DataError


def test_all_1797_digits_are_there_in_the_shape_of_the_contract() -> None:
    digits = load_small_digits()
    assert digits.train_images.shape == (1437, 8, 8) and digits.test_images.shape == (360, 8, 8)
    assert digits.train_labels.shape == (1437,) and digits.test_labels.shape == (360,)
    arrays = (digits.train_images, digits.train_labels, digits.test_images, digits.test_labels)
    assert all(array.dtype == np.uint8 for array in arrays)


def test_grey_levels_span_0_to_255_and_nothing_of_the_picture_is_lost() -> None:
    digits = load_small_digits()
    images = np.concatenate([digits.train_images, digits.test_images])
    assert (images.min(), images.max()) == (0, 255)
    np.testing.assert_array_equal(np.rint(images * (16 / 255)), load_digits().images)


def test_both_parts_hold_every_class() -> None:
    digits = load_small_digits()
    assert set(digits.train_labels) == set(digits.test_labels) == set(range(10))


def test_the_notice_says_what_happened_and_what_to_do() -> None:
    digits = load_small_digits()
    assert digits.source == "digits"
    assert digits.notice.startswith(
        "MNIST could not be found or downloaded: training on scikit-learn's 1,797 8x8"
    )
    assert "DLTUI_DATA" in digits.notice


def test_without_scikit_learn_the_error_names_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(DataError) as failed:
        load_small_digits()
    assert "scikit-learn" in failed.value.message and "DLTUI_DATA" in failed.value.remedy
