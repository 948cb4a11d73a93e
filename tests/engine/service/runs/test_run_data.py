"""The data folder of a run: sent by the client, stored in the spec, used by workers, trials and resumes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine import store
from engine.client.client import Client
from engine.errors import DltuiError
from engine.places import Places
from engine.protocol import CauseKind, Status
from engine.remote import sent_files
from engine.remote.messages import FrameReader
from engine.service.placement.gpus import NoGpus
from engine.service.server.service import Service
from engine.service.sweeps import batch_spec, trial_spec
from engine.sweep_protocol import SweepStatus, TrialPage
from tests.engine.service.live import connect, end_runs, reach, serving, until
from tests.engine.service.sweeps.sweep_cases import make_sweep_spec
from tests.fakes.sweeps import make_trial


def stored(places: Places, run: str) -> object:
    return json.loads(store.folder_of(places, run).spec.read_bytes())["data"]


async def test_a_run_stores_the_data_folder_of_the_shell_that_submitted_it(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(places), await connect(places) as client:
        for named, kept in (("/first", "/first"), ("/second", "/second"), ("", "")):
            monkeypatch.setenv("DLTUI_DATA", named)
            made = await client.submit("xor", {"epochs": 1})
            assert made.spec.data == kept and stored(places, made.id) == kept


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three folders of data; the engine is started with the third as DLTUI_DATA."""
    monkeypatch.setenv("DLTUI_EXTRA_CATALOG", "tests.fakes.catalog:CATALOG")
    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "set.txt").write_text(name)
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path / "three"))
    return tmp_path


@contextlib.asynccontextmanager
async def training(places: Places) -> AsyncIterator[Client]:
    """With the real keeper and workers."""
    service = Service(places, driver=NoGpus())
    running = asyncio.create_task(service.run())
    await until(places.socket.exists)
    try:
        async with await connect(places) as client:
            yield client
    finally:
        service.stop()
        await running
        end_runs(places)


async def test_a_worker_trains_on_the_data_folder_of_its_run_and_resumes_with_that_alone(
    places: Places, sets: Path
) -> None:
    async with training(places) as client:
        made = await client.submit("reader", {"steps": 9_999, "seconds": 0.01}, data=str(sets / "one"))
        other = await client.submit("reader", {"steps": 2}, data=str(sets / "two"))
        none = await client.submit("reader", {"steps": 2}, data="")
        for run, title in ((other, str(sets / "two")), (none, "None")):
            assert (await reach(client, run.id, Status.DONE)).data_title == title
        await reach(client, made.id, Status.RUNNING)
        while not (await client.show(made.id)).step:
            await asyncio.sleep(0.05)
        paused = await reach(client, (await client.pause(made.id)).id, Status.PAUSED)
        assert paused.data_title == str(sets / "one") and len(paused.data_fingerprint) == 64

        (sets / "one" / "set.txt").write_text("turned round")
        for mode in ("strict", "fast"):
            await client.resume(made.id, mode)
            refused = await reach(client, made.id, Status.FAILED)
            assert refused.cause is not None and refused.cause.kind is CauseKind.RESUME_REFUSED
            assert paused.data_fingerprint[:12] in refused.cause.text and "fast" not in refused.cause.remedy
            assert refused.data_fingerprint == paused.data_fingerprint

        (sets / "one").rename(sets / "moved")
        await client.resume(made.id)
        gone = await reach(client, made.id, Status.FAILED)
        assert gone.cause is not None and gone.cause.kind is CauseKind.BAD_DATA
        assert gone.cause.text == f"The folder of data sets is {sets / 'one'}, which is not a folder."

        (sets / "moved" / "set.txt").write_text("one")
        (sets / "one").symlink_to(sets / "moved")
        await client.resume(made.id)
        again = await reach(client, made.id, Status.RUNNING)
        assert again.data_fingerprint == paused.data_fingerprint
        await client.stop(made.id)
        await reach(client, made.id, Status.STOPPED)


async def test_the_trials_of_a_sweep_and_their_extensions_have_its_data_folder(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DLTUI_DATA", "/of/the/sweep")
    async with serving(places), await connect(places) as client:
        made = await client.sweep_submit("mnist", ["lr=0.1,0.2"], {"epochs": 1})
        monkeypatch.setenv("DLTUI_DATA", "/of/somebody/else")
        assert made.spec.data == "/of/the/sweep"
        await client.sweep_edit(made.id, "add", params={"lr": 0.4})
        for run in [trial.run for trial in (await settled(client, made.id)).rows]:
            assert stored(places, run) == "/of/the/sweep"
        first = (await client.sweep_trials(made.id)).rows[0]
        await client.sweep_edit(made.id, "extend", trial=first.trial, epochs=2)
        assert (await reach(client, first.run, Status.DONE)).spec.data == "/of/the/sweep"


async def settled(client: Client, sweep: str) -> TrialPage:
    while (await client.sweep_show(sweep)).status is SweepStatus.RUNNING:
        await asyncio.sleep(0.05)
    return await client.sweep_trials(sweep)


@pytest.mark.parametrize(
    ("data", "expected"),
    [*((text, "an absolute folder") for text in ("sets", "~/sets", "/a\0b", "/" + "x" * 5000)), (7, "text")],
)
async def test_a_data_folder_that_is_not_absolute_is_refused(
    places: Places, data: object, expected: str
) -> None:
    async with serving(places), await connect(places) as client:
        with pytest.raises(DltuiError, match=f"data: expected {expected}"):
            await client.request("submit", experiment="xor", data=data)


async def test_a_request_without_a_data_folder_stores_none(places: Places) -> None:
    async with serving(places), await connect(places) as client:
        answer = await client.request("submit", experiment="xor", params={"epochs": 1})
        assert answer["run"]["data"] is None


def test_a_trial_and_a_batch_of_trials_have_the_data_folder_of_their_sweep() -> None:
    spec = make_sweep_spec("lr=0.1,0.2", experiment="xor", data="/sets")
    row = make_trial(1, params={"lr": 0.1})
    assert trial_spec.make_spec(spec, row, 1.0).data == "/sets"
    assert batch_spec.make_spec(batch_spec.first_batch(spec), spec, row, 1.0).data == "/sets"


def test_the_spec_for_a_node_of_a_cluster_has_no_data_folder_of_this_machine(places: Places) -> None:
    row = make_trial(1, run="r1", params={"lr": 0.1})
    spec = trial_spec.make_spec(make_sweep_spec("lr=0.1", executor="ray", data="/sets"), row, 1.0)
    frames = FrameReader().feed(b"".join(sent_files.bundle_frames(store.create(places, spec), 1)))
    sent = next(json.loads(frame.payload) for frame in frames if frame.facts.get("path") == "spec.json")
    assert (sent["data"], sent["executor"]) == (None, "local")


async def test_the_doctor_checks_the_data_folder_of_the_shell_that_requests_it(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(places), await connect(places) as client:
        monkeypatch.setenv("DLTUI_DATA", "/of/this/shell/alone")
        assert any("/of/this/shell/alone" in finding.text for finding in await client.doctor())
