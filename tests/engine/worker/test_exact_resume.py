"""Pause and resume at every step: the weights equal those of an uninterrupted run, bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from checkpoints import torch_io
from checkpoints.errors import MismatchedCheckpoint
from engine.experiments import mnist
from engine.store import RunFolder
from tests.engine.worker.attempts import ScriptedPipe, curve, new_run, read_events, train, weights

XOR = {"epochs": 12, "validation": "notebook", "patience": 3, "target": 100.0, "min_delta": 0.5}
XOR_WHOLE = {"epochs": 12, "hidden": 2}
MNIST = {"model": "double_conv_dropout", "batch": 300, "epochs": 3, "every": 4, "target": None}
"""on the 8x8 digits: five steps an epoch"""


def uninterrupted(root: Path, experiment: str, given: dict[str, Any]) -> RunFolder:
    folder = new_run(root, experiment, **given)
    train(folder)
    return folder


@pytest.mark.parametrize(
    ("experiment", "given"),
    [("xor", XOR), ("xor", XOR_WHOLE), ("xor", {**XOR_WHOLE, "optimizer": "momentum"}), ("mnist", MNIST)],
)
def test_a_run_paused_at_every_step_ends_with_the_weights_of_an_uninterrupted_one(
    tmp_path: Path, experiment: str, given: dict[str, Any]
) -> None:
    whole = uninterrupted(tmp_path, experiment, given)
    last, _ = weights(whole)
    parts = new_run(tmp_path, experiment, **given)
    for number in range(1, last + 2):
        train(parts, ScriptedPipe({number: {"word": "pause"}}), number=number)
    assert weights(parts) == weights(whole)
    for metric in ("loss", "val_loss", "val_accuracy", "test_accuracy"):
        assert curve(parts, metric) == curve(whole, metric)


@pytest.mark.parametrize(("experiment", "given"), [("xor", XOR), ("mnist", MNIST)])
def test_a_run_paused_once_at_any_step_ends_with_the_weights_of_an_uninterrupted_one(
    tmp_path: Path, experiment: str, given: dict[str, Any]
) -> None:
    whole = uninterrupted(tmp_path, experiment, given)
    last, _ = weights(whole)
    for step in range(1, last + 1):
        parts = new_run(tmp_path, experiment, **given)
        train(parts, ScriptedPipe({step: {"word": "pause"}}))
        train(parts, number=2)
        assert weights(parts) == weights(whole), f"paused at {step}"


def test_a_live_learning_rate_is_replayed_at_its_step_after_a_pause(tmp_path: Path) -> None:
    commands = {5: {"word": "set", "name": "lr", "value": 0.3}}
    whole = new_run(tmp_path, "xor", **XOR_WHOLE)
    train(whole, ScriptedPipe(commands))
    for step in range(1, 12):
        parts = new_run(tmp_path, "xor", **XOR_WHOLE)
        early = {s: word for s, word in commands.items() if s < step}
        late = {s: word for s, word in commands.items() if s > step}
        if step == 5:  # both after the same step: set, then pause
            late = {}
            train(parts, _Both(5, commands[5]))
        else:
            train(parts, ScriptedPipe({**early, step: {"word": "pause"}}))
        train(parts, ScriptedPipe(late), number=2)
        assert weights(parts) == weights(whole), f"paused at {step}"
    assert weights(whole) != weights(uninterrupted(tmp_path, "xor", XOR_WHOLE))


class _Both(ScriptedPipe):
    def __init__(self, step: int, word: dict[str, Any]) -> None:
        super().__init__()
        self._step, self._word = step, word

    def commands(self) -> list[dict[str, Any]]:
        assert self.run is not None
        return [self._word, {"word": "pause"}] if self.run.step == self._step else []


# --- negative controls: each part of the state matters ---


def resumed(root: Path, given: dict[str, Any], step: int) -> RunFolder:
    folder = new_run(root, "mnist", **given)
    train(folder, ScriptedPipe({step: {"word": "pause"}}))
    train(folder, number=2)
    return folder


def test_without_the_random_state_the_weights_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With PyTorch's own update: the compiled one draws its dropout from the seed and the step alone."""
    monkeypatch.setattr(mnist, "offer", lambda *given: None)
    whole = uninterrupted(tmp_path, "mnist", MNIST)
    monkeypatch.setattr(torch_io, "_put_random", lambda device, states: None)
    assert weights(resumed(tmp_path, MNIST, 6)) != weights(whole)


def test_without_the_optimizer_the_weights_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = uninterrupted(tmp_path, "mnist", MNIST)
    monkeypatch.setattr(torch.optim.Adam, "load_state_dict", lambda optimizer, state: None)
    assert weights(resumed(tmp_path, MNIST, 6)) != weights(whole)


def test_with_another_number_of_threads_an_exact_resume_is_refused(tmp_path: Path) -> None:
    folder = new_run(tmp_path, "mnist", **MNIST)
    train(folder, ScriptedPipe({6: {"word": "pause"}}))
    again, chosen = folder, torch.get_num_threads()
    try:
        with pytest.raises(MismatchedCheckpoint, match="threads was 1, is 2"):
            _train_with_threads(again, 2, "strict")
        _train_with_threads(again, 2, "fast")
    finally:
        torch.set_num_threads(chosen)
    assert read_events(folder, "restored")[-1].facts == {"step": 6}


def _train_with_threads(folder: RunFolder, threads: int, mode: str) -> None:
    from engine.experiments import mnist
    from tests.engine.worker.attempts import make_run

    torch_io.strict_mode(threads, 1)
    run, chosen = make_run(folder, number=2, mode=mode)
    mnist.train(chosen, run)  # type: ignore[arg-type]


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    one = uninterrupted(tmp_path, "mnist", MNIST)
    other = new_run(tmp_path, "mnist", seed=2, **MNIST)
    train(other)
    assert weights(one) != weights(other)
