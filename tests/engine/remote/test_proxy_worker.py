"""A stand-in under a real keeper, and the process of the node at the other end; only Ray is left out."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checkpoints import folder as checkpoint_folder
from engine import store
from engine.events import Event, replay
from engine.keeper import arguments
from engine.places import Places
from engine.protocol import CauseKind, Spec, Status
from engine.remote import gateway_address, proxy_worker
from engine.remote.gateway_address import GatewayAddress
from engine.remote.proxy_worker import ProxyWorker
from engine.service.runs import keeper_commands
from engine.store import ExitFacts, RunFolder
from engine.worker.keeper_pipe import KeeperPipe
from tests.end_to_end.home import ROOT
from tests.engine.data.idx_files import make_arrays, write_set
from tests.fakes.pipe_gateway import PipeGateway
from tests.timeouts import quiet_seconds

SPEC = Spec(
    id="r1", experiment="counter", params={"steps": 60, "seconds": 0.02, "pace": 1.0}, seed=1, name="far",
    framework="python", threads=1, device="cpu", created_at=1.0, executor="ray@there:1",
)  # fmt: skip
DYING = (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_EXTRA_CATALOG", "tests.fakes.catalog:CATALOG")
    monkeypatch.setenv("DLTUI_CHECKPOINT_SECONDS", "0.2")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def room(places: Places) -> Iterator[PipeGateway]:
    made = PipeGateway(GatewayAddress(places, "there:1").socket)
    made.open()
    yield made
    made.close()


def test_a_run_elsewhere_is_bit_for_bit_the_run_here(places: Places, room: PipeGateway) -> None:
    far = _train(places, SPEC)
    near = _train(places, dataclasses.replace(SPEC, id="r2", executor="local"))
    assert (far.exit.status, far.exit.cause.text) == (near.exit.status, "Finished at step 60.")
    assert far.weights() == near.weights() and far.curve() == near.curve()
    assert [event.seq for event in far.events()] == list(range(1, len(far.events()) + 1))
    assert far.folder.beat.exists() and b"--- attempt 1 on cpu" in far.folder.log.read_bytes()
    paths = {event.facts["path"] for event in far.events() if event.kind == "checkpoint"}
    assert all(str(far.folder.checkpoints) in path for path in paths)
    assert room.jobs[0].facts["need"]["cpus"] == 1


def test_a_node_that_dies_costs_the_steps_behind_its_last_checkpoint_only(
    places: Places, room: PipeGateway
) -> None:
    begun = _begin(places, SPEC)
    _until(lambda: begun.steps())
    room.kill_node()
    far = begun.end()
    near = _train(places, dataclasses.replace(SPEC, id="r2", executor="local"))
    assert far.exit.status is Status.DONE and len(room.nodes) == 2, far.notes()
    assert far.weights() == near.weights() and far.curve() == near.curve()
    assert any("The node was lost. It continues on another node from step" in text for text in far.notes())
    assert [job.facts["time"] for job in room.jobs] == [1, 2]


def test_an_end_that_arrives_together_with_the_end_of_its_task_is_an_end(
    places: Places, room: PipeGateway
) -> None:
    room.is_terse = True
    far = _train(places, dataclasses.replace(SPEC, params={"steps": 3, "seconds": 0.0, "pace": 1.0}))
    assert far.exit.cause.text == "Finished at step 3.", far.notes()
    assert len(room.nodes) == 1, far.notes()


def test_a_keeper_that_is_killed_there_is_one_more_loss(places: Places, room: PipeGateway) -> None:
    begun = _begin(places, SPEC)
    _until(lambda: begun.steps())
    [keeper] = _children(room.nodes[0].pid)
    os.kill(keeper, signal.SIGKILL)
    far = begun.end()
    assert far.exit.status is Status.DONE and len(room.nodes) == 2, far.notes()
    assert far.curve() == _train(places, dataclasses.replace(SPEC, id="r2", executor="local")).curve()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1])
def test_a_worker_that_is_killed_there_is_one_more_try(
    places: Places, room: PipeGateway, number: signal.Signals
) -> None:
    begun = _begin(places, SPEC)
    _until(lambda: begun.steps())
    [keeper] = _children(room.nodes[0].pid)
    [worker] = _children(keeper)
    os.kill(worker, number)
    far = begun.end()
    assert far.exit.status is Status.DONE and len(room.nodes) == 2, far.notes()
    assert any("try 1 of" in note or "try 2 of" in note for note in far.notes())
    assert far.curve() == _train(places, dataclasses.replace(SPEC, id="r2", executor="local")).curve()


def test_a_crash_there_is_no_try_of_its_own(places: Places, room: PipeGateway) -> None:
    begun = _begin(places, SPEC)
    _until(lambda: begun.steps())
    [keeper] = _children(room.nodes[0].pid)
    [worker] = _children(keeper)
    os.kill(worker, signal.SIGSEGV)
    far = begun.end()
    assert far.exit.status is Status.FAILED and len(room.nodes) == 1, far.notes()
    assert "SIGSEGV" in far.exit.cause.text


def test_a_node_refuses_other_data_than_its_user_named_and_takes_the_same_from_anywhere(
    places: Places, room: PipeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_set(tmp_path / "mine", make_arrays())
    write_set(tmp_path / "theirs", make_arrays(train=30))
    write_set(tmp_path / "moved" / "mnist", make_arrays())
    spec = dataclasses.replace(
        SPEC, experiment="mnist", params={"model": "logistic", "iterations": 1}, framework="torch",
        data=str(tmp_path / "mine"),
    )  # fmt: skip
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path / "theirs"))
    far = _train(places, spec)
    assert far.exit.cause.kind is CauseKind.BAD_DATA and len(room.nodes) == 1
    assert f"has the images of {tmp_path / 'theirs'}" in far.exit.cause.text
    assert f"expected the images of {tmp_path / 'mine'}" in far.exit.cause.text
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path / "moved"))
    assert _train(places, dataclasses.replace(spec, id="r2")).exit.status is Status.DONE


def test_words_go_to_the_worker_and_its_reasons_come_back(places: Places, room: PipeGateway) -> None:
    begun = _begin(places, SPEC)
    _until(lambda: begun.steps())
    keeper_commands.send(begun.folder.control, {"word": "set", "name": "pace", "value": 5.0})
    _until(lambda: "set" in [event.kind for event in begun.events()])
    keeper_commands.send(begun.folder.control, {"word": "stop", "why": "worse than the median"})
    far = begun.end()
    assert far.exit.status is Status.STOPPED and far.exit.cause.kind is CauseKind.PRUNED
    assert far.exit.cause.text.endswith(": worse than the median.")


def test_a_keeper_that_dies_here_is_a_keeper_that_dies_there(places: Places, room: PipeGateway) -> None:
    begun = _begin(places, SPEC)
    _until(lambda: begun.steps())
    begun.process.send_signal(signal.SIGKILL)
    _until(lambda: "ended" in [event.kind for event in begun.events()])
    [ended] = [event for event in begun.events() if event.kind == "ended"]
    assert ended.facts["status"] in ("lost", "stopped")
    assert checkpoint_folder.steps(begun.folder.checkpoints)[-1] == ended.facts["step"]


def test_without_a_room_it_calls_for_one_and_can_be_paused(places: Places) -> None:
    begun = _begin(places, SPEC)
    _until(lambda: gateway_address.called(places) == [GatewayAddress(places, "there:1")])
    keeper_commands.send(begun.folder.control, {"word": "pause"})
    ended = begun.end().exit
    assert (ended.status, ended.cause.text) == (Status.PAUSED, "Paused at step 0.")


def test_one_whose_run_is_removed_leaves(places: Places) -> None:
    begun = _begin(places, SPEC)
    _until(lambda: gateway_address.called(places))
    shutil.rmtree(begun.folder.path)
    begun.process.wait(60)
    assert not begun.folder.path.exists()


def test_what_the_room_refuses_is_the_cause(places: Places, room: PipeGateway) -> None:
    room.refuses = "No node has 64 CPU."
    ended = _train(places, SPEC).exit
    assert ended.status is Status.FAILED
    assert (ended.cause.text, ended.cause.remedy) == ("No node has 64 CPU.", "Try another.")


def test_it_gives_up_after_so_many_tries_that_came_to_nothing(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy_worker, "REST_SECONDS", 0.0)
    room = PipeGateway(GatewayAddress(places, "there:1").socket, DYING)
    room.open()
    ended = ProxyWorker(store.create(places, SPEC), KeeperPipe(None), 1).run()
    room.close()
    assert ended["status"] == "failed" and len(room.jobs) == proxy_worker.TRIES
    assert ended["cause"]["text"].startswith("Given up after 5 tries that came to no checkpoint; the last: ")


@dataclasses.dataclass
class Begun:
    folder: RunFolder
    process: subprocess.Popen[bytes]

    def end(self) -> Begun:
        self.process.wait(120)
        return self

    @property
    def exit(self) -> ExitFacts:
        found = store.read_exit(self.folder)
        assert found is not None
        return found

    def events(self) -> list[Event]:
        return list(replay(self.folder.events))

    def notes(self) -> list[str]:
        return [event.facts["text"] for event in self.events() if event.kind == "note"]

    def steps(self) -> list[int]:
        return checkpoint_folder.steps(self.folder.checkpoints)

    def weights(self) -> str:
        return checkpoint_folder.listing(self.folder.checkpoints)[-1].weights_sha256

    def curve(self) -> list[tuple[int, float]]:
        points: dict[int, float] = {}
        for event in self.events():
            if event.kind == "restored":
                points = {step: loss for step, loss in points.items() if step <= event.facts["step"]}
            elif event.kind == "metrics":
                points |= zip(*event.facts["series"]["loss"], strict=True)
        return sorted(points.items())


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _begin(places: Places, spec: Spec) -> Begun:
    folder = store.create(places, spec)
    command = arguments.command(folder.path, 1, python=sys.executable)
    return Begun(folder, subprocess.Popen(command, cwd=Path("/"), start_new_session=True))


def _train(places: Places, spec: Spec) -> Begun:
    return _begin(places, spec).end()


def _until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = quiet_seconds() + seconds
    while not condition():
        assert quiet_seconds() < deadline, "it did not come true in time"
        time.sleep(0.02)
