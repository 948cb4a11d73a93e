"""`dltui logs` prints all there is; -f waits for a queued run and reads on to the end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from engine.errors import EngineError
from engine.protocol import Cause, CauseKind, Done, LogPart, Queued, Running, RunSummary
from tests.fakes.engine import make_run
from tui.cli import logs, wait_for_end

QUEUED, RUNNING = Queued("full"), Running(1.0)
DONE = Done(2.0, Cause(CauseKind.FINISHED, "Finished."))


@dataclass
class Printed:
    """A service whose run goes on whenever it is asked for: `acts` are states and what was printed then."""

    acts: list[tuple[Any, str]]
    asked: list[str] = field(default_factory=list)
    text: str = ""
    notice: str = ""

    async def show(self, run: str) -> RunSummary:
        self.asked.append(run)
        state, printed = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
        if isinstance(state, Exception):
            raise state
        self.text = printed
        return replace(make_run(1), state=state)

    async def log(self, run: str, offset: int, limit: int) -> LogPart:
        part = self.text[offset : offset + 7]
        return LogPart(part, offset, offset + len(part), len(self.text))

    async def aclose(self) -> None: ...

    async def __aenter__(self) -> Printed:
        return self

    async def __aexit__(self, *_: object) -> None: ...


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, places: Any) -> Callable[..., Printed]:
    def made(*acts: tuple[Any, str]) -> Printed:
        found = Printed(list(acts))

        async def connect(*_: object, **__: object) -> Any:
            return found

        monkeypatch.setattr("tui.cli.engine_call.connect", connect)
        monkeypatch.setattr(wait_for_end, "connect", connect)
        monkeypatch.setattr(logs, "FOLLOW_SECONDS", 0.001)
        return found

    return made


def test_a_queued_run_is_waited_for_and_followed_to_its_last_line(
    service: Callable[..., Printed], capsys: pytest.CaptureFixture[str]
) -> None:
    whole = "".join(f"line {number}\n" for number in range(20))
    service((QUEUED, ""), (QUEUED, ""), (RUNNING, "line 0\n"), (RUNNING, whole[:50]), (DONE, whole))
    logs.logs("@last", follow=True, json=False)
    assert capsys.readouterr().out == whole


def test_the_last_output_of_a_run_is_printed(
    service: Callable[..., Printed], capsys: pytest.CaptureFixture[str]
) -> None:
    """The run ends between two looks: the log is read once more after its end was seen."""
    service((RUNNING, "begin\n"), (RUNNING, "begin\n"), (DONE, "begin\nlast words\n"))
    logs.logs("@last", follow=True, json=False)
    assert capsys.readouterr().out.endswith("last words\n")


def test_a_run_is_followed_by_its_id_whoever_is_last_by_then(service: Callable[..., Printed]) -> None:
    found = service((RUNNING, ""), (DONE, ""))
    logs.logs("@last", follow=True, json=False)
    assert found.asked == ["@last", make_run(1).id]


def test_a_lost_engine_is_waited_for(
    service: Callable[..., Printed], capsys: pytest.CaptureFixture[str]
) -> None:
    service((RUNNING, "one\n"), (EngineError("The engine has gone."), ""), (DONE, "one\ntwo\n"))
    logs.logs("@last", follow=True, json=False)
    captured = capsys.readouterr()
    assert captured.out == "one\ntwo\n" and "The engine has gone" in captured.err


def test_into_a_pipe_a_log_is_unchanged(
    service: Callable[..., Printed], capsys: pytest.CaptureFixture[str]
) -> None:
    text = "epoch 1\repoch 2\r\x1b[31mred\x1b[0m\n"
    service((DONE, text))
    logs.logs("@last", follow=False, json=False)
    assert capsys.readouterr().out == text


def test_on_a_terminal_control_bytes_are_spelled_out_and_nothing_is_cut(
    service: Callable[..., Printed], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\x1b" * 3000 + "\nend\n"
    service((DONE, text))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    logs.logs("@last", follow=False, json=False)
    out = capsys.readouterr().out
    assert "\x1b" not in out and len(out) == len(text) and out.endswith("end\n")


def test_as_json_every_part_has_its_offset(
    service: Callable[..., Printed], capsys: pytest.CaptureFixture[str]
) -> None:
    service((DONE, "0123456789"))
    logs.logs("@last", follow=False, json=True)
    parts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [part["offset"] for part in parts] == [0, 7]
    assert "".join(part["text"] for part in parts) == "0123456789"
