"""Reading: from the invitation to a lecture, what one opens in it, search, videos; by keys alone."""

from __future__ import annotations

import pytest

from engine.places import Places
from engine.session_protocol.learn import SeenRequest
from tests.fakes.fake_session import FakeSession
from tests.tui.learn.bench import learn_tab, read, tab
from tui.learn.aid_view import AidView
from tui.learn.reader_view import ReaderView
from tui.learn.tab import LearnTab
from tui.messages import OpenView

SIZES = [(60, 20), (80, 24), (120, 40), (200, 60)]


@pytest.mark.parametrize("size", SIZES)
async def test_with_nothing_learned_today_invites_to_the_first_lecture(
    places: Places, session: FakeSession, size: tuple[int, int]
) -> None:
    async with learn_tab(places, size) as opened:
        await opened.shows("Nine lectures on neural networks", "1 Artificial neural networks", "enter")
        await opened.press("enter")
        await opened.shows("Artificial neural networks", "A network is many small")
        assert all(len(line) <= size[0] for line in opened.text.splitlines())


@pytest.mark.parametrize("size", SIZES)
async def test_every_view_opens_by_its_key_and_fits(
    places: Places, session: FakeSession, size: tuple[int, int]
) -> None:
    words = {
        "b": "The perceptron",
        "a": "One neuron",
        "w": "activation",
        "e": "all lectures",
        "t": "Nine lectures on neural networks",
    }
    async with learn_tab(places, size) as opened:
        for key, word in words.items():
            await opened.press(key)
            await opened.shows(word)
            assert all(len(line) <= size[0] for line in opened.text.splitlines())
        assert not opened.notices


async def test_the_lines_of_a_lecture_are_at_most_76_cells_and_a_section_counts_as_read_at_its_end(
    places: Places, session: FakeSession
) -> None:
    async with learn_tab(places, (200, 60)) as opened:
        await read(opened, 2)
        reader = opened.app.query_one(ReaderView).reader
        assert max(sum(len(span.text.rstrip()) for span in row) for row in reader._page.rows) <= 77
        await opened.press("G")
        sections = {place for request in session.sent(SeenRequest) for place in request.places}
        await opened.until(
            lambda: any(
                "l02.what-was-proved" in place for one in session.sent(SeenRequest) for place in one.places
            )
        )
        assert "l02.overview" in sections


async def test_a_word_is_explained_in_place_and_the_place_is_remembered(
    places: Places, session: FakeSession
) -> None:
    async with learn_tab(places, (80, 24)) as opened:
        await read(opened, 2)
        await opened.press(*["full_stop"] * 4)
        await opened.shows("threshold unit")
        await opened.press("enter")
        await opened.shows("binary threshold unit:")
        await opened.press("pagedown", "pagedown")
        place = opened.app.query_one(ReaderView).saved()
        await opened.press("t", "b", "enter")
        assert place["section"] and opened.app.query_one(ReaderView).saved() == place


async def test_below_100_columns_an_aid_fills_the_screen_and_escape_goes_back_to_the_text(
    places: Places, session: FakeSession
) -> None:
    async with learn_tab(places, (80, 24)) as opened:
        await read(opened, 2)
        await opened.press(*["full_stop"] * 5)
        await opened.press("enter")
        await opened.shows("Gates by hand", "rows whose output is right")
        assert tab(opened).front == "aid"
        await opened.press("escape")
        await opened.until(lambda: tab(opened).front == "reader")
        await opened.shows("The perceptron")


async def test_beside_the_text_the_aid_that_one_has_come_to_is_shown(
    places: Places, session: FakeSession
) -> None:
    async with learn_tab(places, (120, 40)) as opened:
        await read(opened, 2)
        await opened.shows("Gates by hand", "rows whose output is right")
        await opened.press("tab")
        await opened.until(lambda: opened.app.focused is opened.app.query_one(ReaderView).pane)
        await opened.press("down", "right", "right")
        await opened.shows("0.20")
        await opened.press("escape")
        await opened.until(lambda: opened.app.focused is opened.app.query_one(ReaderView))


async def test_tab_goes_to_the_aid_beside_the_text_and_escape_back(
    places: Places, session: FakeSession
) -> None:
    async with learn_tab(places) as opened:
        await read(opened, 2)
        view = tab(opened).view
        assert isinstance(view, ReaderView)
        await opened.until(lambda: view.pane.computed is not None)
        await opened.press("tab")
        assert view.pane.has_focus
        await opened.press("escape")
        await opened.until(lambda: not view.pane.has_focus)
        assert tab(opened).front == "reader"


async def test_search_finds_a_section_of_another_lecture_and_opens_it(
    places: Places, session: FakeSession
) -> None:
    async with learn_tab(places) as opened:
        await read(opened, 2)
        await opened.press("slash")
        await opened.shows("Sections, questions")
        await opened.type("root of d")
        await opened.shows("Why the root of d")
        await opened.press("enter")
        await opened.shows("9 Attention")
        await opened.until(lambda: tab(opened).front == "reader")


async def test_the_outline_and_the_next_lecture(places: Places, session: FakeSession) -> None:
    async with learn_tab(places) as opened:
        await read(opened, 2)
        await opened.press("O")
        await opened.shows("Fourteen of sixteen", "words")
        await opened.press("down", "down", "enter")
        await opened.shows("section 2 of 8")
        await opened.press("n")
        await opened.shows("3 Perceptron learning", "overview")
        await opened.press("N")
        await opened.shows("2 The perceptron")


async def test_videos_have_length_and_day_of_check_and_a_code(places: Places, session: FakeSession) -> None:
    async with learn_tab(places) as opened:
        await read(opened, 2)
        await opened.press("v")
        await opened.shows("Dot products and duality", "3Blue1Brown")
        await opened.press("i")
        await opened.shows("youtu.be/LyGKycYT2v0")
        await opened.press("escape", "escape")
        await opened.shows("2 The perceptron")


async def test_the_glossary_explains_the_word_under_the_cursor_and_leads_to_its_aid(
    places: Places, session: FakeSession
) -> None:
    async with learn_tab(places, (120, 40), "w") as opened:
        await opened.shows("The function φ behind")
        await opened.press("enter")
        await opened.shows("Activations and their slopes")
        await opened.press("escape")
        await opened.until(lambda: tab(opened).front == "words")


async def test_an_aid_has_the_keys_where_it_is_opened_before_its_parts_are_there(
    places: Places, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with learn_tab(places, (80, 24)) as opened:
        monkeypatch.setattr(LearnTab, "_open_front", lambda tab: tab.view.activated())
        opened.app.post_message(OpenView("learn", "aid", {"name": "gate_lab"}))
        await opened.shows("Gates by hand", "puzzle")
        await opened.press("down")
        pane = opened.app.query_one(AidView).pane
        await opened.until(lambda: pane.has_focus and pane.state is not None)
