"""Minimised SGR sequences give the same screen, as a terminal in memory draws it."""

from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.style import Style

from tui.terminal.sgr import SgrWriter

COLOURS = st.sampled_from(
    [
        None,
        "red",
        "bright_blue",
        "color(130)",
        "#102030",
        "#080808",
        "#eeeeee",
        "#8a8a8a",
        "#8b8b8b",
        "default",
    ]
)
STYLES = st.builds(
    Style,
    color=COLOURS,
    bgcolor=COLOURS,
    bold=st.booleans(),
    italic=st.booleans(),
    underline=st.booleans(),
    reverse=st.booleans(),
)
WORDS = st.tuples(STYLES, st.text("ab▀ é", min_size=1, max_size=4)).map(
    lambda pair: pair[0].render(pair[1], color_system=ColorSystem.TRUECOLOR)
)
MOVES = st.tuples(st.integers(1, 5), st.integers(1, 20)).map(lambda place: f"\x1b[{place[0]};{place[1]}H")
OTHERS = st.sampled_from(
    [
        "\x1b[2J",
        "\x1b[K",
        "\x1b[?2026h",
        "\x1b[?2026l",
        "\x1b[0m",
        "\x1b[m",
        "\x1b[27m",
        "\x1b[1;31m",
        "plain",
    ]
)
CHUNKS = st.lists(st.lists(st.one_of(WORDS, MOVES, OTHERS), max_size=8).map("".join), max_size=8)


def picture(chunks: list[str]) -> list[object]:
    screen = pyte.Screen(20, 5)
    stream = pyte.Stream(screen)
    for chunk in chunks:
        stream.feed(chunk)
    return [screen.buffer[y][x] for y in range(5) for x in range(20)]


@given(CHUNKS)
def test_the_appearance_is_the_same(chunks: list[str]) -> None:
    writer = SgrWriter()
    assert picture([writer.minimise(chunk) for chunk in chunks]) == picture(chunks)


@given(CHUNKS, CHUNKS)
def test_output_after_the_app_has_ended_is_plain(chunks: list[str], after: list[str]) -> None:
    writer = SgrWriter()
    sent = "".join(writer.minimise(chunk) for chunk in [*chunks, "\x1b[0m", "\x1b[?1049l"])
    assert (
        picture([sent, "$ ls", *after])[-20:] == picture(["".join(chunks), "\x1b[0m", "$ ls", *after])[-20:]
    )


def test_a_colour_is_sent_once() -> None:
    style = Style(color="#102030", bgcolor="#405060")
    other = Style(color="#102030", bgcolor="#708090")
    words = [style.render("a"), style.render("b"), other.render("c")]
    assert (
        SgrWriter().minimise("".join(words)) == "\x1b[38;2;16;32;48;48;2;64;80;96mab\x1b[48;2;112;128;144mc"
    )


def test_unknown_codes_are_passed_on() -> None:
    writer = SgrWriter()
    assert writer.minimise("\x1b[31ma\x1b[58;5;1mb\x1b[0m") == "\x1b[31ma\x1b[58;5;1m\x1b[0;31mb"
    assert writer.minimise("c") == "\x1b[0mc"


def test_a_grey_of_the_256_colours_uses_its_number() -> None:
    assert (
        SgrWriter().minimise(Style(color="#121212", bgcolor="#eeeeee").render("a"))
        == "\x1b[38;5;233;48;5;255ma"
    )
