"""A notification reaches the user's command and address, or one line says why not, without a secret."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.service.notifications import deliver

NOTE = {"kind": "end", "title": "mnist-1 is done", "text": "loss 0.1", "run": "r", "at": 1.0}


class HookServer(HTTPServer):
    """Answers with the given codes, the last one for ever; 0: it never answers."""

    def __init__(self, *codes: int) -> None:
        super().__init__(("127.0.0.1", 0), _Hook)
        self.codes = list(codes)
        self.received: list[tuple[dict[str, Any], str | None]] = []
        self.may_end = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/secret-path"


class _Hook(BaseHTTPRequestHandler):
    server: HookServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.received.append((body, self.headers["Authorization"]))
        code = self.server.codes.pop(0) if len(self.server.codes) > 1 else self.server.codes[0]
        if not code:
            self.server.may_end.wait(60)
            return
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()

    def log_message(self, *given: object) -> None:
        pass


@pytest.fixture
def hook(request: pytest.FixtureRequest) -> Iterator[HookServer]:
    server = HookServer(*request.param)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.may_end.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("hook", [(200,)], indirect=True)
def test_an_address_receives_the_notification_as_json_once(hook: HookServer) -> None:
    assert deliver.post(hook.url, NOTE) == ""
    [(body, user)] = hook.received
    assert body["title"] == "mnist-1 is done"
    assert body["text"] == body["content"] == "mnist-1 is done\nloss 0.1"
    assert user is None


@pytest.mark.parametrize("hook", [(200,)], indirect=True)
def test_user_and_password_of_an_address_are_sent_as_such(hook: HookServer) -> None:
    assert deliver.post(hook.url.replace("//", "//me:p%40ss@"), NOTE) == ""
    assert hook.received[0][1] == "Basic bWU6cEBzcw=="  # printf me:p@ss | base64


@pytest.mark.parametrize(
    ("hook", "tries", "problem"),
    [((500, 200), 2, ""), ((503,), 2, "503"), ((404,), 1, "404"), ((302,), 1, "302")],
    indirect=["hook"],
)
def test_an_error_of_the_server_is_tried_twice_and_a_refusal_is_final(
    hook: HookServer, tries: int, problem: str
) -> None:
    told = deliver.post(hook.url, NOTE)
    assert told == (f"http://127.0.0.1 answered {problem}." if problem else "")
    assert len(hook.received) == tries


@pytest.mark.parametrize("hook", [(0,)], indirect=True)
def test_an_address_that_hangs_is_left(hook: HookServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "URL_SECONDS", 0.05)
    told = deliver.post(hook.url, NOTE)
    assert told.startswith("http://127.0.0.1 ")
    assert "answer" in told
    assert "secret" not in told


def test_an_address_that_nobody_serves_is_told_without_its_path() -> None:
    assert deliver.post("http://127.0.0.1:1/secret", NOTE) == (
        "http://127.0.0.1 cannot be reached: Connection refused."
    )


def test_a_command_reads_the_notification_and_has_its_facts_as_variables(tmp_path: Path) -> None:
    wanted = tmp_path / "seen.json"
    code = (
        "import json, os, sys;"
        "json.dump([json.load(sys.stdin), os.environ['DLTUI_TITLE']], open(sys.argv[1], 'w'))"
    )
    assert deliver.run_command([sys.executable, "-c", code, str(wanted)], NOTE) == ""
    assert json.loads(wanted.read_text()) == [NOTE, "mnist-1 is done"]


def test_a_command_gets_its_words_as_they_are_without_a_shell(tmp_path: Path) -> None:
    words = ["$HOME; touch x", "*"]
    code = "import sys; open(sys.argv[1], 'w').write('|'.join(sys.argv[2:]))"
    assert deliver.run_command([sys.executable, "-c", code, str(tmp_path / "out"), *words], NOTE) == ""
    assert (tmp_path / "out").read_text() == "|".join(words)


def test_a_command_that_fails_is_told_with_its_last_line() -> None:
    code = "import sys; sys.exit('no such channel')"
    told = deliver.run_command([sys.executable, "-c", code], NOTE)
    assert told == f"{Path(sys.executable).name} left with exit code 1: no such channel."
    assert deliver.run_command(["/not/there"], NOTE) == "there cannot be started: No such file or directory."


def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "COMMAND_SECONDS", 0.05)
    assert deliver.run_command(["sleep", "600"], NOTE) == "sleep was ended after 0 s."
