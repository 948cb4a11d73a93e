"""From an aid to its lab and back, from a lab to the lecture, and the number of cards due behind the tab."""

from __future__ import annotations

import pytest

from engine.course.reading import open_lecture
from engine.places import Places
from engine.session_protocol.learn import SeenRequest
from engine.session_protocol.learn_items import MarkRequest
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine
from tests.fakes.fake_session import FakeSession
from tests.tui.learn.bench import learn_tab, read, tab
from tui.dialogs.form_dialog import FormScreen
from tui.learn.reader_view import ReaderView
from tui.messages import OpenView
from tui.mnist.tab import MnistTab
from tui.tab.section_of_view import LESSONS, lesson_of
from tui.tab.views_tab import ViewsTab
from tui.tabs import PAGES
from tui.xor.by_hand_view import HandView
from tui.xor.tab import XorTab


async def test_the_network_of_the_gates_opens_in_the_xor_tab_and_escape_comes_back_to_the_line(
    places: Places, session: FakeSession
) -> None:
    async with learn_tab(places, (120, 40)) as opened:
        await read(opened, 2)
        await opened.press(*["full_stop"] * 5, "enter")
        await opened.until(lambda: opened.app.query_one(ReaderView).pane.has_focus)
        await opened.press("down", "greater_than_sign", "down", "greater_than_sign")
        place = opened.app.query_one(ReaderView).saved()
        await opened.press("o")
        await opened.shows("puzzle: AND")
        await opened.until(lambda: opened.app.query_one(HandView).net.output_weight == (1.0, 1.0))
        await opened.press("escape")
        await opened.until(lambda: opened.app.switcher.active_tab is tab(opened))
        assert opened.app.query_one(ReaderView).saved() == place


async def test_escape_that_closes_a_chart_in_full_screen_does_not_leave_the_lab(
    places: Places, session: FakeSession
) -> None:
    async with learn_tab(places, (120, 40), "a") as opened:
        await opened.shows("The XOR ladder")
        while opened.app.query_one("#learn-aids").entries.cursor != 7:  # type: ignore[attr-defined]
            await opened.press("down")
        await opened.press("enter")
        await opened.shows("no hidden unit")
        await opened.press("o")
        await opened.until(lambda: opened.app.query_one(XorTab).front == "ladder")
        await opened.press("F", "escape")
        assert opened.app.switcher.active_tab.NAME == "xor"
        await opened.press("escape")
        await opened.until(lambda: opened.app.switcher.active_tab.NAME == "learn")


async def test_n_opens_the_form_of_a_run_that_the_aid_can_look_into(
    places: Places, session: FakeSession
) -> None:
    async with learn_tab(places) as opened:
        await opened.shows("enter")
        opened.app.post_message(OpenView("learn", "aid", {"name": "attention"}))
        await opened.shows("no run of yours fits")
        await opened.press("n")
        await opened.until(lambda: isinstance(opened.app.screen, FormScreen))
        await opened.shows("transformer")


async def test_f2_in_a_lab_opens_the_section_about_it(places: Places, session: FakeSession) -> None:
    async with open_app(places, FakeEngine(), (120, 40)) as opened:
        await opened.press("2", "d")
        await opened.until(lambda: opened.app.query_one(XorTab).front == "ladder")
        await opened.press("f2")
        await opened.shows("2 The perceptron", "section 6 of 8", "The XOR ladder")


@pytest.mark.parametrize("place", LESSONS)
def test_every_view_of_a_lab_has_a_section_that_exists(place: tuple[str, str], places: Places) -> None:
    lecture, section = LESSONS[place]
    assert section in [one.slug for one in open_lecture(places.learn, lecture).sections]


def test_no_view_of_a_lab_is_without_a_section() -> None:
    for name in PAGES:
        if name != "learn":
            assert lesson_of(name, "") or name in ("xor", "mnist")
    for kind in (XorTab, MnistTab):
        assert issubclass(kind, ViewsTab)
        assert all(lesson_of(kind.NAME, view) for view in kind.VIEWS)


async def test_the_tab_says_how_many_cards_are_due(places: Places, session: FakeSession) -> None:
    session.answer(SeenRequest(["l02.weights-turn-the-bias-moves"]))
    for part in session.answer(MarkRequest("l02.bias.recall", 1)):  # type: ignore[attr-defined]
        assert part
    async with open_app(places, FakeEngine(), (80, 24)) as opened:
        await opened.shows("Learn 1")
        await opened.press("7")
        await opened.shows("1 due, about 1 minute")
