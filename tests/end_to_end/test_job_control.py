"""The app in a shell: suspended and resumed, ended by signals, and on a terminal that reads slowly."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.end_to_end.home import Home
from tests.end_to_end.terminal import APP, Terminal

SHELL = ("/bin/bash", "--norc", "--noprofile", "-i")
PROMPT = "in-the-shell>"


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def opened_in_shell(home: Home) -> Terminal:
    """The app, started in an interactive shell."""
    terminal = Terminal(home.full_environ(), command=SHELL, variables={"PS1": PROMPT})
    terminal.shows(PROMPT)
    terminal.write(" ".join(APP).encode() + b"\r")
    terminal.shows("deep-learning lab", "q quit")
    return terminal


def app_of(terminal: Terminal) -> int:
    return int(children(terminal.pid)[0])


@pytest.mark.parametrize("how", ["ctrl+z", "SIGTSTP"])
def test_an_app_that_was_stopped_gives_the_terminal_back_and_is_drawn_again(home: Home, how: str) -> None:
    with opened_in_shell(home) as terminal:
        app, modes = app_of(terminal), terminal.modes
        for _ in range(2):
            terminal.write(b"\x1a") if how == "ctrl+z" else os.kill(app, signal.SIGTSTP)
            terminal.until(lambda: state_of(app) == "T", "the app to stop")
            terminal.shows("Stopped", PROMPT)
            assert "deep-learning lab" not in terminal.text and terminal.modes != modes
            terminal.write(b"echo it-is-$((6*7))\r")
            terminal.shows("it-is-42")
            terminal.write(b"fg\r")
            terminal.shows("deep-learning lab", "q quit")
            terminal.until(lambda: "it-is-42" not in terminal.text, "the app alone")
            terminal.until(lambda: terminal.modes == modes, "the modes of the app")
        terminal.press("?")
        terminal.shows("esc back")
        terminal.press("esc")
        terminal.until(lambda: "esc back" not in terminal.text, "the end of the help")
        terminal.press("q")
        terminal.until(lambda: not children(terminal.pid), "the end of the app")
        terminal.shows(PROMPT)


def test_an_app_that_goes_on_in_the_background_waits_for_the_terminal(home: Home) -> None:
    with opened_in_shell(home) as terminal:
        app = app_of(terminal)
        terminal.write(b"\x1a")
        terminal.shows("Stopped", PROMPT)
        terminal.write(b"bg\r")
        terminal.until(lambda: state_of(app) == "T", "the app to stop again")
        terminal.write(b"echo it-is-$((6*7))\r")
        terminal.shows("it-is-42")
        assert "deep-learning lab" not in terminal.text
        terminal.write(b"fg\r")
        terminal.shows("deep-learning lab", "q quit")


def test_an_app_that_is_started_in_the_background_opens_when_it_has_the_terminal(home: Home) -> None:
    with Terminal(home.full_environ(), command=SHELL, variables={"PS1": PROMPT}) as terminal:
        terminal.shows(PROMPT)
        terminal.write(" ".join(APP).encode() + b" &\r")
        terminal.until(
            lambda: children(terminal.pid) and state_of(app_of(terminal)) == "T", "the app to wait"
        )
        terminal.write(b"fg\r")
        terminal.shows("deep-learning lab", "q quit")


def test_without_a_shell_it_says_so_and_goes_on(home: Home) -> None:
    with Terminal(home.full_environ()) as terminal:
        terminal.shows("deep-learning lab")
        terminal.write(b"\x1a")
        terminal.shows("There is no shell to suspend to")
        os.kill(terminal.pid, signal.SIGTSTP)
        terminal.press("?")
        terminal.shows("esc back")


def test_after_a_stop_that_nobody_can_prepare_for_it_is_drawn_again(home: Home) -> None:
    with Terminal(home.full_environ()) as terminal:
        terminal.shows("deep-learning lab")
        os.kill(terminal.pid, signal.SIGSTOP)
        terminal.until(lambda: state_of(terminal.pid) == "T", "the stop")
        before = len(terminal.raw)
        os.kill(terminal.pid, signal.SIGCONT)
        terminal.until(lambda: b"?1049h" in terminal.raw[before:], "another screen")
        terminal.shows("deep-learning lab", "q quit")
        terminal.press("q")
        assert terminal.wait() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT])
def test_signals_from_outside_end_the_app_in_order(home: Home, number: signal.Signals) -> None:
    with Terminal(home.full_environ()) as terminal:
        before = terminal.modes_at_start
        terminal.shows("deep-learning lab")
        os.kill(terminal.pid, number)
        assert terminal.wait() == 0
        assert terminal.modes == before and b"\x1b[?1049l" in terminal.raw[-600:]


@pytest.mark.long
def test_q_does_not_wait_for_a_terminal_that_does_not_read(home: Home) -> None:
    with Terminal(home.full_environ()) as terminal:
        before = terminal.modes_at_start
        terminal.shows("deep-learning lab")
        terminal.stall()
        for _ in range(60):
            terminal.write(b"T")
            time.sleep(0.02)
        terminal.write(b"q")
        terminal.until(lambda: terminal.status is not None, "the end of the app")
        assert terminal.status == 0 and terminal.modes == before
        terminal.go_on()
        terminal.wait()
        assert b"\x1b[?1049l" in terminal.raw[-600:] and b"\x1b[?25h" in terminal.raw[-600:]


@pytest.mark.long
def test_a_terminal_that_reads_again_shows_the_latest_picture(home: Home) -> None:
    with Terminal(home.full_environ()) as terminal:
        terminal.shows("deep-learning lab")
        terminal.stall()
        for _ in range(60):
            terminal.write(b"T")
            time.sleep(0.02)
        terminal.write(b"?")
        time.sleep(0.5)
        terminal.go_on()
        terminal.shows("esc back")


@pytest.mark.parametrize("term", ["dumb", "unknown", ""])
def test_a_terminal_without_a_full_screen_gets_one_line_that_names_the_verbs(home: Home, term: str) -> None:
    with Terminal(home.full_environ(), variables={"TERM": term}) as terminal:
        assert terminal.wait() == 2
        output = bytes(terminal.raw).decode()
    assert output.startswith(f"TERM is {term or 'not set'}") and output.count("\n") == 1
    assert "dltui run" in output and "dltui --help" in output and "\x1b" not in output


def test_the_locale_c_gets_letters_that_it_has(home: Home) -> None:
    with Terminal(home.full_environ(), variables={"LC_ALL": "C", "LANG": "C"}) as terminal:
        terminal.shows("deep-learning lab", "q quit")
        terminal.press("?")
        terminal.shows("esc back")
        assert bytes(terminal.raw).isascii()
