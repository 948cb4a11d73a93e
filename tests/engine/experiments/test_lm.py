"""Language model: the lesson in both frameworks, on small texts."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from checkpoints import folder as checkpoint_folder
from engine.errors import DataError
from engine.models.language.load_model import open_model
from engine.store import RunFolder
from tests.engine.experiments.small_text import captions, noise
from tests.engine.worker.attempts import (
    ScriptedPipe,
    curve,
    environment,
    new_run,
    read_events,
    train,
    weights,
)

FRAMEWORKS = ("torch", "tensorflow")
TRANSFORMER = ("torch", "transformer")
SMALL: dict[str, Any] = {"embedding": 16, "hidden_size": 16, "batch": 16, "epochs": 3, "lr": 0.02}


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path))
    return captions(tmp_path)


def weights_at(folder: RunFolder, step: int) -> str:
    return checkpoint_folder.read(
        folder.checkpoints / checkpoint_folder.name_of(step)
    ).manifest.weights_sha256


def finished(root: Path, framework: str, corpus: str, **given: Any) -> RunFolder:
    folder = new_run(root, "lm", framework=framework, corpus=corpus, **(SMALL | given))
    train(folder)
    return folder


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("recipe", [pytest.param("notebook", marks=pytest.mark.long), "tuned"])
def test_it_learns_a_small_grammar_and_logs_all_its_metrics(
    tmp_path: Path, text: str, framework: str, recipe: str
) -> None:
    folder = finished(tmp_path, framework, text, recipe=recipe, epochs=6)
    losses, perplexities = curve(folder, "loss"), curve(folder, "perplexity")
    assert list(losses) == list(range(1, 37))  # 96 sentences in batches of 16, six times
    assert perplexities[36] == pytest.approx(math.exp(losses[36]), rel=1e-5)
    assert list(curve(folder, "val_perplexity")) == [6, 12, 18, 24, 30, 36]
    assert all(rate > 0 for rate in curve(folder, "words_per_second").values())
    for part in ("train", "val", "test"):
        assert curve(folder, f"{part}_perplexity")[36] < 17


@pytest.mark.parametrize(("framework", "model"), [*((one, "lstm") for one in FRAMEWORKS), TRANSFORMER])
@pytest.mark.parametrize("direction", ["forward", "reversed"])
def test_what_cannot_be_known_has_the_perplexity_of_the_number_of_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, framework: str, model: str, direction: str
) -> None:
    """12 words, six in each sentence: six guesses among 12, and an <EOS> that can be known."""
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path))
    folder = finished(tmp_path, framework, noise(tmp_path), model=model, direction=direction, epochs=4)
    honest = math.exp(6 * math.log(12) / 7)
    assert curve(folder, "test_perplexity")[160] == pytest.approx(honest, rel=0.03)


def test_both_frameworks_write_the_same_curves(tmp_path: Path, text: str) -> None:
    given = {"precision": "fp32", "dropout": 0.3, "epochs": 2}
    one, other = (finished(tmp_path, framework, text, **given) for framework in FRAMEWORKS)
    for metric in ("loss", "val_perplexity", "test_perplexity"):
        assert list(curve(one, metric).values()) == pytest.approx(
            list(curve(other, metric).values()), rel=1e-4
        )


@pytest.mark.parametrize(("first", "second"), [FRAMEWORKS, FRAMEWORKS[::-1]])
def test_one_framework_goes_on_with_the_weights_of_the_other(
    tmp_path: Path, text: str, first: str, second: str
) -> None:
    """A step too small to change anything: the perplexities are those of the other's weights."""
    given = {"precision": "fp32", "keep": "last"}
    one = finished(tmp_path, first, text, **given)
    other = finished(tmp_path, second, text, **given, begin=one.id, epochs=1, lr=1e-9)
    for part in ("train", "val", "test"):
        theirs, ours = (list(curve(run, f"{part}_perplexity").values())[-1] for run in (one, other))
        assert ours == pytest.approx(theirs, rel=1e-4)


def test_weights_of_a_model_of_another_size_are_refused(tmp_path: Path, text: str) -> None:
    one = finished(tmp_path, "torch", text, epochs=1)
    with pytest.raises(DataError, match="is another model"):
        finished(tmp_path, "torch", text, begin=one.id, hidden_size=8)
    with pytest.raises(DataError, match="there is no run 'nobody'"):
        finished(tmp_path, "torch", text, begin="nobody")


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("direction", ["forward", "reversed"])
def test_its_folder_is_a_model_that_can_be_opened_without_it(
    tmp_path: Path, text: str, framework: str, direction: str
) -> None:
    given = {
        "recipe": "tuned",
        "dropout": 0,
        "epochs": 16,
        "hidden_size": 12,
        "lr": 0.1,
        "direction": direction,
    }
    folder = finished(tmp_path, framework, text, **given)
    said = json.loads((folder.path / "model.json").read_text())
    assert (said["direction"], said["layers"], said["tied"], said["projection"]) == (direction, 1, True, True)
    model, served = open_model(folder.path)
    assert served.notice == "" and served.which.is_best and model.step == served.which.step
    outer = {"forward": {"a", "the", "two"}, "reversed": {"table", "field", "road", "water", "town"}}
    best = model.vocabulary.words[model.scores(model.open())[0].argmax()]
    assert best in outer[direction]


def test_the_epoch_with_the_best_validation_is_kept(tmp_path: Path, text: str) -> None:
    wild = {"lr": 1, "epochs": 5}
    best = finished(tmp_path, "torch", text, **wild)
    last = finished(tmp_path, "torch", text, keep="last", **wild)
    seen = curve(best, "val_perplexity")
    assert seen == curve(last, "val_perplexity")
    lowest = min(seen, key=lambda step: seen[step])
    assert lowest < 30
    said = f"best epoch's weights (epoch {lowest // 6}, step {lowest})"
    assert open_model(best.path)[1].which.description == said
    assert open_model(last.path)[1].which.description == "last weights (epoch 5, step 30)"
    assert weights(best) == weights(last), "the last checkpoint holds the last weights"
    assert curve(best, "train_perplexity")[30] < curve(last, "train_perplexity")[30]


@pytest.mark.long
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_stopped_by_hand_or_paused_it_answers_with_the_weights_of_its_best_epoch(
    tmp_path: Path, text: str, framework: str
) -> None:
    wild = {"lr": 1, "epochs": 5, "framework": framework, "corpus": text}
    whole, parts = (new_run(tmp_path, "lm", **(SMALL | wild)) for _ in range(2))
    train(whole)
    best = open_model(whole.path)[0].step
    assert best < 29
    for number, step in enumerate((best + 1, best + 2, 29), 1):
        train(parts, ScriptedPipe({step: {"word": "stop"}}), number=number)
        model, served = open_model(parts.path)
        assert (model.step, served.which.is_best) == (best, True)
    train(parts, number=4)
    assert weights(parts) == weights(whole)
    assert [open_model(run.path)[1].verified.manifest.weights_sha256 for run in (parts, whole)] == [
        weights_at(whole, best)
    ] * 2
    assert curve(parts, "test_perplexity") == curve(whole, "test_perplexity")


def test_each_metric_has_one_value_for_a_step(tmp_path: Path, text: str) -> None:
    folder = finished(tmp_path, "torch", text, lr=1, epochs=5)
    for metric in ("loss", "val_perplexity", "train_perplexity", "test_perplexity"):
        told_steps = [
            step
            for event in read_events(folder, "metrics")
            for step in event.facts["series"].get(metric, [[]])[0]
        ]
        assert len(told_steps) == len(set(told_steps))


def test_worse_epochs_end_it_early(tmp_path: Path, text: str) -> None:
    folder = finished(tmp_path, "torch", text, lr=0.3, epochs=50, patience=2)
    validations = curve(folder, "val_perplexity")
    assert len(validations) < 20
    assert list(curve(folder, "test_perplexity")) == [max(validations)]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_after_each_epoch_it_logs_a_sentence_at_three_temperatures(
    tmp_path: Path, text: str, framework: str
) -> None:
    folder = finished(tmp_path, framework, text, epochs=2)
    notes = [
        event.facts["text"] for event in read_events(folder, "note") if "After epoch" in event.facts["text"]
    ]
    assert len(notes) == 2
    assert all(f"at {temperature}: " in notes[1] for temperature in (0.1, 1, 10))
    board = EventAccumulator(str(folder.tensorboard)).Reload()
    tags = board.Tags()
    assert {"loss", "val_perplexity", "test_perplexity"} <= set(tags["scalars"])
    assert "sample/temperature 0.1/text_summary" in tags["tensors"]


def test_a_learning_rate_set_while_it_trains_takes_the_place_of_the_recipes(
    tmp_path: Path, text: str
) -> None:
    still = new_run(tmp_path, "lm", framework="torch", corpus=text, **SMALL)
    train(still, ScriptedPipe({6: {"word": "set", "name": "lr", "value": 1e-9}}))
    losses = curve(still, "val_perplexity")
    assert losses[12] == pytest.approx(losses[6], rel=1e-4)


@pytest.mark.long
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_worker_loads_one_framework_only(tmp_path: Path, text: str, framework: str) -> None:
    folder = new_run(tmp_path, "lm", framework=framework, corpus=text, **(SMALL | {"epochs": 1}))
    script = (
        "import sys\n"
        "from engine.worker.__main__ import main\n"
        f"assert main([{str(folder.path)!r}]) == 0\n"
        f"print({{'torch', 'tensorflow'}} & set(sys.modules))\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(DLTUI_DATA=str(tmp_path)),
        capture_output=True,
        text=True,
    )
    assert said.stdout.splitlines()[-1] == f"{{{framework!r}}}", said.stderr
    assert list(folder.tensorboard.iterdir())
