"""What is captured on a GPU keeps the rules of CUDA graphs: it waits for nothing, brings nothing from Python,
and reads and writes the same memory each time."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.optim import Adam

from checkpoints.torch_io import strict_mode
from engine.experiments import mnist, mnist_recipe
from engine.models.captured_updates import STEPS, CapturedUpdates
from engine.models.images.random_affine import affine_matrices
from engine.models.language_training.torch_gpu_training import GpuTraining
from engine.models.xor.batch.arrays import ACTIVATIONS, LOSSES, OPTIMIZERS, NetGroup
from engine.models.xor.batch.device_trainer import BLOCK, NetworkTensors
from tests.engine.models.capture_rules import checked_graph
from tests.engine.models.language_training.small_models import kind, pairs, tied
from tests.engine.models.language_training.test_torch_gpu_training import transformer

IMAGES, BATCH = 40, 4


@pytest.fixture(autouse=True)
def one_thread() -> None:
    strict_mode(1, 1)


def pixels() -> tuple[Tensor, Tensor]:
    return torch.randint(256, (IMAGES, 28, 28)).to(torch.uint8), torch.arange(IMAGES) % 10


def refusal(body: Any) -> str:
    with pytest.raises((RuntimeError, AssertionError)) as told:
        checked_graph(body)()
    return str(told.value)


def test_what_a_capture_refuses_is_refused_here() -> None:
    x, made = torch.arange(4.0), [torch.zeros(4)]
    assert "_local_scalar_dense" in refusal(lambda: x.sum().item())
    assert "nonzero" in refusal(lambda: x.nonzero())
    assert "lift_fresh" in refusal(lambda: x + torch.tensor([1.0, 2.0, 3.0, 4.0]))
    assert "by a mask" in refusal(lambda: x[x > 1])

    def elsewhere_each_time() -> None:
        made.append(made[-1] + x)

    assert "not where they were at the capture" in refusal(elsewhere_each_time)
    checked_graph(lambda: x.add_(1).sum())()


@pytest.mark.parametrize("model", ["logistic", "mlp", "single_conv", "double_conv", "double_conv_dropout"])
def test_updates_of_mnist(model: str) -> None:
    images = mnist.TrainingImages(*pixels())
    net = mnist.network(model, 28)
    optimizer = Adam(net.parameters(), fused=True)
    update = mnist.torch_update(net, optimizer, images)
    said: list[str] = []
    captured = CapturedUpdates(update, [net], optimizer, said.append, checked_graph)
    for count in (STEPS, 3, STEPS):
        chosen = torch.randint(IMAGES, (count, BATCH))
        assert len(captured([(one, 0.01) for one in chosen])) == count
    assert said == []


@pytest.mark.parametrize("name", mnist_recipe.RECIPES)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_updates_of_the_mnist_recipes(name: str, precision: str) -> None:
    recipe = mnist_recipe.RECIPES[name]
    shown_pixels, labels = pixels()
    shown = mnist_recipe.images(shown_pixels.numpy(), labels.numpy(), "cpu")
    net = mnist_recipe.network(name, 28)
    result = mnist_recipe.average_of(net) if recipe.average else net
    optimizer = Adam(net.parameters(), fused=True)
    update = mnist_recipe.make_update(net, result, optimizer, recipe, precision, shown)
    said: list[str] = []
    captured = CapturedUpdates(update, [net, result], optimizer, said.append, checked_graph)
    for start in (0, STEPS):
        inputs = [(torch.randint(IMAGES, (BATCH,)), 0.01, 0.1) for _ in range(STEPS)]
        captured([
            (*one, affine_matrices(recipe.affine, BATCH, 1, start + at)) if recipe.affine else one
            for at, one in enumerate(inputs)
        ])  # fmt: skip
    assert said == []


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize(
    "model", [kind(), tied(layers=2), transformer()], ids=["LSTM", "two layers", "transformer"]
)
def test_gradients_of_language_models(model: Any, precision: str) -> None:
    said: list[str] = []
    training = GpuTraining(
        model, seed=1, dropout=0.2, precision=precision, report=said.append, capture=checked_graph
    )
    for step, pair in enumerate(pairs(6), start=1):
        training.train_step(pair.inputs, pair.targets, step, 0.01)
    assert said == []


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_epochs_of_xor_networks(
    activation: str, loss: str, optimizer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for hidden, bypass, validates in ((2, False, True), (0, True, False), (3, True, True)):
        group = NetGroup(hidden, bypass, activation, loss, optimizer, validates)
        tensors = NetworkTensors(group, 64, "cpu", checked_graph, None)
        for done in (0, BLOCK + 3):
            tensors.train(done, BLOCK + 3)
    assert capsys.readouterr().out == ""
