"""The NumPy path and PyTorch's own layers agree on the same weights."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from checkpoints import neutral
from engine.models.language import scoring
from engine.models.language.model import LanguageModel
from engine.models.language.weights import weights
from tests.engine.models.language import samples

SENTENCES = [[5, 9, 30, 7], [11], [5, 9, 31], [40, 41, 42, 43, 44, 45]]


class TorchModel(nn.Module):
    def __init__(self, layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(50, 24)
        self.lstm = nn.LSTM(24, 32, layers, batch_first=True)
        self.output = nn.Linear(32, 50)

    def log_probabilities(self, ids: list[int]) -> torch.Tensor:
        hidden, _ = self.lstm(self.embedding(torch.tensor([[1, *ids]])))
        return torch.log_softmax(self.output(hidden)[0], -1)


@pytest.fixture(params=[1, 2])
def pair(request: pytest.FixtureRequest) -> tuple[TorchModel, LanguageModel]:
    torch.manual_seed(4)
    training = TorchModel(request.param)
    state = {name: tensor.detach().numpy() for name, tensor in training.state_dict().items()}
    arrays, _ = neutral.from_torch(state, ["lstm"])
    kind = samples.description(50, request.param, embedding=24, hidden=32)
    return training, LanguageModel(kind, samples.words(50), weights(arrays, kind))


def test_every_probability_agrees_to_five_digits(pair: tuple[TorchModel, LanguageModel]) -> None:
    training, model = pair
    for sentence in SENTENCES:
        with torch.inference_mode():
            expected = training.log_probabilities(sentence)[-1].numpy()
        scores = model.scores(model.open(sentence))[0]
        found = scores - np.log(np.exp(scores).sum())
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_perplexity_agrees_to_four_digits(pair: tuple[TorchModel, LanguageModel]) -> None:
    training, model = pair
    total, count = 0.0, 0
    with torch.inference_mode():
        for sentence in SENTENCES:
            told = training.log_probabilities(sentence).numpy()
            total += sum(float(told[place, word]) for place, word in enumerate((*sentence, 3)))
            count += len(sentence) + 1
    scored = scoring.score(model, SENTENCES)
    found = scoring.perplexity(sum(one.full_logp for one in scored), count)
    assert found == pytest.approx(math.exp(-total / count), rel=1e-4)
