"""What ends a verb is one line and an exit status; the traceback of what nobody foresaw lies in a log."""

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


def test_an_error_that_nobody_foresaw_is_one_line_that_names_the_log(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guard.status_of(lambda: {}["absent\nkey"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "KeyError" in line and str(places.shell_log) in line
    assert "Traceback" in places.shell_log.read_text() and "absent" in places.shell_log.read_text()
    assert places.shell_log.stat().st_mode & 0o777 == 0o600


def test_without_a_home_the_line_says_that_nothing_could_be_kept(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    places.root.rmdir()
    assert guard.status_of(lambda: 1 / 0) == 1
    assert "could not be kept" in capsys.readouterr().err


def test_the_log_of_the_shell_begins_anew_when_it_is_long(places: Places) -> None:
    places.shell_log.write_bytes(b"x" * (guard.LOG_LIMIT + 1))
    guard.keep("short")
    assert places.shell_log.stat().st_size < 100


def test_an_exit_status_and_an_error_of_ours_stay_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    def refused() -> None:
        raise DltuiError("That cannot be.", "Do this.")

    assert guard.status_of(lambda: sys.exit(4)) == 4
    assert guard.status_of(lambda: None) == 0
    assert guard.status_of(refused) == 1
    assert capsys.readouterr().err == "That cannot be.\n  Do this.\n"


def test_a_fault_in_the_background_is_kept_and_not_shown(places: Places) -> None:
    script = (
        "import asyncio\n"
        "from tui.cli import guard\n"
        "async def fails(): raise ValueError('in the background')\n"
        "async def verb(): asyncio.create_task(fails()); await asyncio.sleep(0.01)\n"
        "guard.keep_background_faults()\n"
        "raise SystemExit(guard.status_of(lambda: asyncio.run(verb())))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "in the background" in places.shell_log.read_text()


def test_a_question_that_nobody_can_answer_says_how_to_do_without(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with open(os.devnull) as nobody, monkeypatch.context() as patched, pytest.raises(SystemExit) as left:
        patched.setattr(sys, "stdin", nobody)
        engine_call.is_confirmed("Delete mine (id) with 1 checkpoint?")
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
def test_ctrl_c_while_it_still_starts_ends_without_a_word(module: str, is_terminal: bool) -> None:
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
