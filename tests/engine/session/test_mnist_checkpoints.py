"""Runs that cannot be opened, damaged checkpoints, pictures of another size."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import CorruptRun, DataError, DltuiError, RunNotFound, RunRefused
from engine.events import EventWriter
from engine.places import Places
from engine.session.cache import SessionCache
from engine.store import RunFolder
from tests.engine.data.idx_files import make_arrays, write_set
from tests.engine.session.digit_runs import convolutions, damage, plant, request, templates
from tests.engine.worker.attempts import new_run


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    monkeypatch.delenv("DLTUI_DATA", raising=False)


@pytest.fixture
def session_cache(places: Places) -> SessionCache:
    return SessionCache(places)


@pytest.fixture
def run(places: Places) -> RunFolder:
    return plant(places.root, {20: convolutions(seed=1), 40: templates()}, model="logistic")


def sketch(writer: EventWriter, step: int) -> None:
    writer.append("sketch", step=step, parts={"filters/conv1": [[[[float(step)]]]]})


def test_the_history_of_filters_follows_the_events(session_cache: SessionCache) -> None:
    run = plant(session_cache.places.root, {})
    assert request(session_cache, "history", run=run.id) == {
        "run": run.id,
        "steps": [],
        "step": None,
        "parts": {},
    }
    writer = EventWriter(run.events)
    sketch(writer, 3)
    writer.append("metrics", series={"val_accuracy": [[3, 6], [0.5, "nan"]]})
    assert request(session_cache, "history", run=run.id)["steps"] == [{"step": 3, "val_accuracy": 0.5}]
    sketch(writer, 6)
    sketch(writer, 9)
    writer.append("sketch", step="x", parts={})
    assert request(session_cache, "history", run=run.id)["parts"] == {"filters/conv1": [[[[9.0]]]]}
    assert request(session_cache, "history", run=run.id, step=3)["parts"] == {"filters/conv1": [[[[3.0]]]]}
    writer.append("restored", step=6)
    writer.close()
    again = [
        (one["step"], one["val_accuracy"]) for one in request(session_cache, "history", run=run.id)["steps"]
    ]
    assert again == [(3, 0.5), (6, "nan")]
    with pytest.raises(RunRefused, match=r"no snapshot of step 9. The nearest is of step 6"):
        request(session_cache, "history", run=run.id, step=9)


def test_a_damaged_checkpoint_is_named_and_an_older_one_used(
    session_cache: SessionCache, run: RunFolder
) -> None:
    damage(run, 40)
    found = request(session_cache, "model", run=run.id)
    assert found["step"] == 20 and "step-00000040 is damaged" in found["warning"]
    assert "This is step 20." in found["warning"]
    damage(run, 20)
    with pytest.raises(RunRefused, match=r"Every checkpoint of .* is damaged"):
        request(SessionCache(session_cache.places), "model", run=run.id)


def test_a_run_that_cannot_be_opened_is_an_error_of_one_line(
    session_cache: SessionCache, run: RunFolder
) -> None:
    xor = new_run(session_cache.places.root, "xor")
    fresh = new_run(session_cache.places.root, "mnist")
    for name, error, message in (
        ("nobody", RunNotFound, "There is no run 'nobody'"),
        ("../" + run.id, RunNotFound, "There is no run"),
        ("", RunNotFound, "There is no run ''"),
        (xor.id, RunRefused, "is a run of xor, expected one of mnist"),
        (fresh.id, RunRefused, "has no checkpoint yet"),
    ):
        with pytest.raises(error, match=message):
            request(session_cache, "model", run=name)
    with pytest.raises(RunRefused, match=r"no checkpoint of step 7. There are those of steps 20, 40"):
        request(session_cache, "model", run=run.id, step=7)


def test_a_model_json_that_is_wrong_is_named(session_cache: SessionCache, run: RunFolder) -> None:
    (run.path / "model.json").write_text('{"kind": "lstm_lm"}')
    with pytest.raises(CorruptRun, match=r"model.json: kind 'lstm_lm', expected 'conv_net'"):
        request(session_cache, "model", run=run.id)


def test_pictures_of_another_size_are_refused(session_cache: SessionCache) -> None:
    run = plant(session_cache.places.root, {5: convolutions(side=28)})
    with pytest.raises(DataError, match="takes 28x28 pictures, those found now are 8x8"):
        request(session_cache, "report", run=run.id)
    assert request(session_cache, "predict", run=run.id, pixels=[[255]])["probabilities"]


def test_a_network_of_small_digits_uses_them_where_mnist_is_there(
    session_cache: SessionCache, run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_set(tmp_path / "own", make_arrays())
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path / "own"))
    assert request(session_cache, "explore")["side"] == 28
    assert request(session_cache, "report", run=run.id)["report"]["images"] == 360


def test_every_error_is_one_line(session_cache: SessionCache, run: RunFolder) -> None:
    for method, facts in (
        ("report", {"split": "holdout"}),
        ("cell", {"true": 10, "predicted": 1}),
        ("robustness", {"kind": "fog"}),
        ("drop", {"mark": "gone"}),
        ("keep", {"pixels": [[0]], "label": 1}),
        ("keep", {"pixels": [[255]], "label": 10}),
        ("saliency", {"kind": "magic"}),
    ):
        given = facts if method in ("drop", "keep") else {"run": run.id, **facts}
        with pytest.raises(DltuiError) as refused:
            request(session_cache, method, **given)
        assert "\n" not in str(refused.value) and refused.value.message
