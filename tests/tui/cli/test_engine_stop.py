"""`dltui engine stop`: an engine that does not answer is ended only by somebody who says so."""

from __future__ import annotations

import io
import os
import signal

import pytest

from engine.errors import EngineError
from engine.places import Places
from tests.engine.service.live import SECONDS, process
from tui.cli import engine


class Terminal(io.StringIO):
    """Standard input with somebody at it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def impatient(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.client.handshake.HANDSHAKE_SECONDS", 0.3)
    monkeypatch.setenv("DLTUI_HOME", str(places.root))


def test_without_a_terminal_the_error_names_the_option(
    places: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with process(places) as service:
        os.kill(service.pid, signal.SIGSTOP)
        with pytest.raises(EngineError, match="has not answered for") as error:
            engine.stop(force=False)
        assert error.value.remedy == "To end it: dltui engine stop --force. Runs continue."
        assert service.poll() is None
        engine.stop(force=True)
        assert service.wait(SECONDS) == 0
    assert capsys.readouterr().err == "The engine has stopped. Runs continue.\n"


@pytest.mark.parametrize(("answer", "is_ended"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_the_user_is_asked_first(
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: str,
    is_ended: bool,
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    with process(places) as service:
        os.kill(service.pid, signal.SIGSTOP)
        if is_ended:
            engine.stop(force=False)
            assert service.wait(SECONDS) == 0
        else:
            with pytest.raises(SystemExit) as leave:
                engine.stop(force=False)
            assert leave.value.code == 1 and service.poll() is None
    said = capsys.readouterr().err
    assert f"The engine (process {service.pid}) has not answered for 0.3 s. Runs continue. End it?" in said
