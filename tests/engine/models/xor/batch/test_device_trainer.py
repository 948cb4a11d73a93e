"""The trainer of a GPU beside the compiled one; here on the CPU, with plain calls in place of graphs and with
its kernel compiled for the processor."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
import torch

from checkpoints.torch_io import strict_mode
from engine.models.xor.batch.arrays import DIVERGED, FAIL, SUCCESS, NetGroup
from engine.models.xor.batch.batch_training import BatchTraining
from engine.models.xor.batch.device_kernel import Launch
from engine.models.xor.batch.device_trainer import BLOCK, LEAST, DeviceTrainer, rounded_width
from engine.models.xor.batch.plan import from_rows
from engine.params import Value
from tests.engine.models.xor.batch.host_kernel import COMPILER, compiled_for_host
from tests.engine.models.xor.batch.sample_batches import bits, trainer


@pytest.fixture(autouse=True)
def one_thread() -> None:
    strict_mode(1, 1)


def tensors() -> DeviceTrainer:
    return DeviceTrainer("cpu", least=64)


def kernel() -> DeviceTrainer:
    return DeviceTrainer("cpu", least=64, compile_kernel=compiled_for_host)


def on_gpu() -> DeviceTrainer:
    return DeviceTrainer("cuda", least=64)


def graph_on_gpu() -> DeviceTrainer:
    def refuses(group: NetGroup) -> Launch:
        raise RuntimeError("no NVRTC")

    return DeviceTrainer("cuda", least=64, compile_kernel=refuses)


NEEDS_GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
WAYS = [
    tensors,
    pytest.param(kernel, marks=pytest.mark.skipif(COMPILER is None, reason="no compiler of C++")),
    pytest.param(on_gpu, marks=NEEDS_GPU),
    pytest.param(graph_on_gpu, marks=NEEDS_GPU),
]
Way = Callable[[], DeviceTrainer]
KINDS = [
    ("sigmoid", "bce", "sgd", 2, False), ("btu", "mse", "adam", 4, True),
    ("tanh", "bce", "momentum", 3, True), ("relu", "mse", "sgd", 9, False),
    ("tanh", "mse", "adam", 0, True), ("btu", "bce", "sgd", 1, True),
]  # fmt: skip


def on(way: Way, rows: list[dict[str, Value]], stride: int = 0) -> BatchTraining:
    training = BatchTraining(from_rows(rows), way())
    training.stride = stride or training.stride
    while not training.is_over:
        training.advance()
    return training


def ending(count: int) -> list[dict[str, Value]]:
    """Networks of one shape that stop early, each at an epoch of its own, and some that diverge."""
    return [
        {
            "activation": "relu", "loss": "bce", "optimizer": "momentum", "hidden": 3, "bypass": True,
            "lr": 1e38 if seed % 20 == 0 else 0.2, "epochs": 90, "validation": "notebook", "patience": 3,
            "min_delta": 1e-3, "target": 0.3, "seed": seed,
        }
        for seed in range(1, 1 + count)
    ]  # fmt: skip


def of_kind(activation: str, loss: str, optimizer: str, hidden: int, bypass: bool) -> list[dict[str, Value]]:
    return [
        {
            "activation": activation, "loss": loss, "optimizer": optimizer, "hidden": hidden,
            "bypass": bypass, "lr": 0.05, "temperature": 0.5, "epochs": 40, "validation": validation,
            "patience": 0, "seed": seed,
        }
        for seed in range(1, 9) for validation in ("notebook", "none")
    ]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_losses_best_values_and_weights_are_those_of_the_compiled_trainer(
    way: Way, kind: tuple[str, str, str, int, bool]
) -> None:
    rows = of_kind(*kind)
    compiled = BatchTraining(from_rows(rows), trainer())
    while not compiled.is_over:
        compiled.advance()
    ours = on(way, rows, BLOCK + 3)
    for name in ("loss", "val_loss", "best_loss", "best_val_loss", "best", "right", "outcome", "stop"):
        assert np.allclose(ours.column(name), compiled.column(name), rtol=2e-3, atol=2e-6), name
    assert np.allclose(ours.weights(), compiled.weights(), rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize("way", WAYS)
def test_networks_end_at_the_epochs_at_which_the_compiled_trainer_ends_them(way: Way) -> None:
    rows = ending(300)
    compiled = BatchTraining(from_rows(rows), trainer())
    while not compiled.is_over:
        compiled.advance()
    ours = on(way, rows)
    same = (ours.column("outcome") == compiled.column("outcome")) & (
        ours.column("stop") == compiled.column("stop")
    )
    assert set(compiled.column("outcome")) == {SUCCESS, FAIL, DIVERGED}
    assert len(np.unique(compiled.column("stop"))) > 10
    assert same.mean() > 0.97, "a rounding may decide whether a loss was better by min_delta"
    same &= compiled.column("outcome") != DIVERGED
    assert np.allclose(ours.column("loss")[same], compiled.column("loss")[same], rtol=1e-2, atol=1e-5)


@pytest.mark.parametrize("way", WAYS)
def test_a_batch_saved_at_any_stride_goes_on_with_the_bits_of_one_that_was_not(way: Way) -> None:
    rows = ending(40) + of_kind(*KINDS[1])[:2]
    whole = BatchTraining(from_rows(rows), way())
    resumed = BatchTraining(from_rows(rows), way())
    for training in (whole, resumed):
        training.stride = 30
    while not whole.is_over:
        whole.advance()
    while not resumed.is_over:
        resumed.advance()
        saved = (
            resumed.state_dict(),
            {name: array.copy() for name, array in (resumed.model_arrays() | resumed.train_arrays()).items()},
        )
        resumed = BatchTraining(from_rows(rows), way())
        resumed.stride = 30
        resumed.load_state_dict(saved[0])
        for name, array in (resumed.model_arrays() | resumed.train_arrays()).items():
            array[...] = saved[1][name]
    assert all(bits(whole, index) == bits(resumed, index) for index in range(len(rows)))


@pytest.mark.skipif(COMPILER is None, reason="no compiler of C++")
def test_a_network_trained_by_the_kernel_has_the_bits_that_it_has_alone() -> None:
    rows = ending(70)
    together = on(kernel, rows)
    for index in (0, 19, 69):
        assert bits(together, index) == bits(on(kernel, rows[index : index + 1]), 0)


def test_where_no_kernel_can_be_compiled_that_is_said_and_tensors_do_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuses(group: NetGroup) -> Launch:
        raise RuntimeError("libnvrtc.so is missing")

    without = DeviceTrainer("cpu", least=64, compile_kernel=refuses)
    assert "no kernel could be compiled: libnvrtc.so is missing" in capsys.readouterr().out
    assert without.facts == tensors().facts


def test_widths_are_few_and_never_twice_what_is_needed() -> None:
    drawn = random.Random(1)
    sizes = [1, LEAST, LEAST + 1, 10**6, *(drawn.randrange(1, 10**6) for _ in range(500))]
    widths = [rounded_width(size) for size in sizes]
    assert all(size <= width < max(2 * size, LEAST + 1) for size, width in zip(sizes, widths, strict=True))
    assert rounded_width(10**6) == 1 << 20 and rounded_width(700_000) == 3 << 18
    assert len(set(widths)) < 22


def test_a_stride_on_a_gpu_is_longer_since_arrays_travel_once_a_stride() -> None:
    rows: list[dict[str, Value]] = [{"seed": seed, "epochs": 20_000} for seed in range(64)]
    compiled = BatchTraining(from_rows(rows), trainer())
    assert BatchTraining(from_rows(rows), DeviceTrainer("cpu")).stride == 8 * compiled.stride
