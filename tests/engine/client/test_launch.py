from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.client import launch
from engine.client.detach import DetachPlan
from engine.errors import EngineError
from engine.places import Places
from tests.engine.keeper.kept_run import until

SETSID = DetachPlan("setsid", "for a test", True)
BODY = """
import fcntl, os, pathlib, signal, socket, sys
home = pathlib.Path(os.environ["DLTUI_HOME"])
lock = open(home / "engine.lock", "a")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("another engine runs", flush=True)
    sys.exit(3)
with open(home / "pids", "a") as pids:
    print(os.getpid(), file=pids)
listener = socket.socket(socket.AF_UNIX)
listener.bind(str(home / "engine.sock"))
listener.listen()
print("cwd", os.getcwd(), "sid", os.getsid(0) == os.getpid(), "stdin", sys.stdin.read(), flush=True)
import engine.places
print("imported", engine.places.home().root, flush=True)
signal.pause()
"""


@pytest.fixture
def command(places: Places, tmp_path: Path) -> Iterator[list[str]]:
    """A small service that listens and does nothing else."""
    script = tmp_path / "service.py"
    script.write_text(BODY)
    yield [sys.executable, "-P", str(script)]
    for pid in started(places):
        os.kill(pid, signal.SIGKILL)


def started(places: Places) -> list[int]:
    pids = places.root / "pids"
    return [int(pid) for pid in pids.read_text().split()] if pids.exists() else []


def test_the_service_answers_when_start_returns(places: Places, command: list[str]) -> None:
    launch.start(places, command=command, detach_plan=SETSID)
    assert launch.is_listening(places.socket)
    assert stat.S_IMODE(places.log.stat().st_mode) == 0o600


def test_the_service_has_a_session_of_its_own(places: Places, command: list[str]) -> None:
    launch.start(places, command=command, detach_plan=SETSID)
    until(lambda: "imported" in places.log.read_text())
    output = places.log.read_text()
    assert "cwd / sid True stdin \n" in output
    assert f"imported {places.root}\n" in output


def test_ten_launches_at_once_start_one_service(places: Places, command: list[str]) -> None:
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda _: launch.start(places, command=command, detach_plan=SETSID), range(10)))
    assert len(started(places)) == 1


def test_a_running_service_is_left_alone(places: Places, command: list[str]) -> None:
    launch.start(places, command=command, detach_plan=SETSID)
    launch.start(places, command=["/nowhere"], detach_plan=SETSID)
    assert len(started(places)) == 1


def test_a_stale_socket_is_not_a_service(places: Places, command: list[str]) -> None:
    launch.start(places, command=command, detach_plan=SETSID)
    (pid,) = started(places)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not launch.is_listening(places.socket))
    assert places.socket.exists()
    assert not launch.is_listening(places.socket)
    (places.root / "pids").unlink()


def test_a_service_that_ends_at_start_is_reported_at_once_with_its_last_line(places: Places) -> None:
    places.log.write_text("an old line\n")
    failing = [sys.executable, "-c", "import sys; print('a'); sys.exit('no index \\x1b[2J')"]
    with pytest.raises(EngineError, match=r"code 1\): no index  \[2J\.") as caught:
        launch.start(places, command=failing, detach_plan=SETSID)
    assert str(places.log) in caught.value.remedy


def test_a_service_that_ends_without_output_is_not_reported_with_an_old_line(places: Places) -> None:
    places.log.write_text("an old line\n")
    with pytest.raises(EngineError, match="it said nothing"):
        launch.start(places, command=["false"], detach_plan=SETSID)


def test_a_service_that_never_listens_is_reported_after_the_timeout(places: Places) -> None:
    hanging = [
        sys.executable,
        "-c",
        "import os, time; print(os.getpid(), flush=True); time.sleep(120)",
    ]
    with pytest.raises(EngineError, match=r"does not answer after 0\.5 s"):
        launch.start(places, command=hanging, detach_plan=SETSID, timeout=0.5)
    until(lambda: places.log.read_text().endswith("\n"))
    os.kill(int(places.log.read_text()), signal.SIGKILL)


def test_a_missing_command_is_reported(places: Places) -> None:
    with pytest.raises(EngineError, match="/nowhere/python"):
        launch.start(places, command=["/nowhere/python"], detach_plan=SETSID)


def test_a_home_that_others_can_enter_is_refused(places: Places) -> None:
    places.runs.mkdir()
    places.root.chmod(0o777)
    with pytest.raises(EngineError, match="0777"):
        launch.start(places, command=["false"], detach_plan=SETSID)


def test_a_systemd_that_refuses_is_replaced_by_setsid(
    places: Places, command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "bin" / "systemd-run"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho Failed to connect to bus >&2\nexit 1\n")
    tool.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    launch.start(places, command=command, detach_plan=DetachPlan("systemd-run", "", True))
    assert launch.is_listening(places.socket)


def test_a_unit_spares_the_keepers_and_hides_the_environment() -> None:
    line = launch.detached_command(
        ["python", "-m", "engine.service"],
        "systemd-run",
        {"TOKEN": "secret", "TERM": "xterm", "a b": "c"},
        Path("/x/10%"),
    )
    assert line[:3] == ["systemd-run", "--user", "--collect"]
    assert "KillMode=process" in line and "StandardOutput=append:/x/10%%" in line
    assert "--setenv=TOKEN" in line and "secret" not in " ".join(line)
    assert not {"--setenv=TERM", "--setenv=a b"} & set(line)
    assert line[line.index("--") + 1 :] == ["python", "-m", "engine.service"]


def test_a_long_log_is_rotated_once(places: Places) -> None:
    places.log.write_bytes(b"x" * (launch.LOG_LIMIT + 1))
    launch.rotate_log(places.log)
    launch.rotate_log(places.log)
    assert not places.log.exists()
    assert (places.root / "engine.log.1").stat().st_size == launch.LOG_LIMIT + 1
