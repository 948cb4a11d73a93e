"""Language models are listed, found by name and opened at the checkpoint that is served."""

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
from tests.engine.session.requests import request
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


def test_models_are_listed_newest_first_with_their_facts(session_cache: SessionCache, places: Places) -> None:
    old = write_run(places, created_at=1e9)
    untrained = write_run(places, status=None, created_at=1.1e9)
    new = write_run(places, direction="reversed", layers=2, framework="tensorflow", created_at=1.2e9)
    response = request(session_cache, "language.models")
    assert [row["run"] for row in response["models"]] == [new, untrained, old]
    assert response["default"] == old
    row = response["models"][0]
    assert (row["direction"], row["layers"], row["framework"]) == ("reversed", 2, "tensorflow")
    assert (row["status"], row["is_running"], row["step"]) == ("done", False, 1200)
    assert row["perplexities"] == PERPLEXITIES
    assert response["models"][1]["step"] == 0


def test_without_a_model_the_error_names_the_command_that_trains_one(session_cache: SessionCache) -> None:
    assert request(session_cache, "language.models") == {"models": [], "default": ""}
    with pytest.raises(DltuiError, match=r"No language model has been trained yet\. Train one: dltui run lm"):
        request(session_cache, "language.predict", text="i")


def test_the_default_is_the_newest_finished_forward_model(
    session_cache: SessionCache, places: Places
) -> None:
    only = write_run(places, direction="reversed", created_at=1e9)
    assert request(session_cache, "language.predict")["run"] == only
    running = write_run(places, status=Status.RUNNING, created_at=1.3e9)
    assert request(session_cache, "language.predict")["run"] == running
    done = write_run(places, created_at=1.1e9)
    assert request(session_cache, "language.predict")["run"] == done
    assert request(session_cache, "language.predict", run="@last")["run"] == running


def test_a_model_is_found_by_id_prefix_ending_or_name(
    session_cache: SessionCache, places: Places, forward: str
) -> None:
    for name in (forward, forward[:-1], forward[-4:], "ahead"):
        assert request(session_cache, "language.predict", run=name)["run"] == forward
    write_run(places, name="ahead", created_at=1e9)
    with pytest.raises(DltuiError, match="2 language models answer to 'ahead'"):
        request(session_cache, "language.predict", run="ahead")
    with pytest.raises(DltuiError, match="No language model answers to 'behind'"):
        request(session_cache, "language.predict", run="behind")


def test_a_running_model_is_served_at_its_newest_intact_checkpoint(
    session_cache: SessionCache, places: Places
) -> None:
    run = write_run(places, status=Status.RUNNING)
    folder = store.folder_of(places, run)
    assert {k: request(session_cache, "language.predict", run=run)[k] for k in ("step", "is_running")} == {
        "step": 1200,
        "is_running": True,
    }
    arrays = tensors.loads((folder.checkpoints / "step-00001200" / "model.safetensors").read_bytes())
    write_checkpoint(folder, 1300, arrays)
    assert request(session_cache, "language.predict", run=run, text="i")["step"] == 1300
    damaged = folder.checkpoints / "step-00001300" / "model.safetensors"
    write_checkpoint(folder, 1400, arrays)
    (folder.checkpoints / "step-00001400" / "model.safetensors").write_bytes(b"x")
    damaged.write_bytes(b"y")
    response = request(session_cache, "language.predict", run=run, text="i")
    assert response["step"] == 1200
    assert "step-00001400" in response["notice"]
    assert "step-00001300" in response["notice"]


def test_a_folder_that_is_not_a_run_is_not_listed(
    session_cache: SessionCache, places: Places, forward: str
) -> None:
    broken = places.runs / "20990101-000000-lm-beef"
    broken.mkdir()
    (broken / "model.json").write_text("{")
    assert [row["run"] for row in request(session_cache, "language.models")["models"]] == [forward]


def test_perplexities_follow_the_events_as_they_grow(
    session_cache: SessionCache, places: Places, forward: str
) -> None:
    request(session_cache, "language.models")
    events = store.folder_of(places, forward).events
    with events.open("a") as file:
        file.write(
            '{"seq":9,"at":1,"kind":"metrics","series":{"val_perplexity":[[8,9],[30,"inf"]],"x":[[],[]]}}\n'
        )
        file.write('{"seq":10,"at":1,"kind":"metrics","series":{"perplexity":7}}\n')
    row = request(session_cache, "language.models")["models"][0]
    assert row["perplexities"] == {**PERPLEXITIES, "val_perplexity": "inf"}


def test_opening_a_model_imports_no_framework(places: Places, forward: str) -> None:
    script = (
        "import sys; from engine import places\n"
        "from engine.session import methods; from engine.session.cache import SessionCache\n"
        "methods.call(SessionCache(places.home()), 'language.predict', {'text': 'i love'})\n"
        "print(sorted({'torch', 'tensorflow', 'keras', 'sklearn', 'numba', 'scipy'} & sys.modules.keys()))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_new_checkpoint_changes_the_predictions(
    session_cache: SessionCache, places: Places, forward: str
) -> None:
    """The cached model is replaced."""
    before = request(session_cache, "language.predict", run=forward, text="i")["candidates"][0]["p"]
    folder = store.folder_of(places, forward)
    arrays = tensors.loads((folder.checkpoints / "step-00001200" / "model.safetensors").read_bytes())
    write_checkpoint(folder, 1300, {name: np.zeros_like(array) for name, array in arrays.items()})
    after = request(session_cache, "language.predict", run=forward, text="i")["candidates"][0]["p"]
    assert before > 0.5
    assert after == pytest.approx(1 / len(arrays["output.bias"]))


def test_without_names_the_newest_two_of_one_vocabulary_are_paired(
    session_cache: SessionCache, places: Places
) -> None:
    ahead = write_run(places, created_at=1e9)
    back = write_run(places, direction="reversed", created_at=1.1e9)
    write_run(places, words=("zebra",), created_at=1.2e9)
    write_run(places, words=("gnu",), direction="reversed", created_at=1.3e9)
    response = request(session_cache, "language.blank", text="i ___ cupcakes")
    assert (response["forward"], response["reverse"]) == (ahead, back)


def test_the_best_epoch_is_served_and_its_validation_is_listed(places: Places) -> None:
    """Of a run that was stopped after a worse epoch."""
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
    [model] = request(SessionCache(places), "language.models")["models"]
    assert (model["step"], model["epoch"], model["is_best"]) == (300, 3, True)
    assert model["perplexities"] == {"val_perplexity": 20.0}
    response = request(SessionCache(places), "language.predict", text="i")
    assert (response["step"], response["weights"]) == (300, "best epoch's weights (epoch 3, step 300)")
