"""Methods `mnist.*`, requested as the MNIST tab does, on the 8x8 digits that need no download."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import metrics

from engine import process_identity, store
from engine.client.client import open_session
from engine.data import user_drawings
from engine.data.labelled_images import load_small_digits
from engine.errors import DataError, DltuiError, ParamError
from engine.places import Places
from engine.session import mnist_checkpoints, mnist_data
from engine.session.cache import SessionCache
from engine.session_protocol.mnist import FinishedReport, PredictRequest, ReportRequest
from engine.store import KeeperFacts, RunFolder
from tests.engine.data.idx_files import make_arrays, write_set
from tests.engine.session.digit_runs import (
    convolutions,
    parts,
    plant,
    request,
    save,
    templates,
    write_events,
)
from tests.engine.worker.attempts import new_run

REAL = os.environ.get("DLTUI_DATA")


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


def test_the_small_digits_are_explored_and_the_notice_says_that_they_are_not_mnist(
    session_cache: SessionCache,
) -> None:
    found = request(session_cache, "explore", samples=3)
    digits = load_small_digits()
    assert (found["side"], found["source"]) == (8, "digits") and "8x8 digits instead" in found["notice"]
    assert found["splits"] == {"train": 1293, "validation": 144, "test": 360}
    assert found["counts"]["test"] == np.bincount(digits.test_labels).tolist()
    both = np.add(found["counts"]["train"], found["counts"]["validation"])
    assert both.tolist() == np.bincount(digits.train_labels).tolist()
    assert np.shape(found["means"]) == (10, 8, 8) and np.shape(found["samples"]) == (10, 3, 8, 8)
    assert found["class_names"] == list("0123456789")


def test_pixel_statistics_are_those_of_the_training_part(session_cache: SessionCache) -> None:
    seen = mnist_data.current_pictures(session_cache).parts["train"].images
    found = request(session_cache, "explore")["statistics"]
    assert found["mean"] == pytest.approx(seen.mean()) and found["std"] == pytest.approx(seen.std())
    assert (found["min"], found["max"]) == (seen.min(), seen.max())
    assert found["ink"] == pytest.approx((seen > 0).mean())


def test_another_data_set_in_place_of_mnist_has_its_own_class_names(
    session_cache: SessionCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"garment {n}" for n in range(10)]
    write_set(tmp_path / "own", make_arrays(train=60))
    (tmp_path / "own" / "class-names.txt").write_text("\n".join(names))
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path / "own"))
    found = request(session_cache, "explore")
    assert found["class_names"] == names and found["named_by"].endswith("own/class-names.txt")
    assert found["side"] == 28 and found["notice"] == ""
    run = plant(session_cache.places.root, {5: convolutions(side=28)})
    assert request(session_cache, "report", run=run.id)["report"]["classes"][3]["name"] == "garment 3"


def test_the_small_digits_are_replaced_when_the_data_are_there(
    session_cache: SessionCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path))
    assert request(session_cache, "explore")["side"] == 8
    write_set(tmp_path, make_arrays())
    assert request(session_cache, "explore")["side"] == 8
    monkeypatch.setattr("engine.session.mnist_data.STAND_IN_SECONDS", -1)
    assert request(session_cache, "explore")["side"] == 28


def test_a_broken_data_folder_is_an_error_of_one_line(
    session_cache: SessionCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrays = make_arrays()
    write_set(tmp_path / "own", (arrays[1], arrays[0], *arrays[2:]))
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path / "own"))
    with pytest.raises(DataError, match=r"offset 3, expected 3 .images.. Are images and labels swapped"):
        request(session_cache, "explore")


def test_runs_are_listed_newest_first_and_others_left_out(
    session_cache: SessionCache, run: RunFolder
) -> None:
    new_run(session_cache.places.root, "xor")
    (session_cache.places.runs / "20990101-000000-mnist-ffff").mkdir()
    (session_cache.places.runs / "notes.txt").write_text("not a run")
    ((folder, spec),) = mnist_checkpoints.all_runs(session_cache)
    assert (folder.id, mnist_checkpoints.steps(folder)) == (run.id, [20, 40])
    assert spec.params["model"] == "logistic"


def test_the_model_lists_its_layers_of_the_newest_checkpoint_by_default(
    session_cache: SessionCache, run: RunFolder
) -> None:
    found = request(session_cache, "model", run=run.id)
    assert (found["step"], found["steps"], found["side"]) == (40, [20, 40], 8)
    assert [layer["name"] for layer in found["layers"]] == ["flat", "output"]
    assert found["parameters"] == 650 and found["macs"] == 640 and found["per_epoch"] == 26
    older = request(session_cache, "model", run=run.id, step=20)
    assert older["step"] == 20 and older["parameters"] == 5 * 26 + 5 * 126 + 1024 * 21 + 10 * 1025


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_the_report_is_that_of_scikit_learn(session_cache: SessionCache, run: RunFolder, split: str) -> None:
    streamed = parts(session_cache, "report", run=run.id, split=split)
    part = mnist_data.current_pictures(session_cache).part(split)
    weights = templates()
    seen = part.images.reshape(-1, 64) / 127.5 - 1
    predicted = (seen @ weights["output.weight"].T + weights["output.bias"]).argmax(axis=1)
    expected = metrics.classification_report(part.labels, predicted, output_dict=True, zero_division=0)
    found = streamed[-1]["report"]
    for label, scores in enumerate(found["classes"]):
        theirs = expected[str(label)]
        ours = [scores[name] for name in ("precision", "recall", "f1", "support")]
        assert ours == pytest.approx([theirs[n] for n in ("precision", "recall", "f1-score", "support")])
    assert found["macro"]["f1"] == pytest.approx(expected["macro avg"]["f1-score"])
    assert found["weighted"]["precision"] == pytest.approx(expected["weighted avg"]["precision"])
    assert found["accuracy"] == pytest.approx(expected["accuracy"])
    assert found["balanced_accuracy"] == pytest.approx(
        metrics.balanced_accuracy_score(part.labels, predicted)
    )
    assert found["confusion"] == metrics.confusion_matrix(part.labels, predicted).tolist()
    assert streamed[-1]["done"] == streamed[-1]["total"] == len(part.labels)


def test_a_long_report_streams_progress_and_is_cached_in_the_folder_of_the_run(
    session_cache: SessionCache, run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.session.mnist_reports.SECONDS", 0)
    streamed = parts(session_cache, "report", run=run.id, split="train")
    assert [part["done"] for part in streamed[:-1]] == list(range(256, 1293, 256))
    monkeypatch.setattr("engine.models.images.classification.report", None)
    again = parts(SessionCache(session_cache.places), "report", run=run.id, split="train")
    assert again == streamed[-1:]


def test_other_weights_get_a_report_of_their_own(session_cache: SessionCache, run: RunFolder) -> None:
    good, bad = (request(session_cache, "report", run=run.id, step=step)["report"] for step in (40, 20))
    assert good["accuracy"] > 0.8 > 0.3 > bad["accuracy"]
    shutil.rmtree(run.checkpoints)
    save(run, 40, convolutions(seed=2))
    assert request(session_cache, "report", run=run.id)["report"]["accuracy"] < 0.5


def test_a_damaged_cached_report_is_computed_again(session_cache: SessionCache, run: RunFolder) -> None:
    first = request(session_cache, "report", run=run.id)
    for path in (run.path / "reports").iterdir():
        path.write_bytes(b"\x93NUMPY{" if path.suffix == ".npy" else b'{"form": ')
    assert request(SessionCache(session_cache.places), "report", run=run.id) == first


def test_the_cells_of_the_matrix_list_their_pictures_largest_loss_first(
    session_cache: SessionCache, run: RunFolder
) -> None:
    confusion = request(session_cache, "report", run=run.id)["report"]["confusion"]
    pairs = [(true, predicted) for true in range(10) for predicted in range(10)]
    for true, predicted in pairs:
        found = request(session_cache, "cell", run=run.id, true=true, predicted=predicted, limit=1000)
        assert found["count"] == confusion[true][predicted]
        assert all((one["label"], one["predicted"]) == (true, predicted) for one in found["images"])
        right = [one["probabilities"][true] for one in found["images"]]
        assert right == sorted(right)
        assert [one["loss"] for one in found["images"]] == pytest.approx(
            [-math.log(p) for p in right], abs=1e-6
        )
    sixes = request(session_cache, "cell", run=run.id, true=6, predicted=6, limit=1000)["images"]
    page = request(session_cache, "cell", run=run.id, true=6, predicted=6, offset=4, limit=3)
    assert page["images"] == sixes[4:7] and page["count"] == len(sixes)


def test_the_largest_losses_come_first(session_cache: SessionCache, run: RunFolder) -> None:
    found = request(session_cache, "worst", run=run.id, n=5)
    every = request(session_cache, "worst", run=run.id, n=1000)
    assert found["images"] == every["images"][:5] and len(every["images"]) == every["count"]
    right = [one["probabilities"][one["label"]] for one in every["images"]]
    assert right == sorted(right) and all(one["label"] != one["predicted"] for one in every["images"])
    accuracy = request(session_cache, "report", run=run.id)["report"]["accuracy"]
    assert every["count"] == round(360 * (1 - accuracy))


def test_filters_of_a_convolution_and_templates_of_a_dense_layer(
    session_cache: SessionCache, run: RunFolder
) -> None:
    conv = request(session_cache, "filters", run=run.id, layer="conv2", step=20)
    assert np.shape(conv["levels"]) == (5, 5, 5, 5) and conv["layers"] == ["conv1", "conv2"]
    weight = convolutions(seed=1)["conv2.weight"]
    back = conv["low"] + (conv["high"] - conv["low"]) * np.array(conv["levels"]) / 255
    np.testing.assert_allclose(back, weight, atol=(conv["high"] - conv["low"]) / 255)
    dense = request(session_cache, "filters", run=run.id)
    assert np.shape(dense["levels"]) == (10, 1, 8, 8) and dense["kind"] == "dense"
    with pytest.raises(ParamError, match=r"'hidden' of .* has no filters. There is: conv1, conv2"):
        request(session_cache, "filters", run=run.id, layer="hidden", step=20)


def test_maps_are_those_before_and_after_the_relu_with_their_original(
    session_cache: SessionCache, run: RunFolder
) -> None:
    found = request(session_cache, "maps", run=run.id, step=20, split="validation", index=3)
    assert [layer["name"] for layer in found["layers"]] == ["conv1", "conv2", "hidden", "output"]
    assert found["layers"][0]["shape"] == [5, 8, 8] and found["layers"][1]["shape"] == [5, 4, 4]
    assert np.shape(found["layers"][0]["after"]["levels"]) == (5, 8, 8)
    assert found["layers"][0]["before"]["low"] < 0 == found["layers"][0]["after"]["low"]
    assert np.shape(found["original"]) == (8, 8) and found["label"] in range(10)
    one = request(session_cache, "maps", run=run.id, step=20, layer="conv2", pixels=found["original"])
    assert [layer["name"] for layer in one["layers"]] == ["conv2"] and one["label"] is None
    with pytest.raises(DataError, match="validation has no picture 144, expected 0 to 143"):
        request(session_cache, "maps", run=run.id, split="validation", index=144)
    with pytest.raises(ParamError, match="no layer 'conv9'"):
        request(session_cache, "maps", run=run.id, layer="conv9")


def test_a_drawing_of_any_size_is_centred_and_recognised(session_cache: SessionCache, run: RunFolder) -> None:
    small = load_small_digits()
    right = 0
    for at in range(40):
        drawn = np.zeros((60, 50), dtype=int)
        drawn[3:35, 9:41] = np.kron(small.test_images[at], np.ones((4, 4), dtype=int))
        found = request(session_cache, "predict", run=run.id, pixels=drawn.tolist())
        assert np.shape(found["centred"]) == (8, 8)
        assert sum(found["probabilities"]) == pytest.approx(1)
        right += found["predicted"] == small.test_labels[at]
    assert right >= 32
    assert "layers" in found and "layers" not in request(
        session_cache, "predict", run=run.id, pixels=[[9]], maps=False
    )


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        ([], "of 0 came"),
        ([[1, 2], [3]], "rows of numbers, all of the same length"),
        ([["a"]], "rows of numbers"),
        ([[0, 256]], "outside 0 to 255"),
        ([[0, float("nan")]], "outside 0 to 255"),
        ([[0] * 513], "of 1x513 came"),
        (7, "of  came"),
    ],
)
def test_invalid_pixels_are_refused(
    session_cache: SessionCache, run: RunFolder, pixels: Any, words: str
) -> None:
    with pytest.raises(DataError, match=words):
        request(session_cache, "predict", run=run.id, pixels=pixels)


@pytest.mark.parametrize("kind", ["occlusion", "gradient"])
def test_saliency_is_in_units_of_its_largest_amount(
    session_cache: SessionCache, run: RunFolder, kind: str
) -> None:
    found = request(session_cache, "saliency", run=run.id, kind=kind, index=5)
    assert np.shape(found["values"]) == (8, 8) and found["target"] == found["predicted"]
    assert np.abs(found["values"]).max() == 1 and found["most"] > 0
    with pytest.raises(ParamError, match="expected occlusion or gradient of class 0 to 9"):
        request(session_cache, "saliency", run=run.id, kind=kind, target=10)


@pytest.mark.parametrize(("kind", "amounts"), [("shift", 3), ("noise", 8)])
def test_accuracy_falls_as_the_distortion_grows(
    session_cache: SessionCache, run: RunFolder, kind: str, amounts: int
) -> None:
    streamed = parts(session_cache, "robustness", run=run.id, kind=kind)
    found = streamed[-1]
    assert len(found["amounts"]) == len(found["accuracies"]) == amounts and found["images"] == 360
    assert found["accuracies"][0] == pytest.approx(
        request(session_cache, "report", run=run.id)["report"]["accuracy"]
    )
    assert found["accuracies"][-1] < found["accuracies"][0] - 0.1
    assert [part["done"] for part in streamed] == list(range(1, found["total"] + 1))


def test_drawn_digits_are_kept_as_a_test_set(session_cache: SessionCache, run: RunFolder) -> None:
    assert request(session_cache, "kept_report", run=run.id)["accuracy"] is None
    digits = load_small_digits()
    for at in range(3):
        marks = request(
            session_cache, "keep", pixels=digits.test_images[at].tolist(), label=int(digits.test_labels[at])
        )
    assert marks["count"] == 3
    kept = user_drawings.read(session_cache.places.drawn_digits)
    assert [one.label for one in kept] == digits.test_labels[:3].tolist()
    assert kept[0].pixels.shape == (28, 28)
    found = request(session_cache, "kept_report", run=run.id)
    assert found["count"] == 3 and np.sum(found["confusion"]) == 3
    assert found["accuracy"] == np.trace(found["confusion"]) / 3
    assert request(session_cache, "drop", mark=kept[1].mark) == {"dropped": 1, "count": 2}
    assert request(session_cache, "drop", mark="all") == {"dropped": 2, "count": 0}


def test_the_table_has_six_rows_and_the_best_by_validation_with_its_test_accuracy(
    session_cache: SessionCache,
) -> None:
    root = session_cache.places.root
    slow = plant(root, {9: convolutions(seed=3)}, model="double_conv", batch=50)
    write_events(slow, (3, 0.95), (9, 0.98), test=0.97)
    fast = plant(root, {6: convolutions(seed=4)}, model="double_conv_dropout", batch=100)
    write_events(fast, (3, 0.992), (6, 0.985))
    streamed = parts(session_cache, "table")
    assert [part["done"] for part in streamed] == [1, 2, 3, 4, 5, 6]
    rows = {(row["model"], row["batch"]): row for row in streamed[-1]["rows"]}
    assert len(rows) == 6 and rows["single_conv", 50]["why"] == "not trained yet"
    first, second = rows["double_conv", 50], rows["double_conv_dropout", 100]
    assert (first["run"], first["is_reached"], first["iterations"]) == (slow.id, False, 9)
    assert (second["run"], second["is_reached"], second["iterations"]) == (fast.id, True, 3)
    assert (first["test_accuracy"], second["test_accuracy"]) == (0.97, None)
    assert "still to be tested" in second["why"]
    best = max((first, second), key=lambda row: row["balanced"])
    assert streamed[-1]["best"]["run"] == best["run"]
    assert streamed[-1]["best"]["test_accuracy"] == best["test_accuracy"]


def test_other_networks_are_in_the_table_once_they_were_trained_and_may_be_best(
    session_cache: SessionCache,
) -> None:
    root = session_cache.places.root
    other = new_run(root, "mnist_recipe", recipe="fast")
    save(other, 9, convolutions(seed=3))
    write_events(other, (9, 0.995), test=0.99)
    streamed = parts(session_cache, "table")
    assert streamed[-1]["total"] == 7
    row = streamed[-1]["rows"][-1]
    assert (row["model"], row["run"], row["is_reached"], row["iterations"]) == ("fast", other.id, True, 9)
    assert row["balanced"] is not None and streamed[-1]["best"]["run"] == other.id


def test_a_network_that_still_trains_is_not_the_best(session_cache: SessionCache) -> None:
    run = plant(session_cache.places.root, {9: convolutions(seed=3)}, model="double_conv", batch=50)
    write_events(run, (9, 0.84))
    store.write_keeper(run, KeeperFacts(1, process_identity.current(), 1.0))
    streamed = parts(session_cache, "table")[-1]
    row = next(row for row in streamed["rows"] if row["run"] == run.id)
    assert row["balanced"] is not None and row["is_running"] and streamed["best"] is None


def test_the_real_mnist_has_its_known_statistics(
    session_cache: SessionCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not REAL or not (Path(REAL) / "mnist").is_dir():
        pytest.skip("DLTUI_DATA names no folder with MNIST")
    monkeypatch.setenv("DLTUI_DATA", REAL)
    found = request(session_cache, "explore", samples=1)
    assert (found["title"], found["side"], found["notice"]) == ("MNIST", 28, "")
    assert found["splits"] == {"train": 54_000, "validation": 6_000, "test": 10_000}
    assert found["counts"]["test"] == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert found["statistics"]["mean"] == pytest.approx(33.32, abs=0.1)
    assert found["statistics"]["std"] == pytest.approx(78.57, abs=0.2)
    assert found["statistics"]["ink"] == pytest.approx(0.191, abs=0.002)


async def test_a_drawing_is_classified_by_a_session_process(
    session_cache: SessionCache, run: RunFolder
) -> None:
    async with open_session(session_cache.places) as session:
        answer = await session.ask(PredictRequest(run.id, [[0, 255], [0, 255]]), newest="stroke")
        assert sum(answer.probabilities) == pytest.approx(1)
        last = [part async for part in session.parts(ReportRequest(run.id))][-1]
        assert isinstance(last, FinishedReport) and last.report.images == 360
        with pytest.raises(DltuiError, match="There is no run 'gone'"):
            await session.ask(PredictRequest("gone", [[255]]))


def test_the_module_imports_no_framework() -> None:
    script = "import sys, engine.session.mnist; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"torch", "tensorflow", "sklearn", "numba", "scipy"} & set(done.stdout.split())
