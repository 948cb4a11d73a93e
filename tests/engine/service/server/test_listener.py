"""The listener: one service per home, a private socket, and no foreign file is removed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.client import client
from engine.errors import EngineError
from engine.places import Places
from engine.service.server import listener
from tests.chaos import scaled
from tests.engine.service.live import connect, process, serving, until
from tests.timeouts import LONG


def service(places: Places) -> subprocess.CompletedProcess[str]:
    """Run the real service until it ends."""
    return subprocess.run(
        [sys.executable, "-m", "engine.service"],
        env={**os.environ, "DLTUI_HOME": str(places.root)},
        capture_output=True,
        text=True,
        timeout=LONG,
    )


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
async def test_folder_socket_and_files_are_private_whatever_the_umask(places: Places, mask: int) -> None:
    before = os.umask(mask)
    try:
        with process(places):
            async with await connect(places):
                pass
            assert stat.S_IMODE(os.lstat(places.socket).st_mode) == 0o600
            for path in (places.log, places.lock, places.index):
                assert stat.S_IMODE(os.lstat(path).st_mode) & 0o077 == 0, path
    finally:
        os.umask(before)


async def test_of_many_services_at_once_exactly_one_wins(places: Places) -> None:
    with process(places) as first:
        async with await connect(places) as service_client:
            others = await asyncio.gather(
                *(asyncio.to_thread(service, places) for _ in range(scaled(50) // 2 + 2))
            )
            assert {other.returncode for other in others} == {3}
            for other in others:
                assert other.stderr.strip() == (
                    f"The engine of {places.root} is running already (process {first.pid})."
                )
            assert (await service_client.engine())["pid"] == first.pid


@pytest.mark.long
async def test_services_that_race_for_a_home_leave_one_that_answers(places: Places) -> None:
    command = [sys.executable, "-m", "engine.service"]
    environ = {**os.environ, "DLTUI_HOME": str(places.root)}
    racers = [subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL) for _ in range(6)]
    try:
        await until(lambda: sum(racer.poll() is None for racer in racers) == 1)
        winner = next(racer for racer in racers if racer.poll() is None)
        assert {racer.returncode for racer in racers if racer is not winner} == {3}
        async with await connect(places) as service_client:
            assert (await service_client.engine())["pid"] == winner.pid
            await service_client.shutdown()
        assert await asyncio.to_thread(winner.wait, LONG) == 0
    finally:
        for racer in racers:
            racer.kill()
            racer.wait()


async def test_a_stale_socket_is_replaced(places: Places) -> None:
    with process(places) as first:
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        assert places.socket.exists()
    with process(places) as second:
        async with await connect(places) as service_client:
            assert (await service_client.engine())["pid"] == second.pid


def _a_file(path: Path) -> str:
    path.write_text("mine")
    return "is a file, expected a socket or nothing"


def _a_link(path: Path) -> str:
    path.symlink_to("/etc/hostname")
    return "is a link, expected a socket or nothing"


def _a_folder(path: Path) -> str:
    path.mkdir()
    return "is a folder, expected a socket or nothing"


def _a_fifo(path: Path) -> str:
    os.mkfifo(path)
    return "is a FIFO, expected a socket or nothing"


@pytest.mark.parametrize("make", [_a_file, _a_link, _a_folder, _a_fifo])
def test_a_path_that_is_not_a_socket_is_refused_and_left_alone(
    places: Places, make: Callable[[Path], str]
) -> None:
    message = make(places.socket)
    before = os.lstat(places.socket).st_ino
    ended = service(places)
    assert ended.returncode == 1
    assert ended.stderr.strip() == f"{places.socket} {message}. Remove it."
    assert os.lstat(places.socket).st_ino == before


def test_a_home_that_others_may_enter_is_refused(places: Places) -> None:
    places.runs.mkdir()
    places.root.chmod(0o755)
    ended = service(places)
    assert ended.returncode == 1
    assert "has mode 0755, expected 0700" in ended.stderr and "chmod 700" in ended.stderr


def test_a_home_that_is_a_link_is_refused(places: Places, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(places.root)
    ended = service(Places(link))
    assert ended.returncode == 1 and "is a link, expected a folder" in ended.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_home_or_a_socket_of_another_user_is_refused(places: Places) -> None:
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(places.socket))
    os.chown(places.socket, 65534, 65534)
    ended = service(places)
    assert ended.returncode == 1 and f"{places.socket} belongs to user 65534" in ended.stderr
    os.chown(places.root, 65534, 65534)
    ended = service(places)
    assert ended.returncode == 1 and f"{places.root} belongs to user 65534" in ended.stderr
    made.close()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
async def test_another_user_is_refused_before_a_byte_is_read(places: Places) -> None:
    async with serving(places):
        opened = [places.socket, places.root, *places.root.parents]
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in opened}
        try:
            for path in opened:
                path.chmod(modes[path] | 0o777 if path == places.socket else modes[path] | 0o055)
            script = (
                "import os, socket, sys; os.setuid(65534); s = socket.socket(socket.AF_UNIX);"
                "s.settimeout(60); s.connect(sys.argv[1]);\n"
                "try:\n s.sendall(b'\\0\\0\\0\\x0b{\"hello\":2}'); data = s.recv(100)\n"
                "except ConnectionError: data = b''\n"
                "print(len(data))"
            )
            ended = await asyncio.create_subprocess_exec(
                sys.executable, "-c", script, str(places.socket), stdout=asyncio.subprocess.PIPE
            )
            output, _ = await ended.communicate()
            assert ended.returncode == 0 and output.strip() == b"0"
        finally:
            for path, mode in modes.items():
                path.chmod(mode)


async def test_a_deleted_socket_is_bound_again_on_sigusr1(places: Places) -> None:
    with process(places) as first:
        async with await connect(places) as before:
            places.socket.unlink()
            os.kill(first.pid, signal.SIGUSR1)
            await until(places.socket.exists)
            assert stat.S_IMODE(os.lstat(places.socket).st_mode) == 0o600
            async with await connect(places) as after:
                assert (await after.engine())["pid"] == (await before.engine())["pid"] == first.pid


async def test_a_deleted_socket_is_bound_again_by_itself(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "CHECK_SECONDS", 0.05)
    async with serving(places):
        places.socket.unlink()
        await until(places.socket.exists)
        async with await connect(places) as service_client:
            assert (await service_client.runs()).total == 0
        places.socket.unlink()
        places.socket.write_text("somebody else's")
        await asyncio.sleep(0.2)
        assert places.socket.read_text() == "somebody else's"
        places.socket.unlink()
        await until(places.socket.exists)


async def test_a_long_home_gets_its_socket_in_a_private_folder(tmp_path: Path) -> None:
    places = Places(tmp_path / ("x" * 100) / "home")
    assert not places.socket.is_relative_to(tmp_path)
    places.root.mkdir(mode=0o700, parents=True)
    async with serving(places), await client.connect(places, start=False) as service_client:
        assert stat.S_IMODE(os.lstat(places.socket.parent).st_mode) == 0o700
        assert (await service_client.engine())["root"] == str(places.root)
    assert not places.socket.exists()


def test_bind_refuses_a_folder_that_others_may_enter(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    tmp_path.chmod(0o777)
    with pytest.raises(EngineError, match="has mode 0777, expected 0700"):
        listener.bind(tmp_path / "engine.sock")
