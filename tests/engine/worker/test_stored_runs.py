"""Runs written before specs had a version are read with the same meaning, bit for bit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import events, fold, store
from engine.models.language.load_model import open_model
from engine.models.language.scoring import score
from engine.service.runs import tracked_run
from engine.service.runs.event_summary import RunStats
from engine.store import RunFolder
from tests.engine.stored import EXPECTED, resumed, run_of
from tests.engine.worker.attempts import curve, weights


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    monkeypatch.delenv("DLTUI_DATA", raising=False)
    monkeypatch.setenv("DLTUI_CHECKPOINT_SECONDS", "1000")


def rewritten(folder: RunFolder) -> RunFolder:
    """The same run as the current version writes it."""
    spec = store.read_spec(folder)
    live = {}
    lines = []
    for line in folder.events.read_text().splitlines():
        event = json.loads(line)
        if event["kind"] == "set":
            event["value"] = None if event["value"] == 0 else event["value"]
            event["version"] = 2
            live[event["name"]] = event["value"]
        lines.append(json.dumps(event, separators=(",", ":")))
    folder.events.write_text("\n".join(lines) + "\n")
    folder.spec.write_text(json.dumps(store.to_json(spec)))
    return folder


def live_of(folder: RunFolder) -> dict[str, float | None]:
    """The live values that the service shows."""
    stats = RunStats(spec=store.read_spec(folder))
    for event in events.replay(folder.events):
        fold.add(event, stats)
    return stats.live


@pytest.mark.parametrize("name", EXPECTED)
def test_a_stored_run_is_resumed_and_ends_as_it_would_have_then(tmp_path: Path, name: str) -> None:
    folder = run_of(tmp_path, name)
    mode = resumed(folder)
    then = EXPECTED[name]
    step, fingerprint = weights(folder)
    assert step == then["step"]
    if mode == "strict":
        assert fingerprint == then["weights_sha256"]
    for metric, value in then["last"].items():
        assert list(curve(folder, metric).values())[-1] == pytest.approx(value, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "step", "logp"),
    [
        ("lm_torch", 4, -22.8447981),
        ("lm_tensorflow", 4, -22.9802944),
        ("lm_transformer", 3, -24.3890740),
    ],
)
def test_a_stored_language_model_opens_and_scores_a_sentence_as_then(
    tmp_path: Path, name: str, step: int, logp: float
) -> None:
    model, _ = open_model(run_of(tmp_path, name).path)
    [scored] = score(model, [model.vocabulary.ids("a man sits on a table")])
    assert (model.step, scored.full_logp) == (step, pytest.approx(logp, rel=1e-5))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("xor", {"patience": None, "lr": 0.01}),
        ("xor_lanes", {"patience": None, "draws": None, "stop": None,
                       "axes": "patience=never,5; lr=0.1,0.01; seed=1..2"}),
        ("xor_grid", {"epochs": 64, "runs": 1}),
        ("mnist", {"iterations": None, "target": None, "every": None}),
        ("mnist_recipe", {"lr": None, "epochs": 1, "every": None}),
        ("lm_torch", {"lr": None, "clip": None, "dropout": 0.2, "patience": None, "tied": "recipe"}),
        ("lm_tensorflow", {"lr": None, "clip": None, "dropout": None, "patience": None, "tied": "no"}),
        ("lm_transformer", {"clip": None, "patience": None, "model": "transformer", "framework": "auto"}),
    ],
)  # fmt: skip
def test_parameters_not_given_are_null_in_every_stored_spec_and_its_file_is_unchanged(
    tmp_path: Path, name: str, expected: dict[str, object]
) -> None:
    folder = run_of(tmp_path, name)
    before = folder.spec.read_bytes()
    spec = store.read_spec(folder)
    assert spec.version == 2
    assert {field: spec.params[field] for field in expected} == expected
    assert folder.spec.read_bytes() == before


def test_a_stored_run_has_the_present_name_of_its_experiment_and_its_file_stays(tmp_path: Path) -> None:
    folder = run_of(tmp_path, "xor_lanes")
    before = folder.spec.read_bytes()
    assert b'"experiment": "xor_lanes"' in before
    spec = store.read_spec(folder)
    assert (spec.experiment, spec.name) == ("xor_batch", "xor_lanes")
    assert folder.spec.read_bytes() == before


@pytest.mark.parametrize("name", ["mnist_recipe", "lm_torch"])
def test_a_live_value_of_0_is_read_as_not_given(tmp_path: Path, name: str) -> None:
    assert live_of(run_of(tmp_path, name)) == {"lr": None}


def test_an_explicit_rate_of_lm_is_restored_after_a_live_value_of_0(tmp_path: Path) -> None:
    folder = run_of(tmp_path, "lm_torch")
    data = json.loads(folder.spec.read_text())
    data["params"]["lr"] = 0.3
    folder.spec.write_text(json.dumps(data))
    assert live_of(folder) == {"lr": 0.3}


def test_a_0_of_the_current_version_is_0(tmp_path: Path) -> None:
    folder = run_of(tmp_path, "lm_torch")
    writer = events.EventWriter(folder.events)
    writer.append("set", step=4, name="lr", value=0.0, version=2)
    assert live_of(folder) == {"lr": 0.0}


@pytest.mark.parametrize("name", ["lm_torch", "mnist_recipe"])
def test_a_run_rewritten_in_the_current_version_trains_the_same_weights(tmp_path: Path, name: str) -> None:
    old, new = run_of(tmp_path / "old", name), rewritten(run_of(tmp_path / "new", name))
    params = [{**store.read_spec(folder).params, "corpus": ""} for folder in (old, new)]
    assert params[0] == params[1]
    resumed(old)
    resumed(new)
    assert weights(old) == weights(new)


def test_a_field_of_a_later_version_is_kept_ignored_and_reported(tmp_path: Path) -> None:
    folder = run_of(tmp_path, "xor")
    data = json.loads(folder.spec.read_text())
    folder.spec.write_text(json.dumps({**data, "priority": "high"}))
    run = tracked_run.load(folder)
    assert "ignores: priority" in run.summary().notice
    assert store.to_json(run.spec)["priority"] == "high"
