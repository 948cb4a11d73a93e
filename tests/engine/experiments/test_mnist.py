"""MNIST: the five networks, the data they see, and the loop."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from checkpoints import folder as checkpoint_folder
from checkpoints import tensors
from checkpoints.errors import MismatchedCheckpoint
from checkpoints.torch_io import strict_mode
from engine.data.labelled_images import load_small_digits
from engine.events import Event
from engine.experiments import mnist
from engine.experiments.mnist import AccuracyGoal, TrainingImages, network
from engine.models import captured_updates
from engine.models.images import architecture
from engine.store import RunFolder
from tests.engine.data.idx_files import make_arrays, write_set
from tests.engine.worker.attempts import ScriptedPipe, curve, make_run, new_run, read_events, train, weights


@pytest.mark.parametrize(
    ("model", "count"),
    [
        ("logistic", 7_850),
        ("mlp", 199_210),
        ("single_conv", 1_014_924),
        ("double_conv", 262_914),
        ("double_conv_dropout", 262_914),
    ],
)
def test_every_network_has_exactly_its_number_of_weights(model: str, count: int) -> None:
    net = network(model, side=28)
    assert sum(weight.numel() for weight in net.parameters()) == count
    assert net(torch.zeros(3, 1, 28, 28)).shape == (3, 10)
    assert network(model, side=8)(torch.zeros(3, 1, 8, 8)).shape == (3, 10)


def textbook(net: nn.Sequential) -> nn.Sequential:
    """double_conv as a course writes it, with the same weights."""
    book = nn.Sequential(
        nn.Conv2d(1, 5, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(5, 5, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(245, 1024), nn.ReLU(), nn.Linear(1024, 10),
    )  # fmt: skip
    for ours, theirs in zip(net.parameters(), book.parameters(), strict=True):
        theirs.data = ours.detach().clone().contiguous()
    return book


def test_double_conv_computes_what_the_textbook_computes_and_so_do_its_gradients() -> None:
    strict_mode(1, 7)
    net = network("double_conv", side=28)
    book = textbook(net)
    pixels = torch.randint(0, 256, (50, 28, 28), dtype=torch.uint8)
    pixels[:, :9] = 0  # an even background, where pooling has to choose among equals
    images = TrainingImages(pixels, torch.arange(50) % 10)
    ours = F.cross_entropy(net(images.pixels), images.labels)
    theirs = F.cross_entropy(book(images.pixels.contiguous()), images.labels)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-6)
    ours.backward()
    theirs.backward()
    for a, b in zip(net.parameters(), book.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, rtol=1e-4, atol=1e-6)


def test_pixels_lie_between_minus_one_and_one() -> None:
    images = TrainingImages(torch.tensor([[[0, 255], [51, 204]]], dtype=torch.uint8), torch.tensor([3]))
    assert images.pixels.shape == (1, 1, 2, 2)
    assert images.pixels.flatten().tolist() == pytest.approx([-1, 1, -0.6, 0.6])
    assert images.labels.dtype is torch.int64


def test_validation_depends_neither_on_dropout_nor_on_its_batch_size(monkeypatch: pytest.MonkeyPatch) -> None:
    strict_mode(1, 7)
    net = network("double_conv_dropout", side=8)
    images = TrainingImages(torch.randint(0, 256, (50, 8, 8), dtype=torch.uint8), torch.arange(50) % 10)
    whole = mnist.evaluate(net, images)
    assert net.training
    monkeypatch.setattr(mnist, "EVALUATION_BATCH", 7)
    assert mnist.evaluate(net, images) == pytest.approx(whole, rel=1e-6)
    net.eval()
    assert whole[0] == pytest.approx(F.cross_entropy(net(images.pixels), images.labels).item(), rel=1e-6)


def test_mistakes_are_counted_and_shown(tmp_path: Path) -> None:
    images = TrainingImages(
        torch.arange(5 * 64, dtype=torch.uint8).view(5, 8, 8), torch.tensor([0, 1, 2, 2, 9])
    )
    folder = new_run(tmp_path, "mnist")
    run, _ = make_run(folder)
    mnist.log_mistakes(images, [torch.tensor([0, 1, 1]), torch.tensor([2, 4])], run)
    mnist.log_weights(network("mlp", side=8), run)
    run._event_log.close(0)
    confusion, mistakes = (logged_content(folder, event) for event in read_events(folder, "table"))
    assert sum(sum(row[1:]) for row in confusion["rows"]) == 5
    assert (confusion["rows"][2][0], confusion["rows"][2][2:4], confusion["rows"][9][5]) == ("2", [1, 1], 1)
    assert mistakes["rows"] == [[2, 2, 1], [4, 9, 4]]
    (picture,) = read_events(folder, "image")
    shown = np.asarray(PIL.Image.open(folder.path / picture.facts["file"]))
    assert shown.shape == (4 * 9, 8 * 9)
    assert (shown[:8, :8] == np.arange(128, 192).reshape(8, 8)).all() and not shown[9:].any()
    tags = [event.facts["tag"] for event in read_events(folder, "histogram")]
    assert tags == ["weights/hidden1", "weights/hidden2", "weights/output"]


def logged_content(folder: RunFolder, event: Event) -> dict[str, list[list[object]]]:
    begin, length = event.facts["span"]
    data = (folder.path / event.facts["file"]).read_bytes()[begin : begin + length]
    found: dict[str, list[list[object]]] = json.loads(data)
    return found


def test_without_mnist_it_trains_on_small_digits_and_says_so(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "mnist", model="mlp", epochs=8, target=None)
    train(folder)
    assert "8x8 digits" in read_events(folder, "started")[0].facts["notice"]
    steps = read_events(folder, "started")[0].facts["total_steps"]
    assert steps == 8 * 26  # 1,293 images of 1,437 less a tenth, in batches of 50
    assert list(curve(folder, "loss")) == list(range(1, steps + 1))
    assert list(curve(folder, "val_accuracy")) == [26 * epoch for epoch in range(1, 9)]
    assert curve(folder, "val_accuracy")[steps] > 0.85
    assert list(curve(folder, "test_accuracy")) == [steps]


def test_it_ends_at_the_target_and_reports_the_test_images(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "mnist", model="logistic", epochs=50, target=0.5, every=5)
    train(folder)
    accuracies = curve(folder, "val_accuracy")
    last = max(accuracies)
    assert accuracies[last] >= 0.5
    assert all(value < 0.5 for step, value in accuracies.items() if step < last)
    assert max(curve(folder, "loss")) == last
    assert list(curve(folder, "test_accuracy")) == [last]


def test_iterations_cut_an_epoch_short_and_the_last_one_is_validated(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "mnist", model="logistic", iterations=7, target=None)
    train(folder)
    assert read_events(folder, "started")[0].facts["total_steps"] == 7
    assert list(curve(folder, "val_loss")) == [7]


def test_filters_and_maps_are_sketched_as_it_trains_and_at_each_validation(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "mnist", model="double_conv", iterations=40, every=10, target=None)
    train(folder)
    sketches = read_events(folder, "sketch")
    assert {10, 20, 30, 40} <= {event.facts["step"] for event in sketches}
    parts = [event.facts["parts"] for event in sketches]
    assert np.shape(parts[0]["filters/conv2"]) == (5, 5, 5, 5)
    assert np.shape(parts[0]["maps/conv1"]) == (4, 5, 4, 4)
    assert parts[0]["filters/conv1"] != parts[-1]["filters/conv1"]


@pytest.mark.parametrize("model", ["logistic", "mlp", "single_conv", "double_conv_dropout"])
def test_what_it_saves_computes_the_same_without_pytorch(tmp_path: Path, model: str) -> None:
    """From the checkpoint and model.json alone, down to the accuracy that it reported."""
    folder = new_run(tmp_path, "mnist", model=model, iterations=30, target=None)
    train(folder)
    plan = architecture.read(json.loads((folder.path / "model.json").read_bytes()))
    verified, _ = checkpoint_folder.newest_intact(folder.checkpoints)
    assert verified is not None
    net = architecture.build(tensors.loads(verified.files["model.safetensors"]), plan)
    digits = load_small_digits()
    right = (net.logits(digits.test_images).argmax(axis=1) == digits.test_labels).mean()
    assert right == pytest.approx(curve(folder, "test_accuracy")[30], abs=1e-6)


def test_fashion_in_place_of_mnist_trains_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_set(tmp_path / "fashion" / "FashionMNIST" / "raw", make_arrays(train=200))
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path / "fashion"))
    folder = new_run(tmp_path, "mnist", model="logistic", epochs=2, target=None)
    train(folder)
    assert read_events(folder, "started")[0].facts["notice"] == ""
    assert list(curve(folder, "test_accuracy")) == [8]


def test_an_exact_resume_by_other_kernels_is_refused_and_a_fast_one_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_run(tmp_path, "mnist", model="mlp", iterations=8, target=None)
    train(folder, ScriptedPipe({4: {"word": "pause"}}))
    monkeypatch.setattr(mnist, "offer", lambda *given: None)
    with pytest.raises(MismatchedCheckpoint, match=r"kernels was compiled .*, is torch\."):
        train(folder, number=2)
    train(folder, number=3, mode="fast")
    assert list(curve(folder, "loss")) == list(range(1, 9))


def test_updates_in_blocks_as_on_a_gpu_leave_the_losses_of_single_ones_also_when_paused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here the blocks are called, on a GPU they are a graph. The network has dropout."""
    monkeypatch.setattr(mnist, "offer", lambda *given: None)
    given = {"model": "double_conv_dropout", "iterations": 22, "every": 11}
    single, blocks, paused = (new_run(tmp_path, "mnist", **given) for _ in range(3))
    train(single)
    monkeypatch.setattr(captured_updates, "STEPS", 4)
    monkeypatch.setattr(captured_updates, "steps_of", lambda device: 4)
    train(blocks)
    for number, step in enumerate((8, 11), start=1):
        train(paused, ScriptedPipe({step: {"word": "pause"}}), number=number)
        assert weights(paused)[0] == step, "the end of a block, of four or before a validation"
    train(paused, number=3)
    assert weights(paused) == weights(blocks)
    for metric in ("loss", "val_loss", "test_loss"):
        assert curve(paused, metric) == curve(blocks, metric)
        assert curve(blocks, metric) == pytest.approx(curve(single, metric), rel=1e-4)


def test_a_goal_remembers_that_it_was_reached() -> None:
    goal = AccuracyGoal(0.9)
    goal.update(0.91)
    again = AccuracyGoal(0.9)
    again.load_state_dict(goal.state_dict())
    assert again.is_reached
    never = AccuracyGoal(None)
    never.update(1.0)
    assert not never.is_reached


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_an_epoch_of_double_conv_gets_past_97_percent_on_the_real_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, real_data: Path
) -> None:
    monkeypatch.setenv("DLTUI_DATA", str(real_data))
    folder = new_run(tmp_path, "mnist", epochs=1)
    train(folder)
    assert curve(folder, "val_accuracy")[1080] > 0.965
    assert curve(folder, "test_accuracy")[1080] > 0.965
