"""Networks with random weights, of PyTorch and of NumPy, and pictures to show them."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.models.images import architecture
from engine.models.images.conv_net import ConvNet


def numpy_of(net: nn.Sequential) -> ConvNet:
    """The same network out of its tensors alone."""
    tensors = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    tensors = {name: array for name, array in tensors.items() if not name.endswith("num_batches_tracked")}
    return architecture.build(tensors, architecture.infer(tensors))


def entered(images: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(images).float().div_(127.5).sub_(1).unsqueeze(1)


def pictures(count: int, side: int) -> NDArray[np.uint8]:
    """Random, with an even background at the top, where pooling has to choose among equals."""
    images = np.random.default_rng(5).integers(0, 256, (count, side, side), dtype=np.uint8)
    images[:, : side // 3] = 0
    return images


def with_norms(side: int = 28) -> nn.Sequential:
    """As a recipe might have it: 3x3, no padding, no bias, batch norm with moved statistics."""
    layers = nn.Sequential()
    for n, (seen, made) in enumerate(((1, 8), (8, 12)), start=1):
        layers.add_module(f"conv{n}", nn.Conv2d(seen, made, 3, bias=False))
        layers.add_module(f"norm{n}", nn.BatchNorm2d(made))
        layers.add_module(f"pool{n}", nn.MaxPool2d(2))
        layers.add_module(f"relu{n}", nn.ReLU())
    layers.add_module("flat", nn.Flatten())
    layers.add_module("output", nn.Linear(12 * (((side - 2) // 2 - 2) // 2) ** 2, 10))
    with torch.no_grad():
        for norm in (layers.norm1, layers.norm2):
            for tensor in (norm.weight, norm.bias, norm.running_mean):
                tensor.normal_(0, 0.5)
            norm.running_var.uniform_(0.5, 2)
    return layers.eval()
