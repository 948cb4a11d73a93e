from __future__ import annotations

import pytest

from engine.protocol import Finding, Severity
from tui.terminal import examine


def topics(environ: dict[str, str], encoding: str = "UTF-8") -> dict[str, Finding]:
    return {finding.topic: finding for finding in examine(environ, True, encoding)}


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "16 million"),
        ({"TERM": "xterm-256color"}, "256 colours"),
        ({"TERM": "screen-256color"}, "256 colours"),
        ({"TERM": "xterm"}, "16 colours"),
        ({"TERM": "linux"}, "16 colours"),
        ({"TERM": "dumb"}, "no colours"),
        ({}, "no colours"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "no colours"),
    ],
)
def test_colours_follow_from_the_names(environ: dict[str, str], words: str) -> None:
    assert words in topics(environ)["colours"].text


def test_letters_need_unicode() -> None:
    assert topics({"TERM": "xterm"})["letters"].severity is Severity.OK
    assert topics({"TERM": "xterm"}, "ANSI_X3.4-1968")["letters"].severity is Severity.WARNING
    assert "console" in topics({"TERM": "linux"})["letters"].text


def test_graphics_do_not_pass_a_multiplexer() -> None:
    assert "Kitty" in topics({"TERM": "xterm-kitty"})["graphics"].text
    assert (
        "No image" in topics({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1", "TMUX": "x"})["graphics"].text
    )


def test_tmux_and_screen_are_named() -> None:
    assert "tmux" in topics({"TERM": "screen", "TMUX": "/tmp/x"})
    assert "screen" in topics({"TERM": "screen", "STY": "1.x"})
    assert topics({"TERM": "xterm"}).keys() == {"colours", "letters", "graphics"}


def test_a_pipe_is_no_terminal() -> None:
    assert [finding.topic for finding in examine({}, False)] == ["terminal"]
    assert examine()
