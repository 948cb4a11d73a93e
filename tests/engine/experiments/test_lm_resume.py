"""Language model, paused at every step: the weights are those of a run that was never interrupted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checkpoints import keras_neutral
from checkpoints.errors import MismatchedCheckpoint
from engine import recipe_defaults
from engine.experiments import lm
from engine.models import precision
from engine.models.language_training import keras_training, torch_training
from engine.models.language_training.torch_gpu_training import GpuTraining
from engine.places import Places
from engine.store import RunFolder
from tests.engine.experiments.small_text import captions
from tests.engine.worker.attempts import ScriptedPipe, curve, new_run, read_events, train, weights

FRAMEWORKS = ("torch", "tensorflow")
SMALL: dict[str, Any] = {
    "embedding": 12, "hidden_size": 8, "batch": 16, "epochs": 2, "lr": 0.02, "dropout": 0.4, "layers": 2,
    "schedule": "cosine", "clip": 0.5,
}  # fmt: skip
STEPS = 6  # 48 sentences of 60 to learn from, in batches of 16, twice
PAUSE = {"word": "pause"}


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path))
    return captions(tmp_path, 60)


def run(root: Path, framework: str, corpus: str, **given: Any) -> RunFolder:
    return new_run(root, "lm", framework=framework, corpus=corpus, **(SMALL | given))


def uninterrupted(root: Path, framework: str, corpus: str, **given: Any) -> RunFolder:
    folder = run(root, framework, corpus, **given)
    train(folder)
    return folder


@pytest.mark.long
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_paused_at_every_step_it_ends_as_if_it_never_was(
    tmp_path: Path, text: str, framework: str, precision: str
) -> None:
    whole = uninterrupted(tmp_path, framework, text, precision=precision)
    assert weights(whole)[0] == STEPS
    parts = run(tmp_path, framework, text, precision=precision)
    for number in range(1, STEPS + 2):
        train(parts, ScriptedPipe({number: PAUSE}), number=number)
    assert weights(parts) == weights(whole)
    for metric in ("loss", "val_perplexity", "train_perplexity", "test_perplexity"):
        assert curve(parts, metric) == curve(whole, metric)


def test_trained_as_on_a_gpu_and_paused_at_the_end_of_a_block_it_ends_as_if_it_never_was(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here what a GPU captures is called: three updates together, six in an epoch of eight."""
    plain = uninterrupted(tmp_path, "torch", text, batch=6)
    monkeypatch.setattr(lm, "make_training", lambda framework, kind, **options: GpuTraining(kind, **options))
    monkeypatch.setattr(GpuTraining, "together", 3)
    whole, parts = (run(tmp_path, "torch", text, batch=6) for _ in range(2))
    train(whole)
    for number, saved in enumerate((3, 6, 8, 9), start=1):
        train(parts, ScriptedPipe({saved: PAUSE}), number=number)
        assert weights(parts)[0] == saved
    train(parts, number=5)
    assert weights(parts) == weights(whole)
    for metric in ("loss", "val_perplexity", "train_perplexity", "test_perplexity"):
        assert curve(parts, metric) == curve(whole, metric)
        assert curve(whole, metric) == pytest.approx(curve(plain, metric), rel=1e-3)


@pytest.mark.long
@pytest.mark.parametrize("positions", ["sinusoidal", "learned"])
def test_a_transformer_paused_at_every_step_ends_as_if_it_never_was(
    tmp_path: Path, text: str, positions: str
) -> None:
    given = {"model": "transformer", "heads": 3, "positions": positions, "recipe": "tuned"}
    whole = uninterrupted(tmp_path, "auto", text, **given)
    assert weights(whole)[0] == STEPS
    parts = run(tmp_path, "auto", text, **given)
    for number in range(1, STEPS + 2):
        train(parts, ScriptedPipe({number: PAUSE}), number=number)
    assert weights(parts) == weights(whole)
    assert curve(parts, "val_perplexity") == curve(whole, "val_perplexity")


def test_a_transformer_paused_under_another_decay_is_refused(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run(tmp_path, "auto", text, model="transformer", heads=3, recipe="tuned")
    train(folder, ScriptedPipe({1: PAUSE}))
    now = replace(recipe_defaults.language_recipe("tuned", 2, "transformer"), decay=0.25)
    monkeypatch.setattr(recipe_defaults, "language_recipe", lambda *given: now)
    with pytest.raises(MismatchedCheckpoint, match=r"decay was 0\.5, is 0\.25.*--fast"):
        train(folder, number=2)


@pytest.mark.parametrize(("framework", "now"), [("torch", "compiled"), ("tensorflow", "planned")])
def test_a_run_paused_before_its_batches_were_planned_is_refused_with_the_option_that_goes_on(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch, framework: str, now: str
) -> None:
    folder = run(tmp_path, framework, text, dropout=0.0)
    with monkeypatch.context() as before:
        before.setattr(lm, "pin_kernels", lambda params, dropout, run: None)
        train(folder, ScriptedPipe({2: PAUSE}))
    with pytest.raises(MismatchedCheckpoint, match=rf"kernels was unknown, is {now} .*--fast"):
        train(folder, number=2)
    train(folder, number=3, mode="fast")
    assert weights(folder)[0] == STEPS


def test_keras_goes_on_with_a_run_that_drops_and_was_paused_before_batches_were_planned(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run(tmp_path, "tensorflow", text)
    with monkeypatch.context() as before:
        before.setattr(lm, "pin_kernels", lambda params, dropout, run: None)
        train(folder, ScriptedPipe({2: PAUSE}))
    train(folder, number=2)
    assert weights(folder)[0] == STEPS


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_keras_without_dropout_paused_in_an_epoch_ends_as_if_it_never_was(
    tmp_path: Path, text: str, precision: str
) -> None:
    given = {"dropout": 0.0, "precision": precision}
    whole = uninterrupted(tmp_path, "tensorflow", text, **given)
    parts = run(tmp_path, "tensorflow", text, **given)
    for number, saved in enumerate((2, 4), start=1):
        train(parts, ScriptedPipe({saved: PAUSE}), number=number)
    train(parts, number=3)
    assert weights(parts) == weights(whole)


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
def test_paused_once_at_any_step_it_ends_as_if_it_never_was(
    tmp_path: Path, text: str, framework: str, optimizer: str
) -> None:
    given = {"tied": "yes", "optimizer": optimizer}
    whole = uninterrupted(tmp_path, framework, text, **given)
    for step in range(1, STEPS + 1):
        parts = run(tmp_path, framework, text, **given)
        train(parts, ScriptedPipe({step: PAUSE}))
        train(parts, number=2)
        assert weights(parts) == weights(whole), f"paused at {step}"


# --- negative controls: each part of the state matters ---


def resumed(root: Path, framework: str, corpus: str) -> RunFolder:
    folder = run(root, framework, corpus)
    train(folder, ScriptedPipe({2: PAUSE}))
    train(folder, number=2)
    return folder


@pytest.mark.long
@pytest.mark.parametrize(
    ("framework", "module"), zip(FRAMEWORKS, (torch_training, keras_training), strict=True)
)
def test_with_masks_that_forget_their_step_the_weights_differ(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch, framework: str, module: Any
) -> None:
    whole, masks, began = uninterrupted(tmp_path, framework, text), module.masks, []

    def since_the_start(kind: Any, rate: float, batch: int, seed: int, step: int) -> Any:
        began.append(step)
        return masks(kind, rate, batch, seed, len(began))

    monkeypatch.setattr(module, "masks", since_the_start)
    same = uninterrupted(tmp_path, framework, text)
    assert weights(same) == weights(whole)
    folder = run(tmp_path, framework, text)
    train(folder, ScriptedPipe({2: PAUSE}))
    began.clear()
    train(folder, number=2)
    assert weights(folder) != weights(whole)


@pytest.mark.long
def test_without_the_slots_of_keras_the_weights_differ(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = uninterrupted(tmp_path, "tensorflow", text)
    monkeypatch.setattr(keras_neutral, "slots", lambda optimizer: {})
    assert weights(resumed(tmp_path, "tensorflow", text)) != weights(whole)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_paused_run_keeps_the_precision_it_chose_when_the_machine_is_timed_otherwise(
    tmp_path: Path, text: str, framework: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "measure", lambda run: precision.Timing(fp32=2.0, bf16=1.0))
    parts = run(tmp_path, framework, text)
    train(parts, ScriptedPipe({2: PAUSE}))
    (Places(tmp_path).cache / precision.FILE).unlink()
    monkeypatch.setattr(precision, "measure", lambda run: precision.Timing(fp32=1.0, bf16=2.0))
    train(parts, number=2)
    pinned = [event.facts["pinned"]["precision"] for event in read_events(parts, "started")]
    assert pinned == ["bf16", "bf16"]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_another_precision_or_another_text_is_refused(tmp_path: Path, text: str, framework: str) -> None:
    folder = run(tmp_path, framework, text, precision="fp32")
    train(folder, ScriptedPipe({2: PAUSE}))
    spec = folder.spec.read_text()
    folder.spec.write_text(spec.replace('"precision": "fp32"', '"precision": "bf16"'))
    with pytest.raises(MismatchedCheckpoint, match="precision was fp32, is bf16"):
        train(folder, number=2)
    folder.spec.write_text(spec)
    Path(text).write_text(Path(text).read_text().replace("the dog", "the cow"))
    words = (folder.path / "vocabulary.txt").read_bytes()
    with pytest.raises(MismatchedCheckpoint, match=r"was trained on .*captions.txt .*; what is found now is"):
        train(folder, number=2)
    assert (folder.path / "vocabulary.txt").read_bytes() == words
    assert read_events(folder, "restored") == []


def test_another_seed_gives_other_weights(tmp_path: Path, text: str) -> None:
    one = uninterrupted(tmp_path, "torch", text)
    other = new_run(tmp_path, "lm", seed=2, framework="torch", corpus=text, **SMALL)
    train(other)
    assert weights(one) != weights(other)
