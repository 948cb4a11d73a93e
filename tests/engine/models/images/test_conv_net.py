"""The NumPy network against PyTorch: logits, every map, gradients to the picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from engine.experiments.mnist import network
from engine.models.images import architecture
from engine.models.images.architecture_from_torch import architecture_of, arrays_of
from engine.models.images.conv_net import softmax
from engine.models.images.layers import MaxPool
from tests.engine.models.images.nets import entered, numpy_of, pictures, with_norms

MODELS = ("logistic", "mlp", "single_conv", "double_conv", "double_conv_dropout")


def build(model: str, side: int) -> torch.nn.Sequential:
    torch.manual_seed(3)
    return with_norms(side) if model == "with_norms" else network(model, side).eval()


@pytest.mark.parametrize("side", [28, 8])
@pytest.mark.parametrize("model", MODELS)
def test_the_logits_are_those_of_pytorch(model: str, side: int) -> None:
    net, images = build(model, side), pictures(130, side)
    theirs = net(entered(images)).detach().numpy()
    np.testing.assert_allclose(numpy_of(net).logits(images), theirs, atol=1e-5)


def test_batch_norms_without_padding_and_bias_are_understood() -> None:
    net, images = build("with_norms", 28), pictures(9, 28)
    theirs = net(entered(images)).detach().numpy()
    np.testing.assert_allclose(numpy_of(net).logits(images), theirs, atol=2e-5)


@pytest.mark.parametrize("model", ["double_conv", "with_norms", "mlp"])
def test_a_map_is_shown_before_and_after_its_relu(model: str) -> None:
    net, image = build(model, 28), pictures(1, 28)
    seen, logits = numpy_of(net).activations(image[0])
    x, expected = entered(image), {}
    for name, layer in net.named_children():
        x = layer(x)
        if name in ("conv1", "hidden1", "output"):
            expected[name] = x
        elif name == "norm1":
            expected["conv1"] = x
    found = {one.name: one for one in seen}
    for name, theirs in expected.items():
        before = theirs[0].detach().numpy()
        np.testing.assert_allclose(found[name].before, before, atol=1e-5)
        after = before if name == "output" else np.maximum(before, 0)
        np.testing.assert_allclose(found[name].after, after, atol=1e-5)
    np.testing.assert_allclose(logits, x[0].detach().numpy(), atol=1e-5)


@pytest.mark.parametrize("model", [*MODELS, "with_norms"])
def test_the_gradient_by_the_image_is_that_of_pytorch(model: str) -> None:
    net, image = build(model, 28), pictures(1, 28)
    x = entered(image).requires_grad_()
    net(x)[0, 4].backward()
    assert x.grad is not None
    theirs = x.grad[0, 0].numpy() / 127.5
    np.testing.assert_allclose(numpy_of(net).gradient(image[0], 4), theirs, atol=1e-6)


def test_a_wide_network_takes_smaller_chunks_with_the_same_logits() -> None:
    torch.manual_seed(1)
    wide = nn.Sequential(
        nn.Conv2d(1, 40, 3, padding=1), nn.ReLU(), nn.Conv2d(40, 4, 5), nn.Flatten(), nn.Linear(4 * 576, 10)
    )
    net = architecture.build(arrays_of(wide), architecture_of(wide, 28))
    images = pictures(7, 28)
    assert net.chunk_size() == 2 and build_chunk("double_conv") == 64 and build_chunk("logistic") == 256
    np.testing.assert_allclose(net.logits(images), wide(entered(images)).detach().numpy(), atol=1e-5)


def build_chunk(model: str) -> int:
    return numpy_of(network(model, 28)).chunk_size()


def test_pooling_leaves_out_what_is_left_over_at_an_odd_edge() -> None:
    maps = np.random.default_rng(1).standard_normal((3, 7, 5, 2)).astype(np.float32)
    theirs = torch.nn.functional.max_pool2d(torch.from_numpy(maps).permute(3, 0, 1, 2), 2)
    np.testing.assert_array_equal(MaxPool("pool").forward(maps), theirs.permute(1, 2, 3, 0).numpy())


def test_probabilities_of_huge_logits_are_finite_and_sum_to_one() -> None:
    found = softmax(np.array([[1e4, -1e4, 0.0], [0.0, 0.0, 0.0]], dtype=np.float32))
    assert found[0].tolist() == [1, 0, 0] and found.sum(axis=1) == pytest.approx([1, 1])
