"""Metrics of a ten-class classifier: the classification report and the confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.models.images.layers import Floats

CLASSES = 10
Labels = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class ClassScores:
    """Scores of one class, or averages over all; `support` is the number of images."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Report:
    """`confusion[true][predicted]` counts images; `loss` is the mean cross-entropy."""

    classes: tuple[ClassScores, ...]
    macro: ClassScores
    weighted: ClassScores
    accuracy: float
    balanced_accuracy: float
    loss: float
    confusion: tuple[tuple[int, ...], ...]


def report(logits: Floats, labels: Labels) -> Report:
    """The report of logits (N, 10) and labels (N,). A class that was never predicted has precision 0."""
    from sklearn import metrics  # takes a second to import

    predicted, every = logits.argmax(axis=1), list(range(CLASSES))

    def scores(average: str | None) -> tuple[NDArray[np.float64], ...]:
        found: tuple[NDArray[np.float64], ...] = metrics.precision_recall_fscore_support(
            labels, predicted, labels=every, average=average, zero_division=0
        )
        return found

    confusion = metrics.confusion_matrix(labels, predicted, labels=every)
    return Report(
        classes=tuple(
            ClassScores(float(p), float(r), float(f), int(n))
            for p, r, f, n in zip(*scores(None), strict=True)
        ),
        macro=_average(scores("macro"), len(labels)),
        weighted=_average(scores("weighted"), len(labels)),
        accuracy=float((predicted == labels).mean()),
        balanced_accuracy=balanced_accuracy(predicted, labels),
        loss=float(losses(logits, labels).mean()),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def balanced_accuracy(predicted: Labels, labels: Labels) -> float:
    """The mean recall over the classes that occur in `labels`."""
    there = np.unique(labels)
    return float(np.mean([(predicted[labels == label] == label).mean() for label in there]))


def losses(logits: Floats, labels: Labels) -> Floats:
    """Cross-entropy of each image (N,)."""
    peaks = logits.max(axis=1)
    total = peaks + np.log(np.exp(logits - peaks[:, None]).sum(axis=1))
    found: Floats = total - logits[np.arange(len(labels)), labels]
    return found


def images_in_cell(logits: Floats, labels: Labels, true: int, predicted: int) -> NDArray[np.intp]:
    """Indices of the images of class `true` predicted as `predicted`, the largest cross-entropy first."""
    there = np.nonzero((labels == true) & (logits.argmax(axis=1) == predicted))[0]
    return there[np.argsort(log_odds(logits[there], labels[there]), kind="stable")]


def misclassified(logits: Floats, labels: Labels) -> NDArray[np.intp]:
    """Indices of all misclassified images, the largest cross-entropy first."""
    wrong = np.nonzero(logits.argmax(axis=1) != labels)[0]
    return wrong[np.argsort(log_odds(logits[wrong], labels[wrong]), kind="stable")]


def log_odds(logits: Floats, chosen: Labels) -> NDArray[np.float64]:
    """Log odds of the chosen class against all others (N,): they differ where probabilities round to 1."""
    rows = np.arange(len(chosen))
    others = logits.astype(np.float64)
    others[rows, chosen] = -np.inf
    peaks = others.max(axis=1)
    against = peaks + np.log(np.exp(others - peaks[:, None]).sum(axis=1))
    odds: NDArray[np.float64] = logits[rows, chosen] - against
    return odds


def _average(found: tuple[NDArray[np.float64], ...], support: int) -> ClassScores:
    precision, recall, f1, _ = found
    return ClassScores(float(precision), float(recall), float(f1), support)
