"""The training of a GPU, here on the CPU with plain calls in place of graphs, beside the plain one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from checkpoints.torch_io import strict_mode
from engine.models.language.model_description import ModelDescription, TransformerDescription
from engine.models.language_training import torch_gpu_training
from engine.models.language_training.torch_gpu_training import TOGETHER, GpuTraining
from engine.models.language_training.torch_training import TorchTraining
from tests.engine.models.language_training.small_models import kind, pairs, tied

DEVICES = [
    "cpu",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")),
]
STEPS = 2 * TOGETHER


def transformer() -> ModelDescription:
    lstm = kind()
    return TransformerDescription(
        layers=2, direction=lstm.direction, embedding=16, vocabulary=40, tokeniser="plain", corpus="none",
        vocabulary_sha256="", heads=2, positions="learned",
    )  # fmt: skip


CASES: dict[str, tuple[ModelDescription, dict[str, Any]]] = {
    "LSTM": (kind(), {}),
    "two layers, tied, dropout, clipped": (tied(layers=2), {"dropout": 0.4, "clip": 0.05}),
    "momentum": (kind(), {"optimizer": "momentum", "dropout": 0.2}),
    "transformer that decays": (transformer(), {"dropout": 0.2, "decay": 0.1}),
}


def updates(count: int, first: int = 1) -> list[Any]:
    return [
        (pair.inputs, pair.targets, step, 0.01)
        for step, pair in enumerate(pairs(count, seed=first), start=first)
    ]


def trained(training: TorchTraining, steps: int = STEPS) -> list[float]:
    found: list[float] = []
    for start in range(0, steps, training.together):
        found += training.train_steps(updates(steps)[start : start + training.together])
    return found


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("case", CASES)
def test_losses_and_weights_are_those_of_the_plain_training(device: str, case: str) -> None:
    of, options = CASES[case]
    strict_mode(1, 1)
    plain = TorchTraining(of, seed=1, device=device, **options)
    ours = GpuTraining(of, seed=1, device=device, **options)
    assert trained(ours) == pytest.approx(trained(plain), rel=1e-4)
    for name, weight in plain.weights().items():
        assert np.allclose(ours.weights()[name], weight, rtol=1e-3, atol=1e-4), name
    pair = pairs(1)[0]
    assert ours.summed_loss(pair.inputs, pair.targets) == pytest.approx(
        plain.summed_loss(pair.inputs, pair.targets), rel=1e-4
    )


@pytest.mark.parametrize("device", DEVICES)
def test_gradients_are_those_of_the_plain_training_for_rows_in_chunks_too(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_gpu_training, "ROWS", 7)
    strict_mode(1, 1)
    plain, ours = TorchTraining(tied(), seed=1, device=device), GpuTraining(tied(), seed=1, device=device)
    (inputs, targets, *_) = updates(1)[0]
    for one in (plain, ours):
        one.train_step(inputs, targets, 1, 0.0)
    for (name, own), (_, theirs) in zip(
        ours.net.named_parameters(), plain.net.named_parameters(), strict=True
    ):
        if theirs.grad is not None:
            assert torch.allclose(own.grad, theirs.grad, rtol=1e-4, atol=1e-7), name


@pytest.mark.parametrize("device", DEVICES)
def test_updates_together_leave_the_bits_of_single_ones(device: str) -> None:
    strict_mode(1, 1)
    options: dict[str, Any] = {"seed": 1, "device": device, "dropout": 0.3}
    together, single = (GpuTraining(kind(), **options) for _ in range(2))
    assert trained(together) == [single.train_step(*one) for one in updates(STEPS)]
    for name, weight in together.weights().items():
        assert np.array_equal(single.weights()[name], weight)


@pytest.mark.parametrize("device", DEVICES)
def test_in_bfloat16_each_step_has_nearly_the_same_loss(device: str) -> None:
    strict_mode(1, 1)
    exact = trained(TorchTraining(kind(), seed=1, device=device))
    assert trained(GpuTraining(kind(), seed=1, device=device, precision="bf16")) == pytest.approx(
        exact, abs=0.03
    )


def test_where_the_lstm_knows_no_bfloat16_the_layers_train_in_float32(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    strict_mode(1, 1)
    plain = torch._VF.lstm  # type: ignore[attr-defined]

    def of_before(x: Any, *given: Any) -> Any:
        if x.dtype is torch.bfloat16:
            raise RuntimeError("not implemented for 'BFloat16'")
        return plain(x, *given)

    monkeypatch.setattr(torch._VF, "lstm", of_before)  # type: ignore[attr-defined]
    said: list[str] = []
    ours = GpuTraining(kind(), seed=1, precision="bf16", report=said.append)
    assert trained(ours) == pytest.approx(trained(TorchTraining(kind(), seed=1)), abs=0.03)
    assert len(said) == 1 and "float32" in said[0] and "BFloat16" in said[0]


@pytest.mark.parametrize("version", [91002, 91300])
def test_with_a_cudnn_whose_lstm_knows_no_bfloat16_the_layers_train_in_float32(
    version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict_mode(1, 1)
    monkeypatch.setattr(torch_gpu_training, "cudnn_version", lambda device: version)
    said: list[str] = []
    made = GpuTraining(kind(), seed=1, precision="bf16", report=said.append)
    inputs = made.net(torch.ones(2, 1, dtype=torch.int32), [], made.layers_dtype)
    if version < 91300:
        assert (
            inputs.dtype is torch.float32 and len(said) == 1 and "needs cuDNN 91300, this is 91002" in said[0]
        )
    else:
        assert inputs.dtype is torch.bfloat16 and said == []


def test_where_no_graph_can_be_made_that_is_said_and_the_losses_are_the_same() -> None:
    strict_mode(1, 1)

    def refuses(*given: Any) -> Any:
        raise RuntimeError("operation not permitted when stream is capturing")

    said: list[str] = []
    ours = GpuTraining(kind(), seed=1, report=said.append, capture=refuses)
    assert trained(ours) == trained(GpuTraining(kind(), seed=1))
    assert said and "not permitted" in said[0]
