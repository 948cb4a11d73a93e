"""MNIST by recipe: what it trains, what it saves, and that an interruption changes no bit of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from checkpoints import folder as checkpoint_folder
from checkpoints import tensors
from checkpoints.errors import MismatchedCheckpoint
from checkpoints.torch_io import TorchState, strict_mode
from engine.data.labelled_images import load_small_digits
from engine.experiments import mnist_recipe
from engine.experiments.mnist_recipe import (
    RECIPES,
    average_of,
    batches,
    network,
    one_cycle,
    share_of_new,
    update_average,
)
from engine.models import captured_updates
from engine.models import precision as timed_precision
from engine.models.images import architecture
from engine.models.images.architecture_from_torch import architecture_of
from engine.store import RunFolder
from tests.engine.worker.attempts import ScriptedPipe, curve, new_run, read_events, train, weights

PAUSE = {"word": "pause"}
KINDS = [("fast", "fp32"), ("fast", "bf16"), ("accurate", "fp32"), ("accurate", "bf16")]
METRICS = ("loss", "val_loss", "val_accuracy", "test_accuracy", "test_accuracy_shifted")


@pytest.fixture(autouse=True)
def digits_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DLTUI_DATA", raising=False)
    monkeypatch.setenv("DLTUI_OFFLINE", "1")


def run(root: Path, recipe: str, precision: str = "fp32", **given: Any) -> RunFolder:
    return new_run(root, "mnist_recipe", **{"recipe": recipe, "precision": precision, "epochs": 1, **given})


def uninterrupted(root: Path, recipe: str, precision: str = "fp32", **given: Any) -> RunFolder:
    folder = run(root, recipe, precision, **given)
    train(folder)
    return folder


# --- resume -------------------------------------------------------------------------------------------------


@pytest.mark.long
@pytest.mark.parametrize(("recipe", "precision"), KINDS)
def test_paused_at_every_step_it_ends_as_if_it_never_was(tmp_path: Path, recipe: str, precision: str) -> None:
    whole = uninterrupted(tmp_path, recipe, precision, every=4)
    last, _ = weights(whole)
    parts = run(tmp_path, recipe, precision, every=4)
    for number in range(1, last + 2):
        train(parts, ScriptedPipe({number: PAUSE}), number=number)
    assert weights(parts) == weights(whole)
    for metric in METRICS:
        assert curve(parts, metric) == curve(whole, metric)


@pytest.mark.long
@pytest.mark.parametrize("recipe", ["fast", "accurate"])
def test_paused_once_at_any_step_it_ends_as_if_it_never_was(tmp_path: Path, recipe: str) -> None:
    whole = uninterrupted(tmp_path, recipe)
    for step in range(1, weights(whole)[0] + 1):
        parts = run(tmp_path, recipe)
        train(parts, ScriptedPipe({step: PAUSE}))
        train(parts, number=2)
        assert weights(parts) == weights(whole), f"paused at {step}"


def resumed(root: Path, recipe: str) -> RunFolder:
    folder = run(root, recipe)
    train(folder, ScriptedPipe({5: PAUSE}))
    train(folder, number=2)
    return folder


def test_without_the_trained_weights_the_average_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = uninterrupted(tmp_path, "accurate")
    assert weights(resumed(tmp_path, "accurate")) == weights(whole)
    monkeypatch.setattr(
        mnist_recipe, "TorchState", lambda model, optimizer, modules: TorchState(model, optimizer)
    )
    assert weights(resumed(tmp_path, "accurate")) != weights(whole)


def test_another_step_of_the_random_transform_gives_other_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, matrices = uninterrupted(tmp_path, "accurate"), mnist_recipe.affine_matrices
    monkeypatch.setattr(
        mnist_recipe, "affine_matrices",
        lambda affine, count, seed, step: matrices(affine, count, seed, step + 1),
    )  # fmt: skip
    assert weights(uninterrupted(tmp_path, "accurate")) != weights(whole)


def test_a_live_learning_rate_comes_again_at_its_step(tmp_path: Path) -> None:
    word = {3: {"word": "set", "name": "lr", "value": 0.002}}
    whole = run(tmp_path, "fast")
    train(whole, ScriptedPipe(word))
    parts = run(tmp_path, "fast")
    train(parts, ScriptedPipe({**word, 6: PAUSE}))
    train(parts, number=2)
    assert weights(parts) == weights(whole)
    assert weights(whole) != weights(uninterrupted(tmp_path, "fast"))


def test_another_precision_is_refused(tmp_path: Path) -> None:
    folder = run(tmp_path, "fast")
    train(folder, ScriptedPipe({2: PAUSE}))
    folder.spec.write_text(folder.spec.read_text().replace('"precision": "fp32"', '"precision": "bf16"'))
    with pytest.raises(MismatchedCheckpoint, match="precision was fp32, is bf16"):
        train(folder, number=2)


@pytest.mark.parametrize("recipe", ["fast", "accurate"])
def test_updates_in_blocks_as_on_a_gpu_leave_the_weights_of_single_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    """Here the blocks are called, on a GPU they are a graph; also paused at the end of a block."""
    single = uninterrupted(tmp_path, recipe)
    monkeypatch.setattr(captured_updates, "STEPS", 4)
    monkeypatch.setattr(captured_updates, "steps_of", lambda device: 4)
    blocks, paused = uninterrupted(tmp_path, recipe), run(tmp_path, recipe)
    train(paused, ScriptedPipe({8: PAUSE}))
    assert weights(paused)[0] == 8
    train(paused, number=2)
    assert weights(blocks) == weights(paused)
    for metric in METRICS:
        assert curve(blocks, metric) == curve(paused, metric)
        assert curve(blocks, metric) == pytest.approx(curve(single, metric), rel=1e-3), "a rate in float32"


# --- precision ----------------------------------------------------------------------------------------------


def test_precision_is_timed_once_said_and_kept_by_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def measure(update: Any) -> timed_precision.Timing:
        asked.append("")
        update("bf16")
        return timed_precision.Timing(fp32=0.03, bf16=0.02)

    monkeypatch.setattr(timed_precision, "measure", measure)
    folder = uninterrupted(tmp_path, "fast", "auto")
    uninterrupted(tmp_path, "fast", "auto")
    assert len(asked) == 1
    assert read_events(folder, "started")[0].facts["pinned"]["precision"] == "bf16"
    notes = [event.facts["text"] for event in read_events(folder, "note")]
    assert any("bf16: an update takes 30.0 ms in fp32, 20.0 ms in bf16" in text for text in notes)


def test_what_is_timed_changes_nothing(tmp_path: Path) -> None:
    chosen = uninterrupted(tmp_path, "fast", "auto")
    precision = read_events(chosen, "started")[0].facts["pinned"]["precision"]
    assert weights(uninterrupted(tmp_path, "fast", precision)) == weights(chosen)


# --- what it saves ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["fast", "accurate"])
def test_what_it_saves_computes_the_same_without_pytorch(tmp_path: Path, recipe: str) -> None:
    """From the checkpoint and model.json alone: the logits, and the accuracy that it reported."""
    folder = uninterrupted(tmp_path, recipe, "bf16", epochs=3)
    verified, _ = checkpoint_folder.newest_intact(folder.checkpoints)
    assert verified is not None
    saved = tensors.loads(verified.files["model.safetensors"])
    plan = architecture.read(json.loads((folder.path / "model.json").read_bytes()))
    digits = load_small_digits()
    ours = architecture.build(saved, plan).logits(digits.test_images)
    net = network(recipe, side=8)
    net.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in saved.items()})
    shown = mnist_recipe.images(digits.test_images, digits.test_labels, "cpu")
    with torch.no_grad():
        theirs = net.eval()(shown.pixels).numpy()
    assert np.abs(ours - theirs).max() < 1e-4
    right = (ours.argmax(axis=1) == digits.test_labels).mean()
    assert right == pytest.approx(curve(folder, "test_accuracy")[weights(folder)[0]], abs=1e-6)


@pytest.mark.parametrize("recipe", ["fast", "accurate"])
def test_on_real_pictures_numpy_computes_what_pytorch_does(recipe: str) -> None:
    strict_mode(1, 3)
    net = network(recipe, side=28)
    pixels = np.random.default_rng(0).integers(0, 256, (40, 28, 28), dtype=np.uint8)
    shown = mnist_recipe.images(pixels, np.zeros(40, np.uint8), "cpu")
    with torch.no_grad():
        net(shown.pixels)  # batch normalisation sees something
        theirs = net.eval()(shown.pixels).numpy()
    tensors_of = {name: tensor.numpy() for name, tensor in net.state_dict().items()}
    ours = architecture.build(tensors_of, architecture_of(net, side=28)).logits(pixels)
    assert np.abs(ours - theirs).max() < 1e-4


def test_small_digits_are_learned_and_said_in_plain_sight(tmp_path: Path) -> None:
    folder = uninterrupted(tmp_path, "fast", epochs=12)
    last, _ = weights(folder)
    assert "8x8 digits" in read_events(folder, "started")[0].facts["notice"]
    assert curve(folder, "val_accuracy")[last] > 0.9
    assert list(curve(folder, "test_accuracy_shifted")) == []
    parts = read_events(folder, "sketch")[-1].facts["parts"]
    assert np.shape(parts["filters/conv1"]) == (16, 1, 5, 5)


def test_a_shift_at_test_time_has_a_name_of_its_own(tmp_path: Path) -> None:
    folder = uninterrupted(tmp_path, "accurate")
    last, _ = weights(folder)
    assert list(curve(folder, "test_accuracy")) == list(curve(folder, "test_accuracy_shifted")) == [last]
    assert any(
        "logits averaged over 5 shifts" in event.facts["text"] for event in read_events(folder, "note")
    )


# --- parts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("recipe", "count"), [("fast", 54_000), ("accurate", 54_000), ("fast", 40)])
def test_batches_go_through_an_epoch_without_a_gap(recipe: str, count: int) -> None:
    plan = batches(RECIPES[recipe], count, 2)
    for epoch in range(2):
        stop = 0
        for batch in (batch for batch in plan if batch.epoch == epoch):
            assert batch.start == stop and batch.stop > batch.start
            stop = batch.stop
        assert count - stop < 128


def test_batches_grow_once() -> None:
    sizes = [batch.stop - batch.start for batch in batches(RECIPES["fast"], 54_000, 1)]
    assert sizes[0] == 96 and sizes[-2] == 256 and sizes[:-1] == sorted(sizes[:-1])


def test_one_cycle_rises_to_one_and_ends_at_0() -> None:
    values = [one_cycle((step - 0.5) / 1000, 0.3) for step in range(1, 1001)]
    assert values[0] < 0.05 and max(values) == pytest.approx(1, abs=1e-3) and values[-1] < 1e-3
    assert values[:299] == sorted(values[:299]) and values[300:] == sorted(values[300:], reverse=True)


def test_an_average_follows_and_shares_what_batch_normalisation_has_seen() -> None:
    net = network("accurate", side=8)
    average = average_of(net)
    for step in range(1, 400):
        with torch.no_grad():
            for weight in net.parameters():
                weight.fill_(float(step > 100))
        share = share_of_new(0.9, step)
        update_average(average, net, share if step % 2 else torch.tensor(share))
    assert all(torch.allclose(weight, torch.ones_like(weight)) for weight in average.parameters())
    net(torch.randn(9, 1, 8, 8))
    norms = [dict(one.named_modules())["norm1"] for one in (net, average)]
    assert all(isinstance(norm, nn.BatchNorm2d) for norm in norms)
    assert torch.equal(norms[0].running_mean, norms[1].running_mean)
    assert bool(norms[0].running_mean.abs().max() > 0)


def test_a_shift_moves_what_is_seen_and_brings_in_background() -> None:
    pixels = torch.full((1, 1, 4, 4), -1.0)
    pixels[0, 0, 1, 2] = 1
    moved = mnist_recipe.shifted(pixels, 1, -1)
    assert moved[0, 0, 2, 1] == 1 and moved.sum() == pixels.sum()
    assert mnist_recipe.shifted(moved, 0, 0) is moved
