"""Reports where the answer is known by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.models.images.classification import (
    balanced_accuracy,
    images_in_cell,
    losses,
    misclassified,
    report,
)

LABELS = np.array([0, 0, 0, 1, 1, 2])
LOGITS = np.full((6, 10), -20, dtype=np.float32)
for row, (predicted, sureness) in enumerate([(0, 5), (0, 1), (1, 9), (1, 2), (0, 3), (2, 4)]):
    LOGITS[row, predicted] = sureness


def test_precision_recall_and_support_by_hand() -> None:
    found = report(LOGITS, LABELS)
    zero, one, two, three = found.classes[:4]
    assert (zero.precision, zero.recall, zero.support) == pytest.approx((2 / 3, 2 / 3, 3))
    assert (one.precision, one.recall, one.f1) == pytest.approx((1 / 2, 1 / 2, 1 / 2))
    assert (two.precision, two.recall, two.f1, two.support) == (1, 1, 1, 1)
    assert (three.precision, three.recall, three.support) == (0, 0, 0)
    assert found.accuracy == pytest.approx(4 / 6)
    assert found.weighted.recall == pytest.approx(4 / 6) and found.macro.support == 6
    assert found.confusion[0][:3] == (2, 1, 0) and found.confusion[1][:3] == (1, 1, 0)
    assert found.balanced_accuracy == pytest.approx((2 / 3 + 1 / 2 + 1) / 3)
    assert found.balanced_accuracy == balanced_accuracy(LOGITS.argmax(axis=1), LABELS)


def test_the_order_of_a_cell_and_of_the_most_wrong() -> None:
    assert images_in_cell(LOGITS, LABELS, 0, 0).tolist() == [1, 0]
    assert images_in_cell(LOGITS, LABELS, 0, 1).tolist() == [2]
    both = np.array([0, 0])  # the second is less sure of 1, but gives the true 0 a far smaller probability
    shared = np.array([[4, 5, *[-9] * 8], [-20, 5, 4.9, *[-9] * 7]], dtype=np.float32)
    assert losses(shared, both).argmax() == 1 and images_in_cell(shared, both, 0, 1).tolist() == [1, 0]
    assert misclassified(LOGITS, LABELS).tolist() == [2, 4]
    assert images_in_cell(LOGITS, LABELS, 5, 5).tolist() == []


def test_the_loss_of_huge_logits_is_finite() -> None:
    found = losses(np.array([[1e4, 0], [1e4, 0]], dtype=np.float32), np.array([0, 1]))
    assert found.tolist() == [0, 1e4]
