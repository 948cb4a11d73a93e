"""When the process that reads the logs of a command is started, and what it says of a log that is gone."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine.exec import log_feed
from engine.exec.log_feed import LogFeed
from engine.exec.log_places import LogPlace
from engine.exec.script_environment import TRACK_SOCKET
from engine.exec.script_run import ROOT


def test_a_log_is_looked_for_every_quarter_of_a_second(tmp_path: Path) -> None:
    feed = LogFeed([LogPlace("tensorboard", tmp_path / "none")], None, sys.executable, ROOT)
    feed.look(100.0)  # may take longer: nothing of it was in the memory yet
    feed.look(200.0)
    assert feed.look_at == 200.25


def test_a_look_that_takes_long_is_seldom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(100))
    monkeypatch.setattr(log_feed.time, "thread_time", lambda: float(next(clock)))
    feed = LogFeed([LogPlace("tensorboard", tmp_path)], None, sys.executable, ROOT)
    feed.look(100.0)
    assert feed.look_at == 102.0


def test_a_log_that_is_gone_before_it_was_read_is_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(TRACK_SOCKET)
        listener.listen()
        places = [f"tensorboard:{tmp_path}/gone", f"mlflow:{tmp_path}/never"]
        argv = [sys.executable, "-P", "-m", "engine.exec.follow_logs", "0.0", "0.0", "1", *places]
        environ = {**os.environ, "PYTHONPATH": ROOT}
        process = subprocess.run(argv, stdin=subprocess.DEVNULL, env=environ, timeout=60)
        with listener.accept()[0].makefile() as sent:
            messages = [json.loads(line) for line in sent]
    assert process.returncode == 0
    assert messages == [
        {"note": f"{tmp_path}/gone: what was logged there is lost: removed before it was read."}
    ]
