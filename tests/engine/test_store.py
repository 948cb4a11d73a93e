"""The run folder: created completely or not at all; damaged files are reported."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import process_identity, store
from engine.errors import CorruptRun
from engine.places import Places
from engine.protocol import Cause, CauseKind, Spec, Status
from engine.store import ExitFacts, KeeperFacts, RunFolder, Wanted


def a_spec(run_id: str = "20260101-000000-xor-abcd") -> Spec:
    return Spec(run_id, "xor", {"lr": 0.1, "bypass": True}, 7, "mine", "torch", 2, "auto", 12.5, "token")


def test_a_run_folder_holds_its_spec_and_is_private(places: Places) -> None:
    folder = store.create(places, a_spec())
    assert store.read_spec(folder) == a_spec()
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.spec.stat().st_mode) == 0o600
    assert store.list_ids(places) == [a_spec().id]


def test_an_id_that_is_taken_is_refused_and_the_first_stays(places: Places) -> None:
    store.create(places, a_spec())
    with pytest.raises(OSError, match="not empty"):
        store.create(places, a_spec())
    assert store.list_ids(places) == [a_spec().id]


def test_drafts_and_trash_are_not_runs(places: Places) -> None:
    assert store.list_ids(places) == []
    for name in (".new-x", ".trash-y", "b", "a"):
        (places.runs / name).mkdir(parents=True)
    assert store.list_ids(places) == ["a", "b"]


def test_ids_have_the_time_and_the_experiment_and_differ() -> None:
    ids = {store.new_id("xor", 0.0) for _ in range(50)}
    assert len(ids) > 45 and all(run_id[:8].isdigit() and "-xor-" in run_id for run_id in ids)


def test_files_of_a_run_are_read_as_they_were_written(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert store.read_wanted(folder) == Wanted() and store.read_keeper(folder) is None
    assert store.read_exit(folder) is None
    store.write_wanted(folder, Wanted(3, "fast"))
    keeper = KeeperFacts(
        3, process_identity.current(), 1.5, worker=process_identity.current(), asked="pause", asked_at=2.0
    )
    store.write_keeper(folder, keeper)
    cause = Cause(CauseKind.SIGNAL, "killed", "resume")
    ended = ExitFacts(3, Status.FAILED, cause, 9.0, code=None, signal=9, usage={"cpu_seconds": 1.0})
    store.write_exit(folder, ended)
    assert store.read_wanted(folder) == Wanted(3, "fast")
    assert store.read_keeper(folder) == keeper
    assert store.read_exit(folder) == ended


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"attempt": 1}', '{"status": "odd"}', "\udcff"])
def test_damaged_files_of_a_run_are_reported(tmp_path: Path, text: str) -> None:
    folder = RunFolder(tmp_path)
    for path in (folder.spec, folder.keeper, folder.exit):
        path.write_bytes(text.encode(errors="surrogateescape"))
    for path, read in (
        (folder.spec, store.read_spec),
        (folder.keeper, store.read_keeper),
        (folder.exit, store.read_exit),
    ):
        with pytest.raises(CorruptRun) as error:
            read(folder)
        assert str(path) in error.value.message


def test_a_missing_spec_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(CorruptRun, match=r"spec\.json is missing"):
        store.read_spec(RunFolder(tmp_path))


def test_a_spec_without_fields_of_sweeps_is_read(places: Places) -> None:
    folder = store.create(places, a_spec())
    old = json.loads(folder.spec.read_text())
    for name in ("sweep", "trial", "gpu_share", "executor"):
        del old[name]
    folder.spec.write_text(json.dumps(old))
    assert store.read_spec(folder) == a_spec()


def test_an_amendment_replaces_parameters_and_the_spec_file_stays(places: Places) -> None:
    folder = store.create(places, a_spec())
    before = folder.spec.read_bytes()
    store.write_amended(folder, {"epochs": 40})
    assert store.read_spec(folder).params == {**a_spec().params, "epochs": 40}
    assert folder.spec.read_bytes() == before


A_SPEC = {
    "id": "r", "experiment": "xor", "params": {"lr": 0.1}, "seed": 7, "name": "n", "framework": "torch",
    "threads": 2, "device": "auto", "created_at": 12.5, "token": "", "sweep": "", "trial": 0,
    "gpu_share": 1.0, "executor": "local",
}  # fmt: skip
AN_EXIT = {"attempt": 1, "status": "done", "cause": {"kind": "finished", "text": "done"}, "at": 9.0}
A_KEEPER = {
    "attempt": 1, "identity": {"boot_id": "b", "pid": 1, "start_ticks": 5}, "started_at": 1.0, "worker": None,
}  # fmt: skip
ODD = ["x", "", 5, -1.5, True, None, [], {}, [1], {"a": 1}, 10**18, 1e308]


@pytest.mark.parametrize(
    ("file", "whole", "read"),
    [
        ("spec", A_SPEC, store.read_spec),
        ("exit", AN_EXIT, store.read_exit),
        ("keeper", A_KEEPER, store.read_keeper),
    ],
)
def test_a_field_of_a_wrong_type_is_refused_and_reported(
    tmp_path: Path, file: str, whole: dict[str, Any], read: Callable[[RunFolder], Any]
) -> None:
    folder = RunFolder(tmp_path)
    path: Path = getattr(folder, file)
    for field, usual in whole.items():
        for odd in ODD:
            path.write_text(json.dumps({**whole, field: odd}))
            try:
                found = read(folder)
            except CorruptRun as error:
                assert str(path) in error.message and field in error.message
            else:
                got = getattr(found, field)
                alike = (
                    (int, float) if type(usual) in (int, float) else (type(usual), Status, dict, type(None))
                )
                assert got is None or isinstance(got, alike), (field, odd, got)


@pytest.mark.parametrize(
    "change",
    [
        {"created_at": 1e300},
        {"created_at": -1},
        {"threads": 0},
        {"threads": 10**12},
        {"gpu_share": -1},
        {"gpu_share": 2},
    ],
)
def test_numbers_that_no_run_can_have_are_damage(tmp_path: Path, change: dict[str, float]) -> None:
    folder = RunFolder(tmp_path)
    folder.spec.write_text(json.dumps({**A_SPEC, **change}))
    with pytest.raises(CorruptRun, match=f"{next(iter(change))}: expected a number from"):
        store.read_spec(folder)


def test_an_exit_with_a_status_that_is_no_end_is_damage(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.exit.write_text(json.dumps({**AN_EXIT, "status": "running"}))
    with pytest.raises(
        CorruptRun, match="status: expected one that a run can end in, got the text 'running'"
    ):
        store.read_exit(folder)


@pytest.mark.parametrize(
    "text", ['{"params": 5}', '{"params": {"lr": []}}', "[]", "{", '{"params": {"lr": NaN}}']
)
def test_damaged_amendments_are_reported(tmp_path: Path, text: str) -> None:
    folder = RunFolder(tmp_path)
    folder.spec.write_text(json.dumps(A_SPEC))
    folder.amended.write_text(text)
    with pytest.raises(CorruptRun, match=r"amended\.json cannot be read"):
        store.read_spec(folder)
