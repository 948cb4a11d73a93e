"""A network written down and built again computes the same; what cannot be written down is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from engine.experiments.mnist import network
from engine.models.images import architecture
from engine.models.images.architecture_from_torch import architecture_of, arrays_of
from tests.engine.models.images.nets import entered, pictures, with_norms


def built(net: nn.Sequential, side: int = 28) -> np.ndarray:
    """Logits of three pictures, by way of the blueprint."""
    return architecture.build(arrays_of(net), architecture_of(net, side)).logits(pictures(3, side))


@pytest.mark.parametrize("model", ["logistic", "mlp", "single_conv", "double_conv", "double_conv_dropout"])
def test_the_networks_of_the_lesson(model: str) -> None:
    net = network(model, 28).eval()
    np.testing.assert_allclose(built(net), net(entered(pictures(3, 28))).detach().numpy(), atol=1e-5)


def test_a_recipe_with_norms_behind_dense_layers_and_odd_sizes() -> None:
    torch.manual_seed(2)
    net = nn.Sequential(
        nn.Conv2d(1, 6, 3, padding="same"), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(3), nn.Dropout2d(0.3),
        nn.Conv2d(6, 7, 4), nn.ReLU(), nn.Flatten(), nn.Linear(7 * 36, 20), nn.BatchNorm1d(20), nn.ReLU(),
        nn.Linear(20, 10), nn.BatchNorm1d(10, eps=1e-3),
    )  # fmt: skip
    net(entered(pictures(30, 28)))  # moves the statistics
    net.eval()
    np.testing.assert_allclose(built(net), net(entered(pictures(3, 28))).detach().numpy(), atol=1e-5)


def test_the_shapes_alone_may_mislead_where_the_plan_does_not() -> None:
    net = with_norms()
    assert [line["kind"] for line in architecture_of(net, 28).layers][:4] == [
        "conv",
        "batch_norm",
        "pool",
        "relu",
    ]


@pytest.mark.parametrize(
    "layer",
    [
        nn.GELU(), nn.Conv2d(1, 4, 3, stride=2), nn.Conv2d(4, 4, 3, groups=2), nn.MaxPool2d(3, stride=2),
        nn.Conv2d(1, 4, (3, 5), padding="same"), nn.Conv2d(1, 4, 4, padding="same"),
    ],
)  # fmt: skip
def test_what_numpy_does_not_have_is_refused(layer: nn.Module) -> None:
    with pytest.raises(ValueError, match=r"cannot be looked into|unequally"):
        architecture_of(nn.Sequential(layer), 28)
