"""Sketches of a network: small enough, and of what the network really sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from engine.experiments.mnist import network
from engine.models.images import architecture
from engine.models.images.architecture import infer
from engine.models.images.architecture_from_torch import arrays_of
from engine.models.images.live_images import LiveImages
from engine.worker.sketches import NUMBERS, sketch_to_json
from tests.engine.models.images.nets import entered, pictures, with_norms


@pytest.mark.parametrize("side", [28, 8])
@pytest.mark.parametrize("model", ["logistic", "mlp", "single_conv", "double_conv"])
def test_a_sketch_of_every_network_fits(model: str, side: int) -> None:
    tensors = arrays_of(network(model, side))
    parts = LiveImages(infer(tensors), pictures(4, side)).parts(tensors)
    assert sketch_to_json(parts)
    convolutions = {"single_conv": 1, "double_conv": 2}.get(model, 0)
    assert sum(name.startswith("maps/") for name in parts) == convolutions
    assert sum(name.startswith("filters/") for name in parts) == max(1, convolutions)


def test_a_wide_recipe_is_cut_down_to_fit() -> None:
    net = torch.nn.Sequential()
    net.add_module("conv1", torch.nn.Conv2d(1, 64, 5, padding=2))
    net.add_module("conv2", torch.nn.Conv2d(64, 128, 3, padding=1))
    net.add_module("output", torch.nn.Linear(128 * 784, 10))
    tensors = arrays_of(net)
    parts = LiveImages(infer(tensors), pictures(4, 28)).parts(tensors)
    assert 0 < sum(np.size(part) for part in parts.values()) <= NUMBERS
    assert np.shape(parts["filters/conv2"]) == (16, 5, 3, 3)


def test_maps_are_what_the_next_layer_sees_and_filters_the_weights() -> None:
    torch.manual_seed(1)
    net, images = with_norms(), pictures(4, 28)
    parts = LiveImages(infer(arrays_of(net)), images).parts(arrays_of(net))
    with torch.no_grad():
        x = net.norm1(net.conv1(entered(images)))
        seen = F.relu(F.max_pool2d(x, 2)).numpy()
    found = np.array(parts["maps/conv1"], dtype=float)
    np.testing.assert_allclose(found / 255 * seen.max(), seen, atol=seen.max() / 255)
    np.testing.assert_array_equal(parts["filters/conv1"], net.conv1.weight.detach().numpy())


def test_the_description_reads_back_as_the_same_order() -> None:
    tensors = arrays_of(network("double_conv", 28))
    shown = LiveImages(infer(tensors), pictures(1, 28))
    assert architecture.read(dict(shown.description())) == shown.plan
