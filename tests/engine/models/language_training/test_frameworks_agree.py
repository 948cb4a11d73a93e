"""Both frameworks and a NumPy model have the same losses for the same weights and batches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from engine.data.text.vocabulary import RESERVED, Vocabulary
from engine.models.language.model import LanguageModel
from engine.models.language.model_description import ModelDescription
from engine.models.language.weights import weights
from engine.models.language_training import keras_planned, torch_planned
from tests.engine.models.language_training.small_models import FRAMEWORKS, kind, make_strict, pairs, tied

KINDS = {"one layer": kind(), "two layers": kind(layers=2), "tied": tied(), "tied, two": tied(layers=2)}


def losses(framework: str, of: ModelDescription, steps: int, **options: Any) -> list[float]:
    training = make_strict(framework, of, **options)
    batches = pairs(10)
    return [
        training.train_step((pair := batches[step % 10]).inputs, pair.targets, step, 0.01)
        for step in range(1, steps + 1)
    ]


@pytest.mark.long
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("options", [{}, {"dropout": 0.4}, {"clip": 0.05}], ids=str)
def test_the_losses_agree_after_one_step_and_after_a_hundred(name: str, options: dict[str, Any]) -> None:
    one, other = (losses(framework, KINDS[name], 100, **options) for framework in FRAMEWORKS)
    assert one[:2] == pytest.approx(other[:2], rel=1e-4)
    assert one == pytest.approx(other, abs=1e-2)
    assert one[-1] < one[0] - 0.2


@pytest.mark.parametrize("optimizer", ["momentum", "sgd"])
def test_the_losses_agree_with_other_optimizers(optimizer: str) -> None:
    one, other = (losses(framework, kind(), 20, optimizer=optimizer) for framework in FRAMEWORKS)
    assert one == pytest.approx(other, rel=1e-4)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_in_bfloat16_each_step_has_nearly_the_same_loss(framework: str) -> None:
    exact = losses(framework, kind(layers=2), 40)
    assert losses(framework, kind(layers=2), 40, precision="bf16") == pytest.approx(exact, abs=0.03)


@pytest.mark.long
@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("name", KINDS)
def test_the_loss_is_what_numpy_finds_word_by_word(framework: str, name: str) -> None:
    training = make_strict(framework, KINDS[name])
    pair = pairs(1)[0]
    training.train_step(pair.inputs, pair.targets, 1, 0.05)
    words = Vocabulary((*RESERVED, *(f"w{n}" for n in range(36))))
    model = LanguageModel(KINDS[name], words, weights(training.weights(), KINDS[name]))
    assert training.summed_loss(pair.inputs, pair.targets) == pytest.approx(_by_hand(model, pair), rel=1e-4)


def _by_hand(model: LanguageModel, pair: Any) -> float:
    total = 0.0
    for inputs, targets in zip(pair.inputs, pair.targets, strict=True):
        state = None
        for word, target in zip(inputs[targets > 0], targets[targets > 0], strict=True):
            state = model.network.read([int(word)], state)
            scores = model.scores(state)[0].astype(np.float64)
            total += np.log(np.exp(scores).sum()) - scores[target]
    return total


SEVEN_ROWS = {"CPU": 7, torch.float32: 7, torch.bfloat16: 7}


@pytest.mark.parametrize(
    ("framework", "module"), zip(FRAMEWORKS, (torch_planned, keras_planned), strict=True)
)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_the_size_of_a_chunk_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, framework: str, module: Any, precision: str
) -> None:
    whole = losses(framework, kind(), 12, precision=precision)
    monkeypatch.setattr(module, "CHUNK_ROWS", SEVEN_ROWS)
    exactness = 1e-5 if precision == "fp32" else 2e-3
    assert losses(framework, kind(), 12, precision=precision) == pytest.approx(whole, rel=exactness)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_target_that_was_given_no_chance_has_a_finite_loss(framework: str) -> None:
    training = make_strict(framework, kind(), precision="bf16")
    weights = training.weights()
    weights["output.bias"][3] = -500.0
    training.load_weights(weights)
    pair = pairs(1)[0]
    assert np.isfinite(training.train_step(pair.inputs, pair.targets, 1, 0.01))


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_padding_changes_nothing(framework: str) -> None:
    pair = pairs(1)[0]
    inputs, targets = (np.pad(part, ((0, 0), (0, 7))) for part in (pair.inputs, pair.targets))
    one, other = make_strict(framework, kind()), make_strict(framework, kind())
    assert one.train_step(pair.inputs, pair.targets, 1, 0.01) == pytest.approx(
        other.train_step(inputs, targets, 1, 0.01), rel=1e-6
    )
    assert one.summed_loss(pair.inputs, pair.targets) == pytest.approx(
        other.summed_loss(inputs, targets), rel=1e-5
    )


@pytest.mark.long
@pytest.mark.parametrize(("writer", "reader"), [FRAMEWORKS, FRAMEWORKS[::-1]])
@pytest.mark.parametrize("name", KINDS)
def test_weights_of_one_give_the_other_the_same_perplexity(writer: str, reader: str, name: str) -> None:
    one, other = make_strict(writer, KINDS[name]), make_strict(reader, KINDS[name])
    pair = pairs(1)[0]
    for step in range(1, 6):
        one.train_step(pair.inputs, pair.targets, step, 0.05)
    found = one.summed_loss(pair.inputs, pair.targets)
    assert other.summed_loss(pair.inputs, pair.targets) != pytest.approx(found, rel=1e-2)
    other.load_weights(one.weights())
    assert other.summed_loss(pair.inputs, pair.targets) == pytest.approx(found, rel=1e-5)


@pytest.mark.parametrize(("layers", "count"), [(1, 6_140_368), (2, 6_665_680)])
def test_keras_counts_as_many_weights_as_the_notebook(layers: int, count: int) -> None:
    from engine.models.language_training.keras_training import network

    full = kind(layers=layers, embedding=300, hidden_size=256, vocabulary=10_000)
    assert network(full).count_params() == count
    assert sum(int(np.prod(shape)) for shape in full.shapes().values()) == count
