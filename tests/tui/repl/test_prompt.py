"""Input of the REPL: pastes, digits, history."""

from __future__ import annotations

import pytest
from textual.events import Paste

from engine.places import Places
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine
from tests.fakes.fake_session import FakeSession
from tests.fakes.language_run import SENTENCES, write_run
from tests.tui.repl.bench import Typist, open_repl, tab
from tui import view_state


async def test_a_paste_of_lines_is_a_table_that_sorts(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        opened.app.post_message(Paste("\n".join(SENTENCES[:6]) + "\n\nzebras fly\n"))
        await opened.shows("7 sentences, as pasted", "zebras fly", "2 unknown of")
        await opened.press("escape", "o")
        await opened.shows("most probable first")
        lines = [line for line in opened.text.splitlines() if any(s in line for s in SENTENCES[:6])]
        values = [float(line.split()[0]) for line in lines]
        assert values == sorted(values)


async def test_a_long_table_is_scrolled_to_its_top_also_when_sorted(
    places: Places, session: FakeSession
) -> None:
    write_run(places)
    async with open_app(places, FakeEngine(), (100, 30)) as opened:
        await open_repl(opened)
        await Typist(opened).submit("/score i love you")
        await opened.shows("log-probability")
        opened.app.post_message(Paste("\n".join(SENTENCES[:2] * 30)))
        await opened.shows("60 sentences, as pasted", "esc, then o")
        await opened.press("escape", "o")
        await opened.shows("60 sentences, most probable first")
        await opened.press("enter")
        await Typist(opened).submit("/score you love me")
        await opened.shows("/score you love me", "rank")


async def test_lines_without_a_word_are_left_out_of_a_paste_with_a_note(
    places: Places, session: FakeSession
) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        opened.app.post_message(Paste("i love you\n***\nyou love me\n---\n"))
        await opened.shows("2 sentences, as pasted", "Left out: Sentence 2", "more like it.")
        opened.app.post_message(Paste("i love you\n" * 2001))
        await opened.shows("2,000 sentences", "/score 2,001 lines")
        assert "first 2,000 lines are scored" in tab(opened).conversation.entries[-1].text()


async def test_a_paste_that_does_not_fit_is_cut_with_a_notice(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        opened.app.post_message(Paste("a" * 800))
        await opened.until(lambda: len(tab(opened).prompt.value) == 800)
        assert not opened.notices
        opened.app.post_message(Paste("a" * 800))
        await opened.until(lambda: any("Only 200 characters of 800 fit" in one for one in opened.notices))
        assert len(tab(opened).prompt.value) == 1000


async def test_a_paste_without_a_model_gets_a_note(places: Places, session: FakeSession) -> None:
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened, "No language model yet")
        opened.app.post_message(Paste("i love you\nyou love me\n"))
        await opened.shows("There is no model to answer yet")


async def test_commands_are_completed(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        await Typist(opened).type("/bl")
        await opened.shows("words that fit the blank")
        await opened.press("tab")
        await opened.until(lambda: tab(opened).prompt.value == "/blank ")


async def test_the_history_and_the_draft_are_restored_after_a_restart(
    places: Places, session: FakeSession
) -> None:
    write_run(places, name="one")
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        typist = Typist(opened)
        await typist.submit("/temperature 0.5")
        await typist.submit("we love")
        await typist.type("a draft")
        await opened.until(lambda: tab(opened).prompt.value == "a draft")
        await opened.press("up")
        await opened.until(lambda: tab(opened).prompt.value == "we love")
        await opened.press("down")
    assert view_state.read(places.view_state).views["repl"]["draft"] == "a draft"
    async with open_app(places, FakeEngine()) as opened:
        await opened.shows("temperature 0.5", "a draft", "▀model ▄sampled")
        await opened.press("ctrl+r", *["backspace"] * 7)
        await Typist(opened).type("temp")
        await opened.shows("history", "/temperature 0.5")
        await opened.press("enter")
        await opened.until(lambda: tab(opened).prompt.value == "/temperature 0.5")


async def test_a_search_labels_its_keys_and_begins_with_an_empty_line_where_nothing_matches(
    places: Places, session: FakeSession
) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened, "enter generate", "esc tabs")
        typist = Typist(opened)
        await typist.submit("/temperature 0.5")
        await typist.type("a draft")
        await opened.press("ctrl+r")
        await opened.shows("enter take it", "esc back", "^r next older", "/temperature 0.5")
        await opened.press("escape")
        await opened.shows("enter generate", "esc tabs")
        await opened.until(lambda: tab(opened).prompt.value == "a draft")


async def test_a_digit_is_typed_after_an_apostrophe(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        typist = Typist(opened)
        await typist.type("i love ")
        await opened.shows("1-9 take word", "'1 types 1")
        await opened.until(lambda: tab(opened)._suggestion.line == "i love ")
        await opened.press("apostrophe", "2", "4")
        assert tab(opened).prompt.value == "i love 24"
        await opened.until(lambda: "1-9 take" not in opened.text)
        await opened.press("space")
        await opened.shows("1-9 take word")
        await opened.press("1")
        await opened.until(lambda: tab(opened).prompt.value not in ("i love 24 ", "i love 24 1"))


@pytest.mark.parametrize("line", ["/score i love ", "/gates i "])
async def test_digits_insert_a_word_wherever_their_numbers_are_shown(
    places: Places, session: FakeSession, line: str
) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        await Typist(opened).type(line)
        await opened.until(lambda: tab(opened)._suggestion.line == line)
        await opened.press("1")
        await opened.until(lambda: tab(opened).prompt.value not in (line, line + "1"))


async def test_without_suggested_words_a_digit_is_typed(places: Places, session: FakeSession) -> None:
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened, "No language model yet")
        await Typist(opened).type("a 2")
        assert tab(opened).prompt.value == "a 2"
        await opened.press(*["backspace"] * 3)
        await Typist(opened).type("/length 7")
        assert tab(opened).prompt.value == "/length 7"


@pytest.mark.parametrize(("typed", "key"), [("", "2"), ("i love", "alt+2")])
async def test_tabs_open_from_the_prompt(places: Places, session: FakeSession, typed: str, key: str) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        await opened.type(typed)
        await opened.press(key)
        await opened.until(lambda: opened.app.switcher.active_tab.NAME == "xor")
        await opened.press("6")
        await opened.until(lambda: tab(opened).prompt.value == typed)
