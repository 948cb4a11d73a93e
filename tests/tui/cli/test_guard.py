"""An error of a command is one line and an exit status; tracebacks go to the log."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import DltuiError
from engine.places import Places
from tests.end_to_end.home import ROOT
from tui.cli import engine_call, guard


def test_an_unexpected_error_is_one_line_that_names_the_log(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guard.run_command(lambda: {}["absent\nkey"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "KeyError" in line and str(places.shell_log) in line
    assert "Traceback" in places.shell_log.read_text() and "absent" in places.shell_log.read_text()
    assert places.shell_log.stat().st_mode & 0o777 == 0o600


def test_without_a_home_the_line_says_that_nothing_was_logged(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    places.root.rmdir()
    assert guard.run_command(lambda: 1 / 0) == 1
    assert "could not be kept" in capsys.readouterr().err


def test_the_log_is_truncated_when_it_is_long(places: Places) -> None:
    places.shell_log.write_bytes(b"x" * (guard.LOG_LIMIT + 1))
    guard.append_to_log("short")
    assert places.shell_log.stat().st_size < 100


def test_exit_statuses_and_expected_errors_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    def refused() -> None:
        raise DltuiError("That cannot be.", "Do this.")

    assert guard.run_command(lambda: sys.exit(4)) == 4
    assert guard.run_command(lambda: None) == 0
    assert guard.run_command(refused) == 1
    assert capsys.readouterr().err == "That cannot be.\n  Do this.\n"


def test_an_error_in_the_background_is_logged_and_not_shown(places: Places) -> None:
    script = (
        "import asyncio\n"
        "from tui.cli import guard\n"
        "async def fails(): raise ValueError('in the background')\n"
        "async def verb(): asyncio.create_task(fails()); await asyncio.sleep(0.01)\n"
        "guard.log_background_errors()\n"
        "raise SystemExit(guard.run_command(lambda: asyncio.run(verb())))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "in the background" in places.shell_log.read_text()


def test_a_question_without_an_answer_names_the_option_yes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open(os.devnull) as nobody, monkeypatch.context() as patched, pytest.raises(SystemExit) as left:
        patched.setattr(sys, "stdin", nobody)
        engine_call.confirm("Delete mine (id) with 1 checkpoint?")
    assert left.value.code == 2
    asked, answer = capsys.readouterr().err.splitlines()
    assert asked.startswith("Delete mine (id)") and "--yes" in answer


def test_without_a_terminal_the_app_says_so_and_names_verbs(places: Places, tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file:
        done = subprocess.run(
            [sys.executable, "-m", "tui"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=file,
            stderr=subprocess.PIPE, text=True, timeout=60,
        )  # fmt: skip
    assert done.returncode == 2
    assert "terminal" in done.stderr and "dltui run, ls" in done.stderr
    assert (tmp_path / "file").read_text() == ""


@pytest.mark.parametrize(
    ("module", "is_terminal"), [("tui.cli.commands", False), ("tui.app", True), ("engine.places", True)]
)
def test_ctrl_c_during_the_start_exits_without_output(module: str, is_terminal: bool) -> None:
    script = (
        "import sys\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}: raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupted())\n"
        "sys.argv = ['dltui']\n"
        "import tui.__main__ as start\n"
        f"start._is_terminal = lambda: {is_terminal}\n"
        "start.main()\n"
    )
    environ = {**os.environ, "TERM": "xterm-256color"}
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, cwd=ROOT, env=environ)
    assert (ended.returncode, ended.stdout, ended.stderr) == (guard.INTERRUPTED, b"", b"")
