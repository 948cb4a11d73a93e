"""The bytes of a notification by the terminal."""

from __future__ import annotations

import pytest

from engine.client.answers import RunsChange
from engine.notifications import TerminalNotification
from engine.places import Places
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine
from tui.terminal.desktop_notification import sequences


def made(terminal: str, bell: bool = False, title: str = "a", text: str = "b", **environ: str) -> str:
    return sequences(TerminalNotification(title, text, terminal, bell), environ)


@pytest.mark.parametrize(
    ("terminal", "environ", "expected"),
    [
        ("osc9", {}, "\x1b]9;a: b\x1b\\"),
        ("osc777", {}, "\x1b]777;notify;a;b\x1b\\"),
        ("auto", {"TERM": "xterm-kitty"}, "\x1b]9;a: b\x1b\\"),
        ("auto", {"VTE_VERSION": "7600"}, "\x1b]777;notify;a;b\x1b\\"),
        ("auto", {"TERM": "rxvt-unicode-256color"}, "\x1b]777;notify;a;b\x1b\\"),
        ("off", {}, ""),
        ("osc9", {"TMUX": "/run/tmux"}, "\x1bPtmux;\x1b\x1b]9;a: b\x1b\x1b\\\x1b\\"),
    ],
)
def test_each_terminal_gets_its_sequence(terminal: str, environ: dict[str, str], expected: str) -> None:
    assert made(terminal, **environ) == expected
    assert made(terminal, True, **environ) == expected + "\a"


def test_the_name_of_a_run_cannot_end_the_sequence() -> None:
    hostile = "x\x1b\\\x1b]52;c;aGk=\x07\n;y"
    for terminal in ("osc9", "osc777"):
        assert made(terminal, title=hostile, text=hostile)[2:-2].isprintable()
    title = made("osc777", title=hostile, text="the text").removeprefix("\x1b]777;notify;").split(";")[0]
    assert title.endswith(",y")


async def test_the_app_passes_a_notification_of_the_engine_to_the_terminal(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = FakeEngine()
    async with open_app(places, engine) as opened:
        written: list[str] = []
        assert opened.app._driver is not None
        monkeypatch.setattr(opened.app._driver, "write", written.append)
        told = TerminalNotification("mnist-1 failed", "loss is NaN", "osc9", True)
        for client in engine._clients:
            client.changes.put_nowait(RunsChange(notifications=(told,)))
        await opened.until(lambda: "\x1b]9;mnist-1 failed: loss is NaN\x1b\\\a" in written)
