"""A proxy worker under a real keeper, with a real node process; only Ray is replaced."""

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
from engine.keeper import arguments, command_pipe
from engine.places import Places
from engine.protocol import CauseKind, Spec, Status
from engine.remote import gateway_address, proxy_worker
from engine.remote.gateway_address import GatewayAddress
from engine.remote.proxy_worker import ProxyWorker
from engine.store import ExitFacts, RunFolder
from engine.worker.keeper_pipe import KeeperPipe
from tests.end_to_end.home import ROOT
from tests.engine.data.idx_files import make_arrays, write_set
from tests.fakes.pipe_gateway import PipeGateway
from tests.timeouts import quiet_seconds

SPEC = Spec(
    id="r1", experiment="counter", params={"steps": 60, "seconds": 0.02, "pace": 1.0}, seed=1, name="remote",
    framework="python", threads=1, device="cpu", created_at=1.0, executor="ray@there:1",
)  # fmt: skip
DYING = (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)")


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DLTUI_EXTRA_CATALOG", "tests.fakes.catalog:CATALOG")
    monkeypatch.setenv("DLTUI_CHECKPOINT_SECONDS", "0.2")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def gateway(places: Places) -> Iterator[PipeGateway]:
    made = PipeGateway(GatewayAddress(places, "there:1").socket)
    made.open()
    yield made
    made.close()


@pytest.mark.long
def test_a_remote_run_equals_the_local_run_bit_for_bit(places: Places, gateway: PipeGateway) -> None:
    remote = _train(places, SPEC)
    local = _train(places, dataclasses.replace(SPEC, id="r2", executor="local"))
    assert (remote.exit.status, remote.exit.cause.text) == (local.exit.status, "Finished at step 60.")
    assert remote.weights() == local.weights() and remote.curve() == local.curve()
    assert [event.seq for event in remote.events()] == list(range(1, len(remote.events()) + 1))
    assert remote.folder.beat.exists() and b"--- attempt 1 on cpu" in remote.folder.log.read_bytes()
    paths = {event.facts["path"] for event in remote.events() if event.kind == "checkpoint"}
    assert all(str(remote.folder.checkpoints) in path for path in paths)
    assert gateway.jobs[0].facts["need"]["cpus"] == 1


@pytest.mark.long
def test_a_node_that_dies_loses_only_the_steps_after_its_last_checkpoint(
    places: Places, gateway: PipeGateway
) -> None:
    started = _start(places, SPEC)
    _until(lambda: started.steps())
    gateway.kill_node()
    remote = started.end()
    local = _train(places, dataclasses.replace(SPEC, id="r2", executor="local"))
    assert remote.exit.status is Status.DONE and len(gateway.nodes) == 2, remote.notes()
    assert remote.weights() == local.weights() and remote.curve() == local.curve()
    assert any("The node was lost. It continues on another node from step" in text for text in remote.notes())
    assert [job.facts["time"] for job in gateway.jobs] == [1, 2]


def test_an_end_frame_that_arrives_together_with_the_end_of_its_task_counts(
    places: Places, gateway: PipeGateway
) -> None:
    gateway.is_terse = True
    remote = _train(places, dataclasses.replace(SPEC, params={"steps": 3, "seconds": 0.0, "pace": 1.0}))
    assert remote.exit.cause.text == "Finished at step 3.", remote.notes()
    assert len(gateway.nodes) == 1, remote.notes()


@pytest.mark.long
def test_a_run_whose_keeper_is_killed_on_the_node_is_tried_again(
    places: Places, gateway: PipeGateway
) -> None:
    started = _start(places, SPEC)
    _until(lambda: started.steps())
    [keeper] = _children(gateway.nodes[0].pid)
    os.kill(keeper, signal.SIGKILL)
    remote = started.end()
    assert remote.exit.status is Status.DONE and len(gateway.nodes) == 2, remote.notes()
    assert remote.curve() == _train(places, dataclasses.replace(SPEC, id="r2", executor="local")).curve()


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGUSR1])
def test_a_run_whose_worker_is_killed_on_the_node_is_tried_again(
    places: Places, gateway: PipeGateway, number: signal.Signals
) -> None:
    started = _start(places, SPEC)
    _until(lambda: started.steps())
    [keeper] = _children(gateway.nodes[0].pid)
    [worker] = _children(keeper)
    os.kill(worker, number)
    remote = started.end()
    assert remote.exit.status is Status.DONE and len(gateway.nodes) == 2, remote.notes()
    assert any("try 1 of" in note or "try 2 of" in note for note in remote.notes())
    assert remote.curve() == _train(places, dataclasses.replace(SPEC, id="r2", executor="local")).curve()


def test_a_crash_on_the_node_is_not_tried_again(places: Places, gateway: PipeGateway) -> None:
    started = _start(places, SPEC)
    _until(lambda: started.steps())
    [keeper] = _children(gateway.nodes[0].pid)
    [worker] = _children(keeper)
    os.kill(worker, signal.SIGSEGV)
    remote = started.end()
    assert remote.exit.status is Status.FAILED and len(gateway.nodes) == 1, remote.notes()
    assert "SIGSEGV" in remote.exit.cause.text


@pytest.mark.long
def test_a_node_refuses_other_data_than_named_and_accepts_the_same_from_any_folder(
    places: Places, gateway: PipeGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_set(tmp_path / "mine", make_arrays())
    write_set(tmp_path / "theirs", make_arrays(train=30))
    write_set(tmp_path / "moved" / "mnist", make_arrays())
    spec = dataclasses.replace(
        SPEC, experiment="mnist", params={"model": "logistic", "iterations": 1}, framework="torch",
        data=str(tmp_path / "mine"),
    )  # fmt: skip
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path / "theirs"))
    remote = _train(places, spec)
    assert remote.exit.cause.kind is CauseKind.BAD_DATA and len(gateway.nodes) == 1
    assert f"has the images of {tmp_path / 'theirs'}" in remote.exit.cause.text
    assert f"expected the images of {tmp_path / 'mine'}" in remote.exit.cause.text
    monkeypatch.setenv("DLTUI_DATA", str(tmp_path / "moved"))
    assert _train(places, dataclasses.replace(spec, id="r2")).exit.status is Status.DONE


def test_commands_are_forwarded_to_the_worker_and_its_cause_is_returned(
    places: Places, gateway: PipeGateway
) -> None:
    started = _start(places, SPEC)
    _until(lambda: started.steps())
    command_pipe.send_command(started.folder.control, {"word": "set", "name": "pace", "value": 5.0})
    _until(lambda: "set" in [event.kind for event in started.events()])
    command_pipe.send_command(started.folder.control, {"word": "stop", "why": "worse than the median"})
    remote = started.end()
    assert remote.exit.status is Status.STOPPED and remote.exit.cause.kind is CauseKind.PRUNED
    assert remote.exit.cause.text.endswith(": worse than the median.")


def test_when_the_keeper_here_dies_the_worker_on_the_node_saves_and_exits(
    places: Places, gateway: PipeGateway
) -> None:
    started = _start(places, SPEC)
    _until(lambda: started.steps())
    started.process.send_signal(signal.SIGKILL)
    _until(lambda: "ended" in [event.kind for event in started.events()])
    [ended] = [event for event in started.events() if event.kind == "ended"]
    assert ended.facts["status"] in ("lost", "stopped")
    assert checkpoint_folder.steps(started.folder.checkpoints)[-1] == ended.facts["step"]


def test_without_a_gateway_it_requests_one_and_can_be_paused(places: Places) -> None:
    started = _start(places, SPEC)
    _until(lambda: gateway_address.requested_gateways(places) == [GatewayAddress(places, "there:1")])
    command_pipe.send_command(started.folder.control, {"word": "pause"})
    ended = started.end().exit
    assert (ended.status, ended.cause.text) == (Status.PAUSED, "Paused at step 0.")


def test_a_proxy_worker_whose_run_is_removed_exits(places: Places) -> None:
    started = _start(places, SPEC)
    _until(lambda: gateway_address.requested_gateways(places))
    shutil.rmtree(started.folder.path)
    started.process.wait(60)
    assert not started.folder.path.exists()


def test_a_refusal_by_the_gateway_is_the_cause(places: Places, gateway: PipeGateway) -> None:
    gateway.refuses = "No node has 64 CPU."
    ended = _train(places, SPEC).exit
    assert ended.status is Status.FAILED
    assert (ended.cause.text, ended.cause.remedy) == ("No node has 64 CPU.", "Try another.")


def test_it_gives_up_after_five_tries_without_a_checkpoint(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy_worker, "RETRY_SECONDS", 0.0)
    gateway = PipeGateway(GatewayAddress(places, "there:1").socket, DYING)
    gateway.open()
    ended = ProxyWorker(store.create(places, SPEC), KeeperPipe(None), 1).run()
    gateway.close()
    assert ended["status"] == "failed" and len(gateway.jobs) == proxy_worker.TRIES
    assert ended["cause"]["text"].startswith("Given up after 5 tries that came to no checkpoint; the last: ")


@dataclasses.dataclass
class StartedRun:
    folder: RunFolder
    process: subprocess.Popen[bytes]

    def end(self) -> StartedRun:
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


def _start(places: Places, spec: Spec) -> StartedRun:
    folder = store.create(places, spec)
    command = arguments.command(folder.path, 1, python=sys.executable)
    return StartedRun(folder, subprocess.Popen(command, cwd=Path("/"), start_new_session=True))


def _train(places: Places, spec: Spec) -> StartedRun:
    return _start(places, spec).end()


def _until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = quiet_seconds() + seconds
    while not condition():
        assert quiet_seconds() < deadline, "it did not come true in time"
        time.sleep(0.02)
