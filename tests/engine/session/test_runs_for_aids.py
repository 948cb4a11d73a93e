"""Aids look into the learner's newest run that fits; without one they show their example and say so."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.aids import catalog
from engine.events import EventWriter
from engine.places import Places
from engine.session.cache import SessionCache
from engine.session.mnist_checkpoints import open_net
from engine.session.mnist_data import run_pictures
from tests.engine.session.digit_runs import convolutions, plant, templates
from tests.engine.session.requests import request
from tests.engine.worker.attempts import curve, new_run, train
from tests.fakes.language_run import transformer, write_run


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path)


def aid(places: Places, name: str, **params: Any) -> Any:
    return request(SessionCache(places), "learn.aid", name=name, params=params)


@pytest.mark.parametrize("name", catalog.START_WITH)
def test_without_a_run_it_is_the_example_and_how_to_start_one_is_said(places: Places, name: str) -> None:
    made = aid(places, name)
    assert "no run of yours fits" in made["note"] and "dltui run" in made["note"]
    assert made["params"]["of"] == "your run" and made["values"]
    alone = aid(places, name, of="example")
    assert alone.get("note", "") == "" and alone["values"] == made["values"]


def test_attention_and_blocks_are_those_of_ones_own_transformer(places: Places) -> None:
    write_run(places, name="other")
    write_run(places, name="mine", model=transformer())
    text = "a man is riding"
    made = aid(places, "attention", words=text, row=3, block=1, number=1)
    asked = request(SessionCache(places), "language.attention", text=text)
    row = asked["attention"][0][0][2]
    assert made["note"] == "Your run mine." and made["data"]["columns"] == asked["words"]
    assert made["values"]["weight"] == pytest.approx(max(row)) and made["values"]["later"] == 0
    assert made["values"]["row_sum"] == pytest.approx(1, abs=1e-6)
    assert made["data"]["unused"] == ["head", "sharpness", "causal"]
    block = aid(places, "block", words=text, place=2)
    behind = request(SessionCache(places), "language.blocks", text=text, k=1)
    assert block["values"]["p_after"] == pytest.approx(behind["best"][-1][1][0]["p"])
    assert [line[2] for line in block["data"]["rows"]] == [line[1][0]["word"] for line in behind["best"]]
    assert block["note"] == "Your run mine."


def test_gates_are_those_of_the_unit_that_changes_most(places: Places) -> None:
    write_run(places, name="mine", model=transformer())
    write_run(places, name="words")
    made = aid(places, "gates", text="i love you")
    asked = request(SessionCache(places), "language.gates", text="i love you", run="words")
    assert made["note"] == "Your run words."
    assert made["values"]["c"] == pytest.approx(asked["c"][-1]) and made["values"]["h"] == pytest.approx(
        asked["h"][-1]
    )
    second = aid(places, "gates", text="i love you", unit=2)
    assert second["data"] != made["data"]


def test_a_run_that_cannot_read_the_words_says_why_and_the_example_is_shown(places: Places) -> None:
    write_run(places, name="mine", model=transformer())
    made = aid(places, "block", words=" ")
    assert "cannot be looked into" in made["note"] and made["values"]


@pytest.mark.parametrize("name", ["attention", "unroll"])
def test_a_damaged_run_is_no_end_of_the_aid(places: Places, name: str) -> None:
    run = write_run(places, name="mine", model=transformer() if name == "attention" else None)
    for path in (places.runs / run / "checkpoints").rglob("*"):
        if path.is_file() and path.stat().st_size > 1000:
            path.write_bytes(path.read_bytes()[:-100] + bytes(100))
    made = aid(places, name)
    assert made["note"].startswith("An example") and made["values"]


def test_stopping_is_replayed_on_the_newest_run_with_a_validation_loss(places: Places) -> None:
    run = write_run(places, name="mine", perplexities={})
    writer = EventWriter(places.runs / run / "events.jsonl")
    losses = [1.0, 0.8, 0.7, 0.75, 0.74, 0.73, 0.9, 0.6]
    steps = [10 * (number + 1) for number in range(8)]
    writer.append("metrics", series={"val_loss": [steps, losses], "loss": [steps, losses]})
    writer.close()
    values = aid(places, "early_stop", patience=3)["values"]
    assert (values["stop"], values["kept"], values["best_epoch"]) == (60, 30, 80)
    assert values["missed"] == pytest.approx(0.1) and values["saved"] == 20
    patient = aid(places, "early_stop", patience=5)
    assert patient["values"]["stop"] == 80 and patient["note"] == "Your run mine."
    assert [line["name"] for line in patient["data"]["lines"]] == ["training", "validation"]


def test_the_loss_of_the_last_word_goes_back_through_ones_own_lstm(places: Places) -> None:
    write_run(places, name="mine", layers=2)
    text = "i love chocolate"
    made = aid(places, "unroll", words=text)
    scored = request(SessionCache(places), "language.score", texts=[text])["sentences"][0]
    last = next(word for word in scored["words"] if word["word"] == "chocolate")
    assert made["note"] == "Your run mine." and made["data"]["columns"] == ["<START>", "i", "love"]
    assert made["values"]["loss"] == pytest.approx(-math.log(last["p"]), rel=1e-3)
    assert made["values"]["error"] < 1e-6 * max(1.0, made["values"]["last"])
    assert made["data"]["unused"] == ["length", "bias", "scale"]


def test_filters_are_those_that_ones_own_run_recorded(places: Places) -> None:
    cache = SessionCache(places)
    folder = plant(places.root, {})
    writer = EventWriter(folder.events)
    for step, size in ((10, 1.0), (20, 3.0)):
        kernels = [[[[size, 0.0], [0.0, 0.0]]], [[[0.0, 0.0], [0.0, size]]]]
        parts = {"filters/conv1": kernels, "maps/conv1": [[[[0, 255]], [[255, 0]]]]}
        writer.append("sketch", step=step, parts=parts)
    writer.close()
    first, last = (request(cache, "learn.aid", name="filters", params={"steps": at}) for at in (0, 99))
    assert (first["values"]["step"], last["values"]["step"]) == (10, 20)
    assert first["values"]["moved"] == 0 and last["values"]["moved"] == pytest.approx(8**0.5)
    assert last["values"]["largest"] == 3 and "Your run" in last["note"]
    assert [one["name"] for one in last["data"]["pictures"]] == ["kernel 1", "kernel 2", "map 1", "map 2"]


def test_the_leak_is_that_of_ones_own_run_beside_the_least_perplexities(places: Places) -> None:
    folder = new_run(places.root, "leak", steps=6, every=3, batch=4, hidden=8, words=5, length=6)
    train(folder)
    made = aid(places, "leak", setup="go_backwards", words=12)
    reached = {one: curve(folder, f"perplexity_{one}")[6] for one in ("forward", "go_backwards")}
    assert made["values"]["measured"] == pytest.approx(reached["go_backwards"])
    assert made["values"]["honest"] == 5 and made["run"] == folder.id
    assert made["note"] == f"Your run {folder.id}. After 6 steps."
    lengths = dict(made["data"]["bars"])
    assert lengths["forward, least"] == 5 and lengths["forward, measured"] == pytest.approx(
        reached["forward"]
    )
    assert "measured" not in aid(places, "leak", of="example")["values"]


def test_the_picture_of_a_digit_is_the_weights_of_its_class_in_ones_own_logistic_regression(
    places: Places,
) -> None:
    plant(places.root, {3: convolutions()}, model="double_conv")
    weights = templates()
    folder = plant(places.root, {7: weights}, model="logistic")
    plant(places.root, {}, model="logistic")
    made = aid(places, "weight_image", digit=4)
    pictures = {one["name"]: one["pixels"] for one in made["data"]["pictures"]}
    assert np.allclose(pictures["weights"], weights["output.weight"][4].reshape(8, 8))
    assert made["run"] == folder.id and "step 7" in made["note"]
    assert made["values"]["contrast"] > 0 and made["values"]["right"] > 0.9
    assert made["values"]["norm"] == pytest.approx(float(np.linalg.norm(weights["output.weight"][4])))


@pytest.mark.parametrize("given", [{"hidden": 2}, {"hidden": 0, "bypass": True, "loss": "mse"}])
def test_the_middle_of_a_slice_is_the_loss_of_ones_own_network(places: Places, given: dict[str, Any]) -> None:
    folder = new_run(places.root, "xor", epochs=31, **given)
    train(folder)
    made = aid(places, "loss_slice", reach=0.5)
    assert made["run"] == folder.id and made["note"].endswith("over the four rows.")
    whole = new_run(places.root, "xor", epochs=32, **given)
    train(whole)  # a loss is logged before its update
    assert made["values"]["centre"] == pytest.approx(curve(whole, "loss")[32], rel=1e-6)
    assert made["values"]["loss"] == made["values"]["centre"] >= made["values"]["least"]
    assert len(made["data"]["heights"]) == len(made["data"]["x"]) == 17


def test_a_slice_of_digits_is_the_cross_entropy_over_validation_pictures(places: Places) -> None:
    weights = templates()
    folder = plant(places.root, {5: weights}, model="logistic")
    folder.events.touch()
    made = aid(places, "loss_slice", reach=0.1)
    opened = open_net(SessionCache(places), folder.id)
    part = run_pictures(SessionCache(places), opened).part("validation")
    images, labels = part.images[:64], part.labels[:64]
    logits = opened.net.logits(images).astype(float)
    own = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(64), labels]
    assert made["values"]["loss"] == pytest.approx(own.mean(), rel=1e-6)
    assert "64 validation pictures" in made["note"] and made["values"]["border"] != made["values"]["centre"]


def test_a_run_that_began_with_anothers_weights_is_drawn_beside_one_that_did_not(places: Places) -> None:
    given = {"epochs": 40, "hidden": 4, "lr": 0.05}
    parent = new_run(places.root, "xor", **given)
    train(parent)
    made = aid(places, "transfer")
    assert "no run of yours fits" in made["note"] and made["note"].endswith("dltui run lm --begin RUN@best")
    child = new_run(places.root, "xor", parent=(parent, 40), **{**given, "epochs": 60})
    train(child)
    beside = aid(places, "transfer")
    losses = curve(child, "loss")
    assert beside["values"]["first_begun"] == pytest.approx(losses[41])
    assert (
        beside["values"]["first_begun"]
        < beside["values"]["first_new"]
        == pytest.approx(curve(parent, "loss")[1])
    )
    assert beside["values"]["last_begun"] == pytest.approx(losses[60])
    assert beside["values"]["last_new"] == pytest.approx(curve(parent, "loss")[20])
    assert beside["run"] == child.id and f"Beside {parent.id}." in beside["note"]
    fresh = new_run(places.root, "xor", seed=2, **given)
    train(fresh)
    assert f"Beside {fresh.id}." in aid(places, "transfer")["note"]
