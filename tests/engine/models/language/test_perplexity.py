"""The perplexity of a trained model is the same in its framework and in NumPy."""

from __future__ import annotations

import pytest

from engine.models.language.model import LanguageModel
from engine.models.language.model_description import Direction
from engine.models.language.scoring import perplexity, score
from engine.models.language.weights import weights
from tests.engine.models.language import samples
from tests.engine.models.language_training.small_models import FRAMEWORKS, kind, make_strict, pairs, tied


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize(
    "described", [kind(layers=2), tied(direction=Direction.REVERSED)], ids=["two layers", "tied"]
)
def test_both_frameworks_agree_with_numpy_to_four_digits(
    framework: str, described: samples.ModelDescription
) -> None:
    training = make_strict(framework, described)
    batches = pairs(6)
    for step, pair in enumerate(batches, 1):
        training.train_step(pair.inputs, pair.targets, step, 0.05)
    model = LanguageModel(described, samples.words(40), weights(training.weights(), described))
    read = [row[row > 1].tolist() for pair in batches for row in pair.inputs]
    scored = score(model, [model.in_reading_order(words) for words in read], ranks=False)
    count = sum(len(words) + 1 for words in read)
    total = sum(training.summed_loss(pair.inputs, pair.targets) for pair in batches)
    found = perplexity(sum(one.full_logp for one in scored), count)
    assert found == pytest.approx(perplexity(-total, count), rel=1e-4)
