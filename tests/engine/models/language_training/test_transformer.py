"""The transformer in training: as NumPy computes it, causal, and no wiser than chance on random words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from engine.data.text.vocabulary import RESERVED, Vocabulary
from engine.models.language.model import LanguageModel
from engine.models.language.model_description import Direction, TransformerDescription
from engine.models.language.scoring import score
from engine.models.language.weights import weights
from engine.models.language_training import training
from engine.models.language_training.training import lr_factor, masks
from tests.engine.models.language import torch_layers
from tests.engine.models.language_training.small_models import BATCHES, Pair, make_strict, pairs


def transformer(**changes: Any) -> TransformerDescription:
    facts: dict[str, Any] = {
        "layers": 2, "direction": Direction.FORWARD, "embedding": 16, "heads": 4, "positions": "sinusoidal",
        "vocabulary": 40, "tokeniser": "plain", "corpus": "none", "vocabulary_sha256": "",
    }  # fmt: skip
    return TransformerDescription(**(facts | changes))


@pytest.mark.parametrize("positions", ["sinusoidal", "learned", "none"])
def test_the_loss_is_what_numpy_finds(positions: str) -> None:
    kind = transformer(positions=positions)
    trained = make_strict("torch", kind)
    pair = pairs(1)[0]
    for step in (1, 2, 3):
        trained.train_step(pair.inputs, pair.targets, step, 0.05)
    words = Vocabulary((*RESERVED, *(f"w{n}" for n in range(36))))
    model = LanguageModel(kind, words, weights(trained.weights(), kind))
    sentences = [[int(word) for word in row[1:] if word] for row in pair.inputs]
    found = -math.fsum(one.full_logp for one in score(model, sentences))
    assert trained.summed_loss(pair.inputs, pair.targets) == pytest.approx(found, rel=1e-5)


def check_by_double(made: Any, kind: TransformerDescription, pair: Pair) -> None:
    """The loss of a batch and its gradients are those of PyTorch's own layers in float64."""
    names = [name for name, _ in made.net.named_parameters()]
    given = {name: torch.from_numpy(made.weights()[name]).double().requires_grad_() for name in names}
    scores = torch_layers.logits(kind, given, torch.from_numpy(pair.inputs).long())
    wanted = torch.from_numpy(pair.targets).long().reshape(-1)
    loss = cross_entropy(scores.reshape(-1, kind.vocabulary), wanted, ignore_index=0)
    torch.autograd.backward(loss)
    assert made.train_step(pair.inputs, pair.targets, 1, 0.0) == pytest.approx(loss.item(), rel=1e-6)
    for name, found in made.net.named_parameters():
        expected: Any = given[name].grad
        assert float((found.grad.double() - expected).norm() / expected.norm()) < 5e-6, name


@pytest.mark.parametrize("compiled", [True, False], ids=["compiled loops", "PyTorch alone"])
@pytest.mark.parametrize("batch", BATCHES)
def test_losses_and_gradients_are_those_of_float64(batch: str, compiled: bool) -> None:
    kind = transformer(positions="learned" if batch == "alike" else "sinusoidal")
    made: Any = make_strict("torch", kind, compiled=compiled)
    for step, pair in enumerate(pairs(4), start=1):
        made.train_step(pair.inputs, pair.targets, step, 0.02)
    check_by_double(made, kind, BATCHES[batch])


@pytest.mark.parametrize("shift", [-300.0, 300.0])
def test_logits_far_from_0_lose_no_digits(shift: float) -> None:
    made: Any = make_strict("torch", transformer())
    weights = made.weights()
    weights["output.bias"] += np.float32(shift)
    weights["norm.weight"] *= 5
    made.load_weights(weights)
    check_by_double(made, transformer(), BATCHES["random"])


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_what_comes_later_changes_nothing_before_it(precision: str) -> None:
    trained: Any = make_strict("torch", transformer(), precision=precision)
    first = torch.tensor([[1, 5, 9, 7, 12]]).T
    other = torch.tensor([[1, 5, 9, 30, 4]]).T
    with torch.no_grad():
        one, two = (trained.net(words, [], trained.dtype) for words in (first, other))
    assert torch.equal(one[:3], two[:3])
    assert not torch.equal(one[3:], two[3:])


@pytest.mark.parametrize("direction", list(Direction))
def test_random_words_are_predicted_no_better_than_by_chance(direction: Direction) -> None:
    """In as many steps a network that sees the words to come has a perplexity below 2."""
    size = 12
    words = 8
    trained = make_strict("torch", transformer(vocabulary=size, direction=direction))
    rng = np.random.default_rng(1)

    def batch(sentences: int) -> tuple[Any, Any]:
        drawn = rng.integers(4, size, (sentences, 4), dtype=np.int32)
        start = np.ones((sentences, 1), np.int32)
        return np.hstack([start, drawn[:, :-1]]), drawn

    for step in range(1, 301):
        trained.train_step(*batch(16), step, 0.01)
    inputs, targets = batch(200)
    found = math.exp(trained.summed_loss(inputs, targets) / targets.size)
    assert 0.99 * words <= found < 1.1 * words


def test_dropout_is_of_each_word_and_a_function_of_seed_and_step() -> None:
    made = masks(transformer(), 0.3, (4, 9), seed=1, step=7)
    assert [mask.shape for mask in made] == [(4, 9, 16)] * 5
    kept = np.concatenate([mask.ravel() for mask in made])
    assert set(np.unique(kept)) == {0.0, np.float32(1 / 0.7)}
    assert np.mean(kept > 0) == pytest.approx(0.7, abs=0.05)
    assert np.array_equal(made[3], masks(transformer(), 0.3, (4, 9), 1, 7)[3])
    assert not np.array_equal(made[3], masks(transformer(), 0.3, (4, 9), 1, 8)[3])
    assert not np.array_equal(made[3], masks(transformer(), 0.3, (4, 9), 2, 7)[3])


def test_initial_weights_are_a_function_of_the_seed() -> None:
    one, same, other = (training.weights(transformer(), seed) for seed in (1, 1, 2))
    assert all(np.array_equal(one[name], same[name]) for name in one)
    assert not np.array_equal(one["blocks.0.in_proj.weight"], other["blocks.0.in_proj.weight"])


def test_decay_takes_its_share_of_every_matrix_in_a_step_and_of_nothing_else() -> None:
    pair = pairs(1)[0]
    plain, decayed = (make_strict("torch", transformer(), decay=decay) for decay in (0.0, 0.5))
    before = plain.weights()
    for trained in (plain, decayed):
        trained.train_step(pair.inputs, pair.targets, 1, 0.01)
    for name, found in decayed.weights().items():
        share = 0.5 * 0.01 * before[name] if before[name].ndim > 1 else 0
        np.testing.assert_allclose(found, plain.weights()[name] - share, atol=1e-6, err_msg=name)


def test_the_learning_rate_rises_in_proportion_to_the_step_and_then_follows_its_schedule() -> None:
    assert [lr_factor("constant", step, 100, 4) for step in (1, 2, 4, 5, 100)] == [0.25, 0.5, 1, 1, 1]
    assert lr_factor("cosine", 51, 100, 4) == pytest.approx(0.5)
    assert lr_factor("cosine", 1, 100, 0) == 1
