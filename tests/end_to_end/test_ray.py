"""`--executor ray`, on a Ray cluster on loopback: nodes, gateways and services die, nothing is lost."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import process_identity
from tests.end_to_end.home import Home, kill
from tests.end_to_end.loopback import Loopback, cluster
from tests.engine.experiment_files.files import write
from tests.fakes import waits

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed"),
    pytest.mark.timeout(900),
    pytest.mark.long,
]
STEPS, SECONDS = 80, 0.3
LOOPBACK = ("0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000")


@pytest.fixture
def two_nodes() -> Iterator[Loopback]:
    with cluster(1, 1, DLTUI_CHECKPOINT_SECONDS="0.3") as found:
        yield found


@pytest.fixture(scope="module")
def one_node() -> Iterator[Loopback]:
    """A cluster with one CPU."""
    with cluster(1, DLTUI_CHECKPOINT_SECONDS="0.3") as found:
        yield found


def test_a_node_dies_in_the_middle_of_a_sweep_and_nothing_is_lost(home: Home, two_nodes: Loopback) -> None:
    def is_lost(run: str) -> bool:
        return any("The node was lost" in text for text in _notes(home, run))

    two_nodes.trust(home)
    sweep = _sweep(home, two_nodes.address, "pace=1,2,3")
    home.until(lambda: sum(home.steps_saved(run) > 5 for run in _runs(home, sweep)) == 2, "two at work")
    two_nodes.command("kill", 0)
    home.until(lambda: any(map(is_lost, _runs(home, sweep))), "the loss of the node")
    waits.skip(two_nodes.folder)
    home.until(lambda: _sweep_of(home, sweep)["status"] == "done", "the end of the sweep")
    runs = _runs(home, sweep)
    assert len(runs) == 3 and all(home.show(run)["status"] == "done" for run in runs)
    lost = [run for run in runs if is_lost(run)]
    assert len(lost) == 1 and "restored" in [event.kind for event in home.events(lost[0])]
    for run in runs:
        _is_as_if_trained_here(home, run)


def test_a_ray_of_this_machine_alone_listens_on_loopback_alone(home: Home) -> None:
    run = home.dltui("run", "counter", "--set", f"steps={10**6}", "--set", "seconds=0.1", "--executor", "ray")
    home.until(lambda: home.show(run.strip())["step"] > 0, "a step of it")
    found = _listening(home.processes())
    assert len(found) > 3 and all(address in LOOPBACK for address in found), found


@pytest.mark.slow
def test_commands_reach_a_run_elsewhere_and_it_goes_on_where_it_was_paused(
    home: Home, one_node: Loopback
) -> None:
    one_node.trust(home)
    waits.resume(one_node.folder)
    [run] = _one(home, one_node.address)
    home.until(lambda: home.show(run)["step"] > 5, "steps")
    home.dltui("set", run, "pace=3")
    home.until(lambda: home.show(run)["live"].get("pace") == 3.0, "the new pace")
    home.dltui("pause", run)
    paused = home.reach(run, "paused")
    assert paused["cause"]["text"] == f"Paused at step {paused['step']}." and 5 < paused["step"] < STEPS
    waits.skip(one_node.folder)
    home.dltui("resume", run)
    done = home.reach(run, "done")
    assert (done["attempt"], done["step"], done["live"]) == (2, STEPS, {"pace": 3.0})


@pytest.mark.slow
def test_one_that_waits_for_a_place_can_be_stopped_and_one_at_work_too(
    home: Home, one_node: Loopback
) -> None:
    one_node.trust(home)
    waits.resume(one_node.folder)
    sweep = _sweep(home, one_node.address, "pace=1,2", steps=100_000)
    home.until(lambda: len(_runs(home, sweep)) == 2, "both")
    first, second = _runs(home, sweep)
    home.until(lambda: _steps(home, first) or _steps(home, second), "one at work")
    works, queued = (first, second) if _steps(home, first) else (second, first)
    for run, text in ((queued, "Stopped by its user at step 0."), (works, "Stopped by its user at step")):
        home.dltui("stop", run)
        assert home.reach(run, "stopped")["cause"]["text"].startswith(text)


@pytest.mark.slow
def test_the_gateway_and_the_service_are_killed_and_the_run_goes_on(home: Home, one_node: Loopback) -> None:
    one_node.trust(home)
    waits.resume(one_node.folder)
    [run] = _one(home, one_node.address)
    home.until(lambda: home.steps_saved(run) > 5, "a checkpoint")
    assert kill(home.service()) and kill(_gateway(home))
    home.dltui("engine", "start")
    home.until(
        lambda: "The connection process to Ray ended. It continues" in str(_notes(home, run)),
        "another gateway",
    )
    waits.skip(one_node.folder)
    assert home.reach(run, "done")["attempt"] == 1
    assert any(
        "The connection process to Ray ended. It continues on another node from step" in text
        for text in _notes(home, run)
    )
    _is_as_if_trained_here(home, run)


@pytest.mark.slow
def test_a_run_whose_keeper_is_killed_saves_there_and_is_lost_only_here(
    home: Home, one_node: Loopback
) -> None:
    one_node.trust(home)
    waits.resume(one_node.folder)
    [run] = _one(home, one_node.address)
    home.until(lambda: home.steps_saved(run) > 5, "a checkpoint")
    assert kill(home.keeper(run))
    lost = home.reach(run, "lost")
    assert lost["checkpoint_step"] == lost["step"] > 5
    waits.skip(one_node.folder)
    assert home.finish(run)["attempt"] == 2
    _is_as_if_trained_here(home, run)


def test_without_a_token_nothing_is_tried(home: Home, tmp_path: Path) -> None:
    home.environ |= {"HOME": str(tmp_path), "RAY_AUTH_MODE": "token"}
    [run] = _one(home, "127.0.0.1:1")
    assert (
        home.reach(run, "failed")["cause"]["text"] == "There is no token for the Ray cluster at 127.0.0.1:1."
    )


@pytest.mark.slow
def test_a_wrong_token_is_refused_in_one_line(home: Home, one_node: Loopback) -> None:
    one_node.trust(home, token="w" * 40)
    [run] = _one(home, one_node.address)
    cause = home.reach(run, "failed")["cause"]
    assert cause["text"] == f"The Ray cluster at {one_node.address} refuses the token."
    assert "RAY_AUTH_TOKEN_PATH" in cause["remedy"]


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("127.0.0.1:1", "No Ray cluster answers at 127.0.0.1:1 within 10 s"),
        ("nowhere", "The address of a Ray cluster: expected host:port or auto, got 'nowhere'."),
    ],
)
def test_an_address_where_no_cluster_is(home: Home, address: str, text: str) -> None:
    home.environ["RAY_AUTH_TOKEN"] = "t" * 40
    [run] = _one(home, address)
    cause = home.reach(run, "failed")["cause"]
    assert cause["text"].startswith(text) and cause["remedy"]


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("DLTUI_CHAOS"), reason="a minute long: make slow")
def test_real_networks_train_on_a_ray_of_this_machine_that_goes_when_nobody_needs_it(home: Home) -> None:
    home.environ |= {"RAY_memory_monitor_refresh_ms": "0", "DLTUI_RAY_IDLE": "1"}
    words = ("--axis", "lr=0.1,1", "--set", "epochs=300", "--executor", "ray", "--wait")
    sweep = home.dltui("sweep", "xor", *words).strip()
    for run in _runs(home, sweep):
        shown = home.show(run)
        alone = home.start("xor", **shown["params"])
        home.reach(alone, "done")
        assert shown["status"] == "done" and _curve(home, run) == _curve(home, alone)
        assert _saved(home, run) == _saved(home, alone)
    [token] = home.places.root.glob("ray/*/token")
    assert token.stat().st_mode & 0o777 == 0o600
    home.until(lambda: _gateway(home) is None, "the gateway to end")
    home.until(lambda: not any(b"raylet" in _command(pid) for pid in home.processes()), "Ray to leave")


def test_a_file_trains_on_a_ray_of_this_machine_with_the_code_that_its_run_keeps(
    home: Home, tmp_path: Path
) -> None:
    path = write(tmp_path)
    run = home.dltui("run", str(path), "--set", "steps=20", "--executor", "ray").strip()
    path.write_text("this is no experiment any more")
    shown = home.reach(run, "done", "failed", "lost")
    assert shown["status"] == "done"
    write(tmp_path)
    assert _saved(home, run) == _saved(home, _finished(home, str(path)))


def _finished(home: Home, path: str) -> str:
    run = home.start(path, steps=20)
    home.reach(run, "done")
    return run


def _saved(home: Home, run: str) -> str:
    return str(home.show(run)["checkpoints"][-1]["weights_sha256"])


def _is_as_if_trained_here(home: Home, run: str) -> None:
    """Weights, and every point of the curve once, bit for bit; the events are numbered without a gap."""
    params = {**home.show(run)["params"], "seconds": 0.0}
    alone = home.start("counter", **params)
    home.reach(alone, "done")
    assert _weights(home, run) == _weights(home, alone)
    assert [event.seq for event in home.events(run)] == list(range(1, len(home.events(run)) + 1))
    assert _curve(home, run) == _curve(home, alone)


def _curve(home: Home, run: str) -> list[tuple[int, float]]:
    points: dict[int, float] = {}
    for event in home.events(run):
        if event.kind == "restored":
            points = {step: loss for step, loss in points.items() if step <= event.facts["step"]}
        elif event.kind == "metrics":
            points |= zip(*event.facts["series"]["loss"], strict=True)
    return sorted(points.items())


def _weights(home: Home, run: str) -> str:
    shown = home.show(run)["checkpoints"][-1]
    assert shown["step"] == STEPS and os.path.isdir(shown["path"])
    return str(shown["weights_sha256"])


def _one(home: Home, address: str) -> list[str]:
    """The run of a sweep of one."""
    sweep = _sweep(home, address, "pace=1")
    home.until(lambda: _runs(home, sweep), "its trial")
    return _runs(home, sweep)


def _steps(home: Home, run: str) -> int:
    return int(home.show(run)["step"])


def _gateway(home: Home) -> process_identity.ProcessIdentity | None:
    return next(
        (
            process_identity.of(pid)
            for pid in home.processes()
            if b"engine.remote.ray_gateway" in _command(pid)
        ),
        None,
    )


def _listening(pids: list[int]) -> list[str]:
    """The addresses, as the kernel writes them, on which these processes wait for connections."""
    sockets = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            sockets |= {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return [row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # it has just left
        return b""


def _sweep(home: Home, address: str, *axes: str, steps: int = STEPS) -> str:
    words = [word for axis in axes for word in ("--axis", axis)]
    words += ["--set", f"steps={steps}", "--set", f"seconds={SECONDS}"]
    return home.dltui("sweep", "counter", *words, "--executor", "ray", "--ray-address", address).strip()


def _sweep_of(home: Home, sweep: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(home.dltui("sweep", "show", sweep, "--json"))
    return found


def _runs(home: Home, sweep: str) -> list[str]:
    return [row["run"] for row in json.loads(home.dltui("sweep", "trials", sweep, "--json")) if row["run"]]


def _notes(home: Home, run: str) -> list[str]:
    return [str(event.facts["text"]) for event in home.events(run) if event.kind == "note"]
