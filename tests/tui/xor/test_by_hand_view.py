"""XOR by hand: from the keyboard alone."""

from __future__ import annotations

import pytest

from engine.places import Places
from tests.fakes.app_pilot import AppPilot, open_app
from tests.fakes.engine import FakeEngine
from tests.fakes.fake_session import FakeSession
from tui import view_state
from tui.xor.by_hand_view import HandView
from tui.xor.tab import XorTab

MORE, LESS = "greater_than_sign", "less_than_sign"


def view(opened: AppPilot) -> HandView:
    return opened.app.query_one(HandView)


async def load(opened: AppPilot, title: str) -> None:
    await opened.press("o")
    await opened.shows("load a network")
    titles = [line.strip("│ ›") for line in opened.text.splitlines() if "  " in line.strip("│ ›")]
    below = next(place for place, line in enumerate(titles) if line.startswith("1 unit + bypass"))
    place = next(place for place, line in enumerate(titles) if line.startswith(title))
    await opened.press(*["down"] * (place - below), "enter")
    await opened.until(lambda: title in view(opened).name_of_net)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_first_picture_is_a_network_that_has_solved_it(
    places: Places, session: FakeSession, size: tuple[int, int]
) -> None:
    async with open_app(places, FakeEngine(), size) as opened:
        await opened.press("2")
        await opened.shows(
            "XOR solved",
            "BCE 0.0000",
            "validation points",
            "1 hidden unit + bypass",
            "T 0.001",
            "AND",
            "-2.00",
        )


async def test_a_changed_weight_breaks_it_and_undo_mends_it(places: Places, session: FakeSession) -> None:
    async with open_app(places, FakeEngine(), (80, 24)) as opened:
        await opened.press("2")
        await opened.shows("XOR solved")
        await opened.press("i")
        await opened.shows("-1.00", "of 4 rows right", "wrong")
        await opened.press("u")
        await opened.shows("XOR solved")
        await opened.press("U")
        await opened.shows("of 4 rows right")
        await opened.press("r")
        await opened.shows("XOR solved")


async def test_a_number_is_typed_and_a_wrong_one_refused(places: Places, session: FakeSession) -> None:
    async with open_app(places, FakeEngine()) as opened:
        await opened.press("2")
        await opened.shows("XOR solved")
        await opened.press("down", "enter")
        await opened.shows("h1: weight of x2")
        await opened.type("nonsense")
        await opened.shows("expected a number")
        await opened.press("enter", *["backspace"] * 8)
        await opened.type("-2.5")
        await opened.press("enter")
        await opened.until(lambda: view(opened).net.hidden_weight == ((1.0, -2.5),))


@pytest.mark.parametrize(
    ("puzzle", "keys"),
    [
        ("puzzle: AND", [MORE, "down", MORE, "down", LESS, *["minus"] * 5]),
        ("puzzle: OR", [MORE, "down", MORE, "down", *["minus"] * 5]),
        ("puzzle: NAND", [LESS, "down", LESS, "down", MORE, *["plus"] * 5]),
    ],
)  # fmt: skip
async def test_a_puzzle_is_solved_with_a_few_keys(
    places: Places, session: FakeSession, puzzle: str, keys: list[str]
) -> None:
    async with open_app(places, FakeEngine(), (120, 40)) as opened:
        await opened.press("2")
        await opened.shows("XOR solved")
        await load(opened, puzzle)
        await opened.shows("0 of 4 rows right, 4 at 0.5", "Hint:", "undecided")
        await opened.press(*keys)
        await opened.shows(f"{puzzle.removeprefix('puzzle: ')} solved")


async def test_xor_itself_is_solved_from_weights_of_zero(places: Places, session: FakeSession) -> None:
    hidden = [MORE, "down", MORE, "down", LESS, *["minus"] * 5]
    output = ["right", *["minus"] * 5, "up", MORE, "up", LESS, LESS, "up", MORE]
    async with open_app(places, FakeEngine(), (80, 24)) as opened:
        await opened.press("2")
        await opened.shows("XOR solved")
        await load(opened, "puzzle: XOR")
        await opened.shows("0 of 4 rows right")
        await opened.press(*hidden, *output)
        await opened.shows("XOR solved", "BCE 0.0000")
        assert view(opened).net.output_weight == (1.0, 1.0, -2.0)


async def test_units_bypass_and_temperature_change_by_key(places: Places, session: FakeSession) -> None:
    async with open_app(places, FakeEngine()) as opened:
        await opened.press("2")
        await opened.shows("XOR solved")
        await opened.press("a", "p")
        await opened.shows("XOR · 2 hidden units ──")
        await opened.press("A", "W")
        await opened.shows("XOR · 1 hidden unit ──", "T 0.002")
        await opened.press("w", "w")
        await opened.shows("T 0.001")


async def test_a_silu_unit_solves_it_alone_and_the_next_activation_does_not(
    places: Places, session: FakeSession
) -> None:
    async with open_app(places, FakeEngine(), (120, 40)) as opened:
        await opened.press("2")
        await opened.shows("XOR solved")
        await load(opened, "1 SiLU unit")
        await opened.shows("XOR · 1 hidden unit ──", "silu", "XOR solved", "lowest value, -0.278")
        await opened.press("w")
        await opened.until(
            lambda: "Only units of btu have a temperature, and these are silu." in opened.notices
        )
        await opened.press("v")
        await opened.shows("T 0.001", "of 4 rows right")
        await opened.press("u")
        await opened.shows("XOR solved")


async def test_a_key_that_changes_nothing_says_why_and_a_changed_network_is_not_described_as_the_loaded_one(
    places: Places, session: FakeSession
) -> None:
    async with open_app(places, FakeEngine()) as opened:
        await opened.press("2")
        await opened.shows("XOR solved")
        await load(opened, "2 units")
        await opened.shows("2 units: Each unit finds")
        await opened.press("a", "a", "a")
        await opened.until(lambda: "By hand there are 4 hidden units at most." in opened.notices)
        await opened.shows("changed from: 2 units")
        assert "Each unit finds" not in opened.text
        await opened.press("A", "A", "A", "A")
        await opened.until(lambda: any("The last hidden unit stays" in notice for notice in opened.notices))


async def test_the_truth_table_of_four_units_has_all_of_them_at_eighty_columns(
    places: Places, session: FakeSession
) -> None:
    async with open_app(places, FakeEngine(), (80, 24)) as opened:
        await opened.press("2")
        await opened.shows("XOR solved")
        await load(opened, "4 units")
        await opened.shows("h1    h2    h3    h4")


async def test_a_view_is_laid_out_alike_when_it_opens_and_when_the_terminal_is_resized(
    places: Places, session: FakeSession
) -> None:
    async with open_app(places, FakeEngine(), (80, 24)) as opened:
        await opened.press("2")
        await opened.shows("XOR solved")
        tab = opened.app.switcher.active_tab
        assert isinstance(tab, XorTab) and isinstance(tab.view, HandView)
        plane = tab.view.plane
        await opened.until(lambda: plane.size.width == 28)
        await opened.pilot.resize_terminal(120, 40)
        await opened.until(lambda: plane.size.width > 28)
        await opened.pilot.resize_terminal(80, 24)
        await opened.until(lambda: plane.size.width == 28)


async def test_a_session_that_dies_is_one_line_and_the_next_key_goes_on(
    places: Places, session: FakeSession
) -> None:
    async with open_app(places, FakeEngine()) as opened:
        await opened.press("2")
        await opened.shows("XOR solved")
        session.is_up = False
        await opened.press("plus")
        await opened.shows("The session ended before it answered.", "+1.10")
        session.is_up = True
        await opened.press("minus")
        await opened.shows("XOR solved")
        await opened.until(lambda: "session ended" not in opened.text)


async def test_the_weights_are_there_again_after_a_restart(places: Places, session: FakeSession) -> None:
    async with open_app(places, FakeEngine()) as opened:
        await opened.press("2")
        await opened.shows("XOR solved")
        await opened.press("z", "W")
        await opened.shows("of 4 rows right")
    assert view_state.read(places.view_state).views["xor"]["view"] == "hand"
    async with open_app(places, FakeEngine()) as opened:
        await opened.shows("of 4 rows right", "T 0.002")
        assert view(opened).net.hidden_weight == ((0.0, 1.0),)
        await opened.press("r")
        await opened.shows("XOR solved")


async def test_while_hidden_no_request_is_sent(places: Places, session: FakeSession) -> None:
    async with open_app(places, FakeEngine()) as opened:
        await opened.press("2")
        await opened.shows("XOR solved")
        await opened.press("1")
        await opened.shows("start an experiment")
        asked = await opened.stable_count(lambda: len(session.requests))
        await opened.app.query_one(HandView).app.run_action("help")
        await opened.press("escape")
        assert len(session.requests) == asked


@pytest.mark.parametrize("width", [80, 200])
async def test_without_colours_and_blocks_everything_can_be_read(
    places: Places, session: FakeSession, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    from tui.terminal import glyphs

    monkeypatch.setenv("DLTUI_SYMBOLS", "ascii")
    glyphs.glyphs.cache_clear()
    try:
        async with open_app(places, FakeEngine(), (width, 24)) as opened:
            await opened.press("2")
            await opened.shows("* XOR solved", "h1", "####", " 1 ", "-2.00")
            assert opened.text.isascii()
    finally:
        monkeypatch.delenv("DLTUI_SYMBOLS")
        glyphs.glyphs.cache_clear()
