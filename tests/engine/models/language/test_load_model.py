"""A run folder becomes a model, or says in one line why it cannot."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkpoints import folder as checkpoint_folder
from checkpoints import tensors
from engine import store
from engine.errors import CorruptRun, DltuiError, RunRefused
from engine.models.language.load_model import has_checkpoint, open_model
from engine.models.language.next_word import predict
from engine.places import Places
from engine.store import RunFolder
from tests.engine.models.language import samples
from tests.fakes.language_run import write_checkpoint, write_run


@pytest.fixture
def folder(places: Places) -> RunFolder:
    return store.folder_of(places, write_run(places))


def _arrays(folder: RunFolder) -> dict[str, np.ndarray]:
    return tensors.loads((folder.checkpoints / "step-00001200" / "model.safetensors").read_bytes())


def test_the_newest_checkpoint_is_opened(folder: RunFolder) -> None:
    write_checkpoint(folder, 2400, _arrays(folder))
    model, found = open_model(folder.path)
    assert (model.step, found.notice, found.which.is_last) == (2400, "", True)
    assert predict(model, model.vocabulary.ids("i love chocolate"), 1)[0].word == "cupcakes"


def test_a_damaged_newest_one_is_named_and_the_older_one_used(folder: RunFolder) -> None:
    write_checkpoint(folder, 2400, _arrays(folder))
    damaged = folder.checkpoints / "step-00002400" / "model.safetensors"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\xff")
    model, found = open_model(folder.path)
    assert model.step == 1200
    assert "step-00002400 is damaged" in found.notice


def test_what_training_alone_needs_may_be_damaged(folder: RunFolder) -> None:
    state = {"train.safetensors": b"12345678", "model.safetensors": tensors.dumps(_arrays(folder))}
    checkpoint_folder.write(
        folder.checkpoints, 2400, state, run_id=folder.id, weights_sha256="0" * 64, env={}
    )
    (folder.checkpoints / "step-00002400" / "train.safetensors").write_bytes(b"1234567X")
    assert open_model(folder.path)[0].step == 2400


def test_without_a_checkpoint_it_says_so(places: Places) -> None:
    folder = store.folder_of(places, write_run(places, status=None))
    assert not has_checkpoint(folder.path)
    with pytest.raises(RunRefused, match="has no checkpoint yet"):
        open_model(folder.path)


def test_when_every_checkpoint_is_damaged_it_says_so(folder: RunFolder) -> None:
    (folder.checkpoints / "step-00001200" / "MANIFEST.json").write_text("{}")
    with pytest.raises(CorruptRun, match=r"No checkpoint of .* is whole"):
        open_model(folder.path)


def test_a_run_of_something_else_keeps_no_language_model(tmp_path: Path) -> None:
    with pytest.raises(RunRefused, match="keeps no language model"):
        open_model(tmp_path)


def test_words_of_another_model_are_refused(folder: RunFolder) -> None:
    words = (folder.path / "vocabulary.txt").read_text()
    (folder.path / "vocabulary.txt").write_text(words.replace("cupcakes", "cookies"))
    with pytest.raises(CorruptRun, match=r"not the \d+ of model\.json"):
        open_model(folder.path)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"kind": "cnn"}', '{"kind":"lstm_lm","kind":"x"}'])
def test_a_model_json_that_is_none_is_refused(folder: RunFolder, text: str) -> None:
    (folder.path / "model.json").write_text(text)
    with pytest.raises(CorruptRun, match=r"model\.json"):
        open_model(folder.path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layers", 0), ("layers", True), ("hidden_size", 10**9), ("embedding", "300"), ("direction", "up"),
        ("tied", "no"), ("corpus", 3), ("vocabulary_sha256", None), ("vocabulary", 12),
        ("tokeniser", "bytes"),
    ],
)  # fmt: skip
def test_a_field_that_cannot_be_is_named_or_refused(folder: RunFolder, name: str, value: object) -> None:
    path = folder.path / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))
    with pytest.raises(DltuiError) as caught:
        open_model(folder.path)
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"output.bias": None}, "lacks output.bias"),
        ({"more": np.zeros(3, np.float32)}, "holds more too"),
        ({"output.bias": np.zeros(3, np.float32)}, r"Tensor output.bias is float32 \(3,\), expected"),
        ({"lstm.l0.bias": np.full(144, np.nan, np.float32)}, "not finite"),
    ],
)
def test_weights_of_another_model_are_refused(folder: RunFolder, change: dict[str, Any], said: str) -> None:
    arrays = {**_arrays(folder), **change}
    shutil.rmtree(folder.checkpoints)
    write_checkpoint(folder, 9, {name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(CorruptRun, match=said):
        open_model(folder.path)


@pytest.mark.parametrize("bias", [True, False])
def test_tied_weights_with_a_projection_are_read(places: Places, bias: bool) -> None:
    kind = samples.description(tied=True, projection=True, sha256=samples.words(13).sha256)
    arrays = samples.arrays(kind)
    if bias:
        arrays["projection.bias"] = np.arange(5, dtype=np.float32)
    folder = store.folder_of(places, write_run(places, model=(kind, arrays, samples.words(13))))
    model, _ = open_model(folder.path)
    assert model.weights.output is model.weights.embedding
    assert model.weights.projection is not None
    np.testing.assert_array_equal(model.weights.projection.bias, np.arange(5) * bias)
