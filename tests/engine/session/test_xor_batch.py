"""Methods `lanes.*`, on runs that are trained by the test."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import CorruptRun, ParamError, RunNotFound
from engine.models.xor.batch.failure_map import MapLayout, _medians, groups, layout
from engine.places import Places
from engine.protocol import Json
from engine.session import xor_batch
from engine.session.cache import SessionCache
from engine.store import RunFolder
from tests.engine.session.requests import request
from tests.engine.worker.attempts import ScriptedPipe, curve, new_run, train

AXES = "hidden=1..3; lr=0.02,0.2; activation=btu,tanh; seed=5..14"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lanes")


@pytest.fixture(scope="module")
def batch(root: Path) -> RunFolder:
    folder = new_run(root, "xor_batch", axes=AXES, bypass=True, epochs=300)
    train(folder)
    return folder


@pytest.fixture(scope="module")
def grid(root: Path) -> RunFolder:
    folder = new_run(root, "xor_grid", epochs=9000, runs=4, successes=3)
    train(folder)
    return folder


@pytest.fixture
def session_cache(root: Path) -> Iterator[SessionCache]:
    yield SessionCache(Places(root))


def test_the_table_has_a_row_for_every_network(session_cache: SessionCache, batch: RunFolder) -> None:
    page = request(session_cache, "lanes.table", run=batch.id, limit=7, offset=3)
    assert page["columns"] == [
        "lane",
        "hidden",
        "lr",
        "activation",
        "seed",
        "outcome",
        "stop",
        "loss",
        "val_loss",
    ]
    assert [row[0] for row in page["rows"]] == list(range(3, 10))
    assert (page["matching"], page["total"], page["epoch"], page["epochs"]) == (120, 120, 300, 300)
    assert page["common"]["bypass"] is True and "hidden" not in page["common"]
    assert sum(page["counts"].values()) == 120 and page["counts"]["running"] == 0
    assert page["rows"][0][1:5] == [1, 0.02, "btu", 8] and page["rows"][0][8] is None


def test_rows_are_sorted_and_filtered(session_cache: SessionCache, batch: RunFolder) -> None:
    page = request(session_cache, "lanes.table", run=batch.id, sort="loss", descending=True, limit=1000)
    losses = [row[7] for row in page["rows"]]
    assert losses == sorted(losses, reverse=True)
    wanted = {"outcome": "success", "hidden": "3", "activation": "tanh"}
    page = request(session_cache, "lanes.table", run=batch.id, where=wanted, limit=1000)
    assert page["rows"] and page["matching"] == len(page["rows"])
    assert all((row[1], row[3], row[5]) == (3, "tanh", "success") for row in page["rows"])
    assert request(session_cache, "lanes.table", run=batch.id, where={"hidden": 9})["rows"] == []


def test_a_map_of_two_axes_counts_shares_and_medians(session_cache: SessionCache, batch: RunFolder) -> None:
    rows = request(session_cache, "lanes.table", run=batch.id, limit=1000)["rows"]
    shown = request(session_cache, "lanes.map", run=batch.id, x="lr", y="hidden")
    assert (shown["xs"], shown["ys"], shown["axes"]) == (
        [0.02, 0.2],
        [1, 2, 3],
        ["hidden", "lr", "activation", "seed"],
    )
    losses = request(session_cache, "lanes.map", run=batch.id, x="lr", y="hidden", colour="loss")
    for y, hidden in enumerate(shown["ys"]):
        for x, lr in enumerate(shown["xs"]):
            own = [row for row in rows if (row[1], row[2]) == (hidden, lr)]
            assert shown["counts"][y][x] == len(own) == 20
            assert shown["lanes"][y][x] == own[0][0]
            assert shown["values"][y][x] == pytest.approx(sum(row[5] == "success" for row in own) / 20)
            assert losses["values"][y][x] == pytest.approx(np.median([row[7] for row in own]))
    assert (losses["low"], losses["high"]) == (
        min(min(row) for row in losses["values"]), max(max(row) for row in losses["values"]),
    )  # fmt: skip


def test_parameters_that_are_names_are_axes_too(session_cache: SessionCache, batch: RunFolder) -> None:
    shown = request(session_cache, "lanes.map", run=batch.id, x="activation", y="seed")
    assert (shown["xs"], shown["ys"]) == (["btu", "tanh"], list(range(5, 15)))


def test_without_axes_there_is_a_cell_for_every_network_and_a_row_for_all_of_one_kind(
    session_cache: SessionCache, batch: RunFolder
) -> None:
    shown = request(session_cache, "lanes.map", run=batch.id, columns=9, colour="stop")
    assert [len(row) for row in shown["lanes"]] == [9] * 24
    assert shown["lanes"][22] == [*range(110, 119)] and shown["lanes"][23] == [119, *[-1] * 8]
    assert shown["groups"][22] == {"hidden": 3, "lr": 0.2, "activation": "tanh"} and not shown["groups"][23]
    curve = request(session_cache, "lanes.open", run=batch.id, lane=119, width=8, height=5)["curve"]
    known = (
        epoch for epoch, loss in zip(curve["epochs"], curve["loss"], strict=True) if loss < math.log(2) / 4
    )
    assert shown["counts"][23][:2] == [1, 0] and shown["values"][23][:2] == [next(known), None]


def test_where_kinds_would_take_too_many_rows_their_networks_follow_one_another(
    session_cache: SessionCache, batch: RunFolder
) -> None:
    shown = request(session_cache, "lanes.map", run=batch.id, columns=4)
    assert [len(row) for row in shown["lanes"]] == [4] * 30
    assert shown["lanes"][2] == [8, 9, 10, 11]


class LearningRates:
    """The record of a batch of networks whose learning rates are these."""

    axes = ("lr", "seed")

    def __init__(self, *rates: float) -> None:
        self._rates = rates

    def __len__(self) -> int:
        return len(self._rates)

    def codes(self, name: str) -> Any:
        return np.array(self._rates)

    def value(self, name: str, index: int) -> float:
        return self._rates[index]


def test_a_row_in_which_several_kinds_begin_has_no_label() -> None:
    layout = MapLayout("", "", (0, 1, 2), (0, 1, 2), np.arange(8))
    record: Any = LearningRates(0.1, 0.2, 0.3, 0.4, 0.4, 0.4, 0.4, 0.4)
    assert groups(record, layout) == [{}, {"lr": 0.4}, {}]


def test_a_network_is_opened_with_its_curve_and_its_gates(
    session_cache: SessionCache, batch: RunFolder
) -> None:
    opened = request(session_cache, "lanes.open", run=batch.id, lane=119, width=8, height=5)
    assert opened["params"]["hidden"] == 3 and opened["seed"] == 14
    epochs, losses = opened["curve"]["epochs"], opened["curve"]["loss"]
    assert epochs == sorted(set(epochs)) and epochs[-1] == opened["stop"] == 300
    assert len(losses) == len(epochs) and losses[-1] == opened["loss"] and losses[0] > losses[-1]
    assert opened["curve"]["val_loss"] == [] and opened["val_loss"] is None
    assert opened["look"]["losses"]["bce"] == pytest.approx(opened["loss"], rel=1e-4)
    assert (opened["outcome"] == "success") == (opened["look"]["right"] == 4)
    assert len(opened["look"]["plane"]) == 5


@pytest.mark.parametrize("lane", [0, 37, 119])
def test_a_network_trained_alone_by_xor_has_the_same_curve(
    session_cache: SessionCache, root: Path, batch: RunFolder, lane: int
) -> None:
    opened = request(session_cache, "lanes.open", run=batch.id, lane=lane)
    folder = new_run(root, "xor", seed=opened["seed"], **{**opened["params"], "epochs": 60})
    train(folder)
    way = curve(folder, "loss")  # before the update of its step; ours is after it
    for epoch, loss in zip(opened["curve"]["epochs"], opened["curve"]["loss"], strict=True):
        if epoch < 60:
            assert way[epoch + 1] == pytest.approx(loss, rel=1e-3)


def test_a_paused_batch_is_returned_in_its_last_state_and_newer_states_replace_it(
    session_cache: SessionCache, root: Path
) -> None:
    folder = new_run(root, "xor_batch", axes="seed=1..20", epochs=200)
    train(folder, ScriptedPipe({64: {"word": "pause"}}))
    page = request(session_cache, "lanes.table", run=folder.id)
    assert (page["epoch"], page["counts"]["running"]) == (64, 20)
    shown = request(session_cache, "lanes.map", run=folder.id)
    assert shown["values"][0][0] is None and shown["running"][0][0] == 1
    train(folder, number=2)
    os.utime(folder.path / "lanes.safetensors", ns=(1, 1))
    assert request(session_cache, "lanes.table", run=folder.id)["epoch"] == 200


def test_the_report_has_the_numbers_of_the_notebook(session_cache: SessionCache, grid: RunFolder) -> None:
    report = request(session_cache, "lanes.report", run=grid.id)
    assert [row["experiment"] for row in report["rows"]] == list(range(1, 10))
    assert report["rows"][0]["notebook"]["mean"] == 4861.8
    assert all(row["fails"] == 4 for row in report["rows"][5:]), "nothing gets there in 9,000 epochs at 0.01"
    assert report["rows"][0]["fails"] + sum(report["gates"].values()) == report["rows"][0]["runs"]
    with pytest.raises(ParamError, match="expected one of xor_grid"):
        request(session_cache, "lanes.report", run="".join(batch_of(session_cache)))


def batch_of(session_cache: SessionCache) -> str:
    return next(run for run in sorted(os.listdir(session_cache.places.runs)) if "xor_batch" in run)


@pytest.mark.parametrize(
    ("method", "facts", "message"),
    [
        ("table", {"sort": "colour"}, "sort: expected one of lane, hidden"),
        ("table", {"where": {"colour": 1}}, "where: expected outcome or a parameter"),
        ("table", {"where": {"outcome": "lost"}}, "outcome: expected one of running"),
        ("table", {"where": {"hidden": "many"}}, "hidden: expected a whole number"),
        ("map", {"x": "lr"}, "y: expected one of hidden, lr"),
        ("map", {"x": "lr", "y": "lr"}, "y: expected another axis than x"),
        ("map", {"colour": "blue"}, "colour: expected one of outcome"),
        ("open", {"lane": 120}, "network: expected 0 to 119, got 120"),
        ("open", {"lane": -1}, "network: expected 0 to 119"),
        ("open", {"lane": 1, "width": 0}, "width: expected"),
    ],
)
def test_wrong_parameters_are_an_error_of_one_line(
    session_cache: SessionCache, batch: RunFolder, method: str, facts: Json, message: str
) -> None:
    with pytest.raises(ParamError, match=message):
        request(session_cache, f"lanes.{method}", run=batch.id, **facts)


@pytest.mark.parametrize("run", ["../..", "", "nobody", "20260101-000000-xor_grid-0000"])
def test_a_missing_run_is_refused(session_cache: SessionCache, batch: RunFolder, run: str) -> None:
    with pytest.raises(RunNotFound):
        request(session_cache, "lanes.table", run=run)


def test_a_run_without_networks_and_damaged_files_are_refused(
    session_cache: SessionCache, root: Path
) -> None:
    folder = new_run(root, "xor", epochs=5)
    train(folder)
    with pytest.raises(RunNotFound, match="has no networks yet"):
        request(session_cache, "lanes.table", run=folder.id)
    (folder.path / "lanes.json").write_text("{}")
    (folder.path / "lanes.safetensors").write_bytes(b"\0" * 64)
    with pytest.raises(CorruptRun, match="cannot be read"):
        request(session_cache, "lanes.table", run=folder.id)


def test_medians_are_those_of_numpy_without_infinite_values(
    session_cache: SessionCache, batch: RunFolder
) -> None:
    cells = layout(xor_batch.open_record(session_cache, batch.id), "lr", "hidden", 0)
    numbers = np.random.default_rng(1).normal(size=120)
    numbers[::7] = np.inf
    found = _medians(cells, numbers).reshape(-1)
    for cell in range(6):
        own = numbers[cells.cells == cell]
        assert found[cell] == pytest.approx(np.median(own[np.isfinite(own)]))
