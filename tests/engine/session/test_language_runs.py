"""Which language models there are, which one is meant, and at which checkpoint it is opened."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from checkpoints import folder as checkpoint_folder
from checkpoints import tensors
from checkpoints.retention import Keep
from engine import store
from engine.errors import DltuiError
from engine.events import EventWriter
from engine.places import Places
from engine.protocol import Status
from engine.session.cache import SessionCache
from tests.engine.session.asking import ask
from tests.fakes.language_run import PERPLEXITIES, write_checkpoint, write_run


@pytest.fixture
def session_cache(places: Places) -> SessionCache:
    return SessionCache(places)


@pytest.fixture
def forward(places: Places) -> str:
    return write_run(places, name="ahead")


@pytest.fixture
def back(places: Places) -> str:
    return write_run(places, direction="reversed", layers=2)


def test_models_are_listed_newest_first_with_what_is_known_of_them(
    session_cache: SessionCache, places: Places
) -> None:
    old = write_run(places, created_at=1e9)
    untrained = write_run(places, status=None, created_at=1.1e9)
    new = write_run(places, direction="reversed", layers=2, framework="tensorflow", created_at=1.2e9)
    answer = ask(session_cache, "language.models")
    assert [row["run"] for row in answer["models"]] == [new, untrained, old]
    assert answer["default"] == old
    row = answer["models"][0]
    assert (row["direction"], row["layers"], row["framework"]) == ("reversed", 2, "tensorflow")
    assert (row["status"], row["is_running"], row["step"]) == ("done", False, 1200)
    assert row["perplexities"] == PERPLEXITIES
    assert answer["models"][1]["step"] == 0


def test_without_a_model_it_says_how_to_get_one(session_cache: SessionCache) -> None:
    assert ask(session_cache, "language.models") == {"models": [], "default": ""}
    with pytest.raises(DltuiError, match=r"No language model has been trained yet\. Train one: dltui run lm"):
        ask(session_cache, "language.predict", text="i")


def test_the_default_is_the_newest_finished_forward_model(
    session_cache: SessionCache, places: Places
) -> None:
    only = write_run(places, direction="reversed", created_at=1e9)
    assert ask(session_cache, "language.open")["run"] == only
    running = write_run(places, status=Status.RUNNING, created_at=1.3e9)
    assert ask(session_cache, "language.open")["run"] == running
    done = write_run(places, created_at=1.1e9)
    assert ask(session_cache, "language.open")["run"] == done
    assert ask(session_cache, "language.open", run="@last")["run"] == running


def test_a_model_is_found_by_id_prefix_ending_or_name(
    session_cache: SessionCache, places: Places, forward: str
) -> None:
    for name in (forward, forward[:-1], forward[-4:], "ahead"):
        assert ask(session_cache, "language.open", run=name)["run"] == forward
    write_run(places, name="ahead", created_at=1e9)
    with pytest.raises(DltuiError, match="2 language models answer to 'ahead'"):
        ask(session_cache, "language.open", run="ahead")
    with pytest.raises(DltuiError, match="No language model answers to 'behind'"):
        ask(session_cache, "language.open", run="behind")


def test_a_running_model_is_talked_to_at_its_newest_checkpoint(
    session_cache: SessionCache, places: Places
) -> None:
    run = write_run(places, status=Status.RUNNING)
    folder = store.folder_of(places, run)
    assert {k: ask(session_cache, "language.open", run=run)[k] for k in ("step", "is_running")} == {
        "step": 1200,
        "is_running": True,
    }
    arrays = tensors.loads((folder.checkpoints / "step-00001200" / "model.safetensors").read_bytes())
    write_checkpoint(folder, 1300, arrays)
    assert ask(session_cache, "language.predict", run=run, text="i")["step"] == 1300
    damaged = folder.checkpoints / "step-00001300" / "model.safetensors"
    write_checkpoint(folder, 1400, arrays)
    (folder.checkpoints / "step-00001400" / "model.safetensors").write_bytes(b"x")
    damaged.write_bytes(b"y")
    answer = ask(session_cache, "language.predict", run=run, text="i")
    assert answer["step"] == 1200
    assert "step-00001400" in answer["notice"]
    assert "step-00001300" in answer["notice"]


def test_a_folder_that_is_no_run_is_no_model(
    session_cache: SessionCache, places: Places, forward: str
) -> None:
    broken = places.runs / "20990101-000000-lm-beef"
    broken.mkdir()
    (broken / "model.json").write_text("{")
    assert [row["run"] for row in ask(session_cache, "language.models")["models"]] == [forward]


def test_perplexities_follow_the_events_as_they_grow(
    session_cache: SessionCache, places: Places, forward: str
) -> None:
    ask(session_cache, "language.models")
    events = store.folder_of(places, forward).events
    with events.open("a") as file:
        file.write(
            '{"seq":9,"at":1,"kind":"metrics","series":{"val_perplexity":[[8,9],[30,"inf"]],"x":[]}}\n'
        )
        file.write('{"seq":10,"at":1,"kind":"metrics","series":{"perplexity":7}}\n')
    row = ask(session_cache, "language.models")["models"][0]
    assert row["perplexities"] == {**PERPLEXITIES, "val_perplexity": "inf"}


def test_opening_a_model_imports_no_framework(places: Places, forward: str) -> None:
    script = (
        "import sys; from engine import places\n"
        "from engine.session import words; from engine.session.cache import Desk\n"
        "words.answer(Desk(places.home()), 'language.predict', {'text': 'i love'})\n"
        "print(sorted({'torch', 'tensorflow', 'keras', 'sklearn', 'numba', 'scipy'} & sys.modules.keys()))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_numbers_are_those_of_the_weights(session_cache: SessionCache, places: Places, forward: str) -> None:
    """A checkpoint of other weights gives other answers: nothing old is kept."""
    before = ask(session_cache, "language.predict", run=forward, text="i")["candidates"][0]["p"]
    folder = store.folder_of(places, forward)
    arrays = tensors.loads((folder.checkpoints / "step-00001200" / "model.safetensors").read_bytes())
    write_checkpoint(folder, 1300, {name: np.zeros_like(array) for name, array in arrays.items()})
    after = ask(session_cache, "language.predict", run=forward, text="i")["candidates"][0]["p"]
    assert before > 0.5
    assert after == pytest.approx(1 / len(arrays["output.bias"]))


def test_without_names_the_newest_two_that_fit_work_together(
    session_cache: SessionCache, places: Places
) -> None:
    ahead = write_run(places, created_at=1e9)
    back = write_run(places, direction="reversed", created_at=1.1e9)
    write_run(places, words=("zebra",), created_at=1.2e9)
    write_run(places, words=("gnu",), direction="reversed", created_at=1.3e9)
    answer = ask(session_cache, "language.blank", text="i ___ cupcakes")
    assert (answer["forward"], answer["reverse"]) == (ahead, back)


def test_the_best_epoch_answers_and_its_validation_is_told(places: Places) -> None:
    """A run that was stopped after a worse epoch."""
    run = write_run(places, step=300, perplexities={"val_perplexity": 20.0})
    folder = store.folder_of(places, run)
    verified, _ = checkpoint_folder.newest_intact(folder.checkpoints)
    assert verified is not None
    for step in (300, 400, 450):
        checkpoint_folder.write(
            folder.checkpoints, step, verified.files, run_id=run, keep=Keep(best=300),
            weights_sha256=verified.manifest.weights_sha256, env={"best_step": 300, "epoch_steps": 100},
        )  # fmt: skip
    writer = EventWriter(folder.events)
    writer.append("metrics", series={"val_perplexity": [[400], [30.0]]})
    writer.close()
    [model] = ask(SessionCache(places), "language.models")["models"]
    assert (model["step"], model["epoch"], model["is_best"]) == (300, 3, True)
    assert model["perplexities"] == {"val_perplexity": 20.0}
    answer = ask(SessionCache(places), "language.predict", text="i")
    assert (answer["step"], answer["weights"]) == (300, "best epoch's weights (epoch 3, step 300)")
