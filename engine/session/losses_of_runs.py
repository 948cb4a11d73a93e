"""The loss of a trained network as a function of its weights, for runs of `xor` and `mnist`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from checkpoints import tensors
from engine.errors import RunRefused
from engine.models.images.conv_net import softmax
from engine.models.images.layers import Convolution, Dense
from engine.models.xor import xor_net
from engine.protocol import Spec
from engine.served_checkpoint import MODEL, read_served
from engine.session import mnist_checkpoints, mnist_data
from engine.session.cache import SessionCache
from engine.store import RunFolder

PICTURES = 64
"""of the validation set"""


@dataclass(frozen=True, slots=True)
class LossOfWeights:
    weights: Mapping[str, Any]
    """those of the checkpoint, arrays by name"""
    of: Callable[[Mapping[str, Any]], float]
    words: str
    """which weights, and over what the loss is taken"""


def xor_loss(session_cache: SessionCache, folder: RunFolder, spec: Spec) -> LossOfWeights:
    """Over the four rows, by the loss function of the run. Raises RunRefused, CheckpointError."""
    found = read_served(folder.checkpoints)
    if found is None:
        raise RunRefused(f"{folder.id} has no checkpoint yet.", "The first one comes after some seconds.")
    weights = {
        name: array.astype(np.float64) for name, array in tensors.loads(found.verified.files[MODEL]).items()
    }
    facts: Any = {name: spec.params[name] for name in ("bypass", "activation", "temperature")}
    name = "mse" if spec.params["loss"] == "mse" else "bce"

    def loss(moved: Mapping[str, Any]) -> float:
        hidden = moved.get("hidden.weight", np.empty((0, 2)))
        net = xor_net.XorNet(
            hidden, moved.get("hidden.bias", np.empty(0)), moved["output.weight"][0],
            float(moved["output.bias"][0]), **facts,
        )  # fmt: skip
        return float(getattr(xor_net.losses(net, xor_net.ROWS, xor_net.TRUTH), name))

    return LossOfWeights(weights, loss, f"{found.which.description.capitalize()}, over the four rows.")


def mnist_loss(session_cache: SessionCache, folder: RunFolder, spec: Spec) -> LossOfWeights:
    """Mean cross-entropy over validation pictures. Raises RunRefused, CorruptRun, DataError."""
    opened = mnist_checkpoints.open_net(session_cache, folder.id)
    part = mnist_data.run_pictures(session_cache, opened).part("validation")
    images, labels = part.images[:PICTURES], part.labels[:PICTURES]
    weighted = {one.name: one for one in opened.net.layers if isinstance(one, Convolution | Dense)}

    def loss(moved: Mapping[str, Any]) -> float:
        layers = tuple(
            replace(one, weight=moved[one.name]) if isinstance(one, Convolution | Dense) else one
            for one in opened.net.layers
        )
        p = softmax(replace(opened.net, layers=layers).logits(images).astype(np.float64))
        chosen = np.maximum(p[np.arange(len(labels)), labels], np.finfo(np.float64).tiny)
        return float(-np.log(chosen).mean())

    words = f"{opened.words.capitalize()}, over {len(labels)} validation pictures."
    return LossOfWeights({name: one.weight for name, one in weighted.items()}, loss, words)


LOSSES: Mapping[str, Callable[[SessionCache, RunFolder, Spec], LossOfWeights]] = {
    "xor": xor_loss,
    "mnist": mnist_loss,
    "mnist_recipe": mnist_loss,
}
"""by experiment"""
