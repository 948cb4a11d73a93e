"""Weights and products, against the numbers of the notebook."""

from __future__ import annotations

import pytest

from engine.experiments.mnist import network
from engine.models.images import conv_net
from tests.engine.models.images.nets import numpy_of


@pytest.mark.parametrize(
    ("model", "parameters", "macs"),
    [
        ("logistic", 7_850, 784 * 10),
        ("mlp", 199_210, 784 * 200 + 200 * 200 + 200 * 10),
        ("single_conv", 1_014_924, 784 * 125 + 980 * 1024 + 1024 * 10),
        ("double_conv", 262_914, 784 * 125 + 196 * 625 + 245 * 1024 + 1024 * 10),
        ("double_conv_dropout", 262_914, 784 * 125 + 196 * 625 + 245 * 1024 + 1024 * 10),
    ],
)
def test_the_layer_costs_add_up(model: str, parameters: int, macs: int) -> None:
    entries = conv_net.layer_costs(numpy_of(network(model, 28)))
    assert sum(entry.parameters for entry in entries) == parameters
    assert sum(entry.macs for entry in entries) == macs
    assert entries[-1].shape == (10,)
