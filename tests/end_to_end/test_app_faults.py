"""The app killed, stalled, resized and given random keys: runs are not affected, and its view is restored."""

from __future__ import annotations

import json
import os
import random
import signal
import string
import time
from typing import Any

import pytest

from tests.chaos import scaled
from tests.end_to_end.home import Home, kill
from tests.end_to_end.terminal import Terminal

LEAVES = b"\x11q"
ENTERS = b"\r\n"
MODES_OFF = (b"?1049l", b"?1000l", b"?1003l", b"?1006l", b"?1015l", b"?2004l", b"?1004l", b"?25h", b"<u")


def weights(run: dict[str, Any]) -> str:
    return str(run["checkpoints"][-1]["weights_sha256"])


@pytest.fixture
def long_run(home: Home) -> str:
    """A run long enough for any test, about 100 steps per second."""
    run = home.start("counter", name="alpha", steps=1_000_000, seconds=0.01)
    home.until(lambda: step(home, run) > 3, "some steps")
    return run


def app(home: Home, size: tuple[int, int] = (120, 40)) -> Terminal:
    """The app, after its runs are on the screen."""
    terminal = Terminal(home.full_environ(), size=size)
    terminal.shows("alpha")
    return terminal


def step(home: Home, run: str) -> int:
    """The newest step in the events of the run."""
    told = [event for event in home.events(run) if event.kind == "metrics"]
    return int(told[-1].facts["series"]["loss"][0][-1]) if told else 0


def makes_progress(home: Home, run: str) -> None:
    before = step(home, run)
    home.until(lambda: step(home, run) > before, "more steps")


def saved_view(home: Home) -> dict[str, Any]:
    path = home.places.view_state
    return dict(json.loads(path.read_text())) if path.exists() else {}


# --- ending ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_app_killed_at_random_moments_costs_a_run_nothing(home: Home) -> None:
    whole = weights(home.finish(home.start("counter", steps=2000)))
    dice, kills = random.Random(7), scaled(50)
    while kills:
        run = home.start("counter", name="alpha", steps=2000, seconds=0.01)
        while kills and home.show(run)["status"] != "done":
            with Terminal(home.full_environ()) as terminal:
                time.sleep(dice.random() * 2.5)
                terminal.write(dice.choice((b"", b"jk", b"?", b"/", b"yeeb ")))
                kills -= 1
        ended = home.reach(run, "done")
        assert weights(ended) == whole
        assert len([event for event in home.events(run) if event.kind == "started"]) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_app_in_order(home: Home, long_run: str, number: signal.Signals) -> None:
    with app(home) as terminal:
        before = terminal.modes_at_start
        assert terminal.modes != before
        terminal.press("y", "space")
        terminal.shows("log · live")
        os.kill(terminal.pid, number)
        assert terminal.wait() == 0
        tail = bytes(terminal.raw)[-600:]
        assert [mode for mode in MODES_OFF if b"\x1b[" + mode not in tail] == []
        assert terminal.modes == before
    assert saved_view(home)["chart"]["log"] is True
    assert saved_view(home)["marks"] == [long_run]
    makes_progress(home, long_run)


def test_a_lost_connection_ends_the_app_and_nothing_else(home: Home, long_run: str) -> None:
    with app(home) as terminal:
        terminal.press("y")
        terminal.shows("log · live")
        terminal.hang_up()
        terminal.wait()
    home.until(lambda: terminal.pid not in home.processes(), "the end of the app")
    assert saved_view(home)["chart"]["log"] is True
    makes_progress(home, long_run)


@pytest.mark.long
@pytest.mark.parametrize("how", ["hang up", "SIGTERM"])
def test_an_app_whose_terminal_stalls_can_still_be_ended(home: Home, long_run: str, how: str) -> None:
    with app(home) as terminal:
        fill(terminal)
        os.kill(terminal.pid, signal.SIGTERM) if how == "SIGTERM" else terminal.hang_up()
        terminal.wait()
    makes_progress(home, long_run)


@pytest.mark.long
@pytest.mark.parametrize("keys", [b"qq", b"\x11"])
def test_keys_that_quit_do_not_wait_for_the_keys_before_them_where_the_terminal_stalls(
    home: Home, long_run: str, keys: bytes
) -> None:
    with app(home) as terminal:
        fill(terminal)
        terminal.write(b"T" * 400 + b"y" + keys)
        assert terminal.wait() == 0
    assert saved_view(home)["chart"]["log"] is False


def fill(terminal: Terminal) -> None:
    """Have the app draw more than the buffers of the pty and of the app hold."""
    terminal.stall()
    for _ in range(50):
        terminal.write(b"T")
        time.sleep(0.03)


# --- progress ----------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_stalled_terminal_slows_no_run_and_the_app_catches_up(home: Home, long_run: str) -> None:
    with app(home) as terminal:
        usual = rate(home, long_run)
        fill(terminal)
        home.until(lambda: rate(home, long_run) > 0.7 * usual, "the usual speed")
        now = step(home, long_run)
        terminal.go_on()
        terminal.until(lambda: shown_step(terminal) > now, "a step from after the stall")


def rate(home: Home, run: str, seconds: float = 1.5) -> float:
    before, began = step(home, run), time.monotonic()
    time.sleep(seconds)
    return (step(home, run) - before) / (time.monotonic() - began)


def shown_step(terminal: Terminal) -> int:
    """The step in the overview: `step     129 / 100,000  0%`."""
    words = terminal.text.partition("step  ")[2].split()
    number = words[0].replace(",", "") if words else ""
    return int(number) if number.isdigit() else 0


@pytest.mark.long
def test_no_size_of_the_terminal_brings_the_app_down(home: Home, long_run: str) -> None:
    dice = random.Random(3)
    sizes = [(1, 1), (20, 5), (300, 100), (1, 100), (300, 1), (60, 15), (59, 14)]
    sizes += [(dice.randint(1, 250), dice.randint(1, 90)) for _ in range(scaled(300))]
    with app(home) as terminal:
        for columns, lines in sizes:
            terminal.resize(columns, lines)
            time.sleep(0.3 if (columns, lines) in sizes[:7] else 0.02)
            assert terminal.status is None
        terminal.resize(120, 40)
        terminal.shows("alpha", "quit")
    makes_progress(home, long_run)


SCREENS: dict[str, tuple[tuple[str, ...], str]] = {
    "table": ((), "quit"),
    "chart": (("f",), "loss"),
    "details": (("l", "tab"), "params"),
    "filter": (("/",), "experiment=xor"),
    "pick": (("n",), "start an experiment"),
    "form": (("R",), "launch"),
    "help": (("?",), "esc back"),
    "palette": (("ctrl+p",), "Run:"),
    "set": (("L",), "set live"),
    "stop": (("s",), "Stop alpha?"),
    "delete": (("D",), "Remove alpha?"),
}


OFTEN = ("table", "delete")


@pytest.mark.parametrize(
    "screen", [pytest.param(name, marks=[] if name in OFTEN else pytest.mark.slow) for name in SCREENS]
)
def test_nonsense_typed_anywhere_ends_deletes_and_stops_nothing(
    home: Home, long_run: str, screen: str
) -> None:
    keys, words = SCREENS[screen]
    with app(home) as terminal:
        for key in keys:
            terminal.press(key)
            time.sleep(0.2)
        terminal.shows(words)
        for nonsense in nonsenses(random.Random(screen)):
            terminal.write(nonsense)
            time.sleep(0.03)
        terminal.press("esc", "esc", "esc")
        before = len(terminal.raw)
        terminal.resize(110, 35)
        terminal.until(lambda: len(terminal.raw) > before + 1000, "another picture")
        assert terminal.status is None
    found = home.show(long_run)
    assert found["status"] in ("running", "pausing", "paused", "queued"), found["cause"]


ODD = (
    b"\x1b[", b"\x1b[999;", b"\x1bO", b"\x1b[<0;", b"\x1b[<0;5;5M", b"\x1b[<64;1;1M\x1b[<0;999;999m",
    b"\x1b]0;x\x07", b"\x1bPw\x1b\\", b"\x1b[?2026;9$y", b"\x1b[I\x1b[O", b"\x1b[200~half \x1b[201~",
    b"\x1b[57441u", b"\x1b[1;99Z", "\u202e\u0301\U0001f600".encode(), b"\x1b[3;3R", b"\x1b[M   ",
    b"\x1b[201~",
)  # fmt: skip


def nonsenses(dice: random.Random) -> list[bytes]:
    """Every printable character and control, except those that quit or confirm; cut and wrong sequences."""
    signs = [
        bytes([code]) for code in (*string.printable.encode(), *range(32)) if code not in LEAVES + ENTERS
    ]
    typed = signs + list(ODD)
    dice.shuffle(typed)
    return [b"".join(typed[at : at + 7]) for at in range(0, len(typed), 7)]


def test_a_byte_that_is_no_unicode_is_not_the_end(home: Home, long_run: str) -> None:
    with app(home) as terminal:
        terminal.write(b"\xff\xc3(\xf0\x9f")
        terminal.press("?")
        terminal.shows("esc back")
        assert terminal.status is None


def test_letters_typed_right_after_the_slash_are_the_filter(home: Home, long_run: str) -> None:
    with app(home) as terminal:
        terminal.write(b"/alpha pp")
        terminal.shows("alpha pp")
        assert home.show(long_run)["status"] == "running"


def test_the_app_finds_the_service_that_follows_a_killed_one(home: Home, long_run: str) -> None:
    with app(home) as terminal:
        terminal.until(lambda: shown_step(terminal) > 0, "a step")
        first = home.service()
        assert kill(first)
        terminal.until(lambda: (now := home.service()) and now != first, "another service")
        now = step(home, long_run)
        terminal.until(lambda: shown_step(terminal) > now, "a newer step")
        terminal.until(lambda: "reconnecting" not in terminal.text, "the end of the banner")
    assert len([event for event in home.events(long_run) if event.kind == "started"]) == 1


# --- by keys alone ------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_run_is_started_set_paused_resumed_and_removed_by_keys(home: Home) -> None:
    with Terminal(home.full_environ()) as terminal:
        terminal.shows("deep-learning lab")
        terminal.until(lambda: home.service(), "a service")
        terminal.press("n")
        terminal.shows("start an experiment")
        terminal.press("enter")
        terminal.shows("launch", "epochs")
        fill_in(terminal, "epochs: passes over the four training points", "10000000")
        fill_in(terminal, "name: name of the run", "by-hand")
        terminal.press("enter")
        terminal.shows("by-hand", "running")
        run = str(home.show("by-hand")["id"])
        home.until(lambda: step(home, run) > 3, "some steps")
        assert home.show(run)["total_steps"] == 10_000_000
        terminal.press(".")
        home.until(lambda: home.show(run)["live"].get("lr") == 0.02, "lr twice as large")
        terminal.press("L")
        terminal.shows("set live: by-hand")
        terminal.press("ctrl+u")
        terminal.write(b"0.005")
        terminal.press("enter")
        home.until(lambda: home.show(run)["live"].get("lr") == 0.005, "the lr that was typed")
        terminal.press("p")
        home.reach(run, "paused")
        terminal.shows("paused")
        terminal.press("p")
        home.reach(run, "running")
        terminal.shows("running")
        confirm(terminal, "s", "Stop by-hand?")
        assert home.reach(run, "stopped")["cause"]["kind"] == "user_stop"
        terminal.shows("stopped")
        confirm(terminal, "D", "Remove by-hand?")
        terminal.shows("deep-learning lab")
        assert json.loads(home.dltui("ls", "--json")) == []


def fill_in(terminal: Terminal, hint: str, text: str) -> None:
    """Go to the field with this help text and replace its value."""
    for _ in range(30):
        hint_before = shown_hint(terminal)
        if hint_before.startswith(hint):
            terminal.press("end", "ctrl+u")
            terminal.write(text.encode())
            terminal.shows(text)
            return
        terminal.press("down")
        terminal.until(lambda hint_before=hint_before: shown_hint(terminal) != hint_before, "the next field")
    raise AssertionError(f"no field says {hint!r}:\n{terminal.text}")


def shown_hint(terminal: Terminal) -> str:
    """The hint of the focused field, read twice with the same result, so not half drawn."""
    texts = [""]

    def read() -> str:
        lines = terminal.text.splitlines()
        below = next((number for number, line in enumerate(lines) if "enter launch" in line), 0)
        texts.append(lines[below - 1].strip("│ ") if below else "")
        return texts[-1] if texts[-1] == texts[-2] else ""

    return str(terminal.until(read, "the hint of a field"))


def confirm(terminal: Terminal, key: str, question: str) -> None:
    terminal.press(key)
    terminal.shows(question)
    terminal.press("enter")


@pytest.mark.long
def test_leaving_and_coming_back_shows_the_same(home: Home) -> None:
    runs = [home.start("xor", name=name, epochs=50, validation="notebook") for name in ("alpha", "beta")]
    for run in runs:
        home.reach(run, "done")
    with app(home) as terminal:
        terminal.press("j", "space", "k", "y")
        terminal.until(lambda: saved_view(home).get("chart", {}).get("log"), "a saved view")
        terminal.press("m")
        metric = terminal.until(
            lambda: shown_metric(terminal) != "loss" and shown_metric(terminal), "another metric"
        )
        terminal.press("/")
        terminal.shows("experiment=xor")
        terminal.write(b"seed=1")
        terminal.shows("2 of 2")
        terminal.press("enter")
        terminal.shows("q quit")
        terminal.press("q")
        assert terminal.wait() == 0
    view = saved_view(home)
    assert (view["where"], len(view["marks"]), view["metric"]) == ("seed=1", 1, metric)
    with app(home) as terminal:
        terminal.shows("seed=1", "2 of 2", "log")
        terminal.until(lambda: shown_metric(terminal) == metric, f"the metric {metric}")
        terminal.press("q")
        assert terminal.wait() == 0
    assert saved_view(home) == view


def shown_metric(terminal: Terminal) -> str:
    """The first word below the heading of the curves."""
    lines = terminal.text.splitlines()
    at = next((number for number, line in enumerate(lines) if "── curves" in line), None)
    return (lines[at + 1].split() or [""])[0] if at is not None else ""
