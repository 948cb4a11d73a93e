"""Runs of mnist with given weights, without training; and requests to the methods `mnist.*`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from checkpoints import folder as checkpoint_folder
from checkpoints.checkpoint_content import Captured
from checkpoints.manifest import Fact
from engine.data.labelled_images import load_small_digits
from engine.events import EventWriter
from engine.protocol import Json
from engine.session.cache import SessionCache
from engine.store import RunFolder
from engine.typed_json import number_to_json
from tests.engine.session import requests
from tests.engine.worker.attempts import new_run

Weights = dict[str, NDArray[np.float32]]
PIXELS = 64


def templates() -> Weights:
    """Logistic regression set by hand: the mean of each class less the mean of all."""
    digits = load_small_digits()
    seen = digits.train_images.reshape(-1, PIXELS) / 127.5 - 1
    means = np.stack([seen[digits.train_labels == label].mean(axis=0) for label in range(10)])
    weight = (means - means.mean(axis=0)).astype(np.float32)
    return {"output.weight": weight, "output.bias": (-0.5 * (means * weight).sum(axis=1)).astype(np.float32)}


def convolutions(side: int = 8, seed: int = 0) -> Weights:
    """double_conv with random weights."""
    random = np.random.default_rng(seed)
    shapes = {"conv1": (5, 1, 5, 5), "conv2": (5, 5, 5, 5), "hidden": (1024, 5 * (side // 4) ** 2),
              "output": (10, 1024)}  # fmt: skip
    weights = {}
    for name, shape in shapes.items():
        weights[f"{name}.weight"] = random.normal(0, 0.2, shape).astype(np.float32)
        weights[f"{name}.bias"] = random.normal(0, 0.2, shape[0]).astype(np.float32)
    return weights


def plant(
    root: Path, weights: Mapping[int, Weights], facts: Mapping[str, Fact] | None = None, **given: Any
) -> RunFolder:
    """A run of mnist with a checkpoint of each step; `facts` are those of its checkpoints."""
    folder = new_run(root, "mnist", **given)
    for step, tensors in weights.items():
        save(folder, step, tensors, facts)
    return folder


def save(folder: RunFolder, step: int, tensors: Weights, facts: Mapping[str, Fact] | None = None) -> None:
    captured = Captured(step, tensors, {}, {}, {})
    folder.checkpoints.mkdir(exist_ok=True)
    checkpoint_folder.write(
        folder.checkpoints, step, captured.files(), run_id=folder.id,
        weights_sha256=captured.weights_sha256(), env=facts or {},
    )  # fmt: skip


def damage(folder: RunFolder, step: int) -> None:
    """Flips one bit of the weights."""
    path = folder.checkpoints / checkpoint_folder.name_of(step) / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def write_events(folder: RunFolder, *curve: tuple[int, float], test: float | None = None) -> None:
    """Events of a run: the validation accuracy at some steps, the test accuracy at the end."""
    writer = EventWriter(folder.events)
    writer.append("started", attempt=1, mode="strict", pid=1, device="cpu", threads=1, total_steps=100,
                  notice="", versions={})  # fmt: skip
    for step, accuracy in curve:
        writer.append("metrics", series={"val_accuracy": [[step], [number_to_json(accuracy)]]})
    if test is not None:
        writer.append("metrics", series={"test_accuracy": [[curve[-1][0]], [test]]})
    writer.close()


def request(session_cache: SessionCache, method: str, **facts: object) -> Json:
    """As `requests.request`, for a method of `mnist`."""
    return requests.request(session_cache, f"mnist.{method}", **facts)


def parts(session_cache: SessionCache, method: str, **facts: object) -> list[Json]:
    return requests.parts(session_cache, f"mnist.{method}", **facts)
