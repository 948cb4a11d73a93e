"""Methods of a network use the data of its own run, and refuse other data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from checkpoints.manifest import Fact
from engine.data.labelled_images import digest_all
from engine.data.mnist_folders import fingerprint
from engine.errors import DataError
from engine.places import Places
from engine.session.cache import SessionCache
from engine.store import RunFolder
from tests.engine.data.idx_files import make_arrays, write_set
from tests.engine.session.digit_runs import convolutions, plant, request

MINE, OTHER = make_arrays(train=60), make_arrays(train=30)
FINGERPRINT = fingerprint(digest_all(*MINE))


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_OFFLINE", "1")
    monkeypatch.delenv("DLTUI_DATA", raising=False)


@pytest.fixture
def session_cache(places: Places) -> SessionCache:
    return SessionCache(places)


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    write_set(tmp_path / "mine", MINE)
    write_set(tmp_path / "other", OTHER)
    return tmp_path


def recorded(found: str, title: str = "the images of /then") -> dict[str, Fact]:
    return {"data": json.dumps({"title": title, "fingerprint": found})}


def trained(session_cache: SessionCache, sets: Path, *, batch: int = 50) -> RunFolder:
    """On the set in `mine`, started with that folder as DLTUI_DATA."""
    return plant(
        session_cache.places.root, {5: convolutions(side=28)}, recorded(FINGERPRINT), data=str(sets / "mine"),
        model="double_conv", batch=batch,
    )  # fmt: skip


@pytest.mark.parametrize("elsewhere", ["", "other", "gone"])
def test_a_report_is_on_the_data_of_the_run_whatever_the_shell_names(
    session_cache: SessionCache, sets: Path, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trained(session_cache, sets)
    monkeypatch.setenv("DLTUI_DATA", str(sets / elsewhere) if elsewhere else "")
    found = request(session_cache, "report", run=run.id)
    assert found["data"] == {"title": f"the images of {sets / 'mine'}", "fingerprint": FINGERPRINT}
    assert found["report"]["title"] == found["data"]["title"] and found["report"]["images"] == 20
    assert request(session_cache, "model", run=run.id)["per_epoch"] == 2


PARAMS = {
    "report": {}, "cell": {"true": 1, "predicted": 2}, "worst": {}, "maps": {},
    "saliency": {}, "robustness": {}, "model": {},
}  # fmt: skip


@pytest.mark.parametrize("method", PARAMS)
def test_changed_labels_are_refused_by_every_method_that_uses_the_data(
    session_cache: SessionCache, sets: Path, method: str
) -> None:
    run = trained(session_cache, sets)
    request(session_cache, method, run=run.id, **PARAMS[method])
    turned = (MINE[0], 9 - MINE[1], MINE[2], 9 - MINE[3])
    write_set(sets / "mine", turned)
    later, now = SessionCache(session_cache.places), fingerprint(digest_all(*turned))
    with pytest.raises(DataError) as refused:
        request(later, method, run=run.id, **PARAMS[method])
    message = refused.value.message
    assert (
        "was trained on the images of /then" in message
        and FINGERPRINT[:12] in message
        and now[:12] in message
    )
    assert str(sets / "mine") in refused.value.remedy and "\n" not in str(refused.value)


def test_another_set_in_place_of_the_old_one_is_refused(session_cache: SessionCache, sets: Path) -> None:
    run = trained(session_cache, sets)
    shutil.rmtree(sets / "mine")
    (sets / "mine").symlink_to(sets / "other")
    with pytest.raises(DataError, match="what is found now is the images of"):
        request(session_cache, "report", run=run.id)


def test_a_missing_folder_is_named_and_no_other_one_is_used(session_cache: SessionCache, sets: Path) -> None:
    run = trained(session_cache, sets)
    write_set(session_cache.places.cache / "mnist", MINE)
    shutil.rmtree(sets / "mine")
    with pytest.raises(DataError, match=f"is {sets / 'mine'}, which is not a folder"):
        request(session_cache, "report", run=run.id)


def test_the_same_data_behind_a_link_are_the_same(session_cache: SessionCache, sets: Path) -> None:
    run = trained(session_cache, sets)
    (sets / "mine").rename(sets / "moved")
    (sets / "mine").symlink_to(sets / "moved")
    assert request(session_cache, "report", run=run.id)["data"]["fingerprint"] == FINGERPRINT


def test_a_run_of_an_older_version_is_compared_by_the_facts_of_its_checkpoints(
    session_cache: SessionCache, sets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = plant(session_cache.places.root, {5: convolutions(side=28)}, {"pinned.data": FINGERPRINT})
    monkeypatch.setenv("DLTUI_DATA", str(sets / "mine"))
    assert request(session_cache, "report", run=run.id)["report"]["images"] == 20
    monkeypatch.setenv("DLTUI_DATA", str(sets / "other"))
    with pytest.raises(DataError, match="was trained on data") as refused:
        request(session_cache, "report", run=run.id)
    assert "Set DLTUI_DATA" in refused.value.remedy


def test_the_table_names_the_same_best_whatever_the_shell_names(
    session_cache: SessionCache, sets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(session_cache, sets), trained(session_cache, sets, batch=100)
    tables = []
    for folder in ("mine", "other", "gone"):
        monkeypatch.setenv("DLTUI_DATA", str(sets / folder))
        tables.append(request(session_cache, "table"))
    assert tables[0] == tables[1] == tables[2] and tables[0]["best"] is not None
    assert not tables[0]["notice"]


def test_networks_of_different_data_have_no_best_and_the_notice_says_so(
    session_cache: SessionCache, sets: Path
) -> None:
    trained(session_cache, sets)
    facts = recorded(fingerprint(digest_all(*OTHER)), "the images of /other")
    plant(session_cache.places.root, {5: convolutions(side=28)}, facts, data=str(sets / "other"), batch=100)
    found = request(session_cache, "table")
    assert found["best"] is None and "different data" in found["notice"] and "/other" in found["notice"]
    assert [row["balanced"] is None for row in found["rows"] if row["run"]] == [False, False]
