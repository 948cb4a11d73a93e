"""Cached inputs equal computed ones bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from engine.models.language import lstm
from engine.models.language.generation import generate
from engine.sampling import SamplingParams
from tests.engine.models.language import samples


@pytest.mark.parametrize("limit", [0, 1 << 20])
def test_a_word_adds_the_same_each_time(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(lstm, "MAX_BYTES", limit)
    weights = samples.model().weights
    inputs = lstm.InputCache(weights)
    for word in (5, 12, 5, 0):
        expected = lstm.project_inputs(weights, weights.embedding[word : word + 1])
        assert inputs.get(word).tobytes() == expected.tobytes()
        assert inputs.get(word).shape == (1, 16)


def test_a_sentence_does_not_depend_on_earlier_requests() -> None:
    fresh, used = samples.model(seed=4), samples.model(seed=4)
    for seed in range(5):
        list(generate(used, [], SamplingParams(length=30), seed))
    one, other = (list(generate(model, [5], SamplingParams(length=30), 9)) for model in (fresh, used))
    assert one == other
    assert np.isfinite([word.logp for word in one]).all()
