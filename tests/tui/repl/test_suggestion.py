"""Which words are on offer."""

from __future__ import annotations

from engine.places import Places
from tests.fakes.fake_session import FakeSession
from tests.fakes.language_run import write_run
from tui.repl.completions import Completion
from tui.repl.suggestion import Suggestion, suggest

ITEMS = (Completion("cupcakes", 0.5), Completion("<EOS>", 0.3, kind="end"), Completion("you", 0.2))


def test_the_nth_word_is_taken_and_the_end_is_none() -> None:
    offered = Suggestion("i love ", ITEMS)
    assert [offered.taken(place) for place in (0, 1, 2)] == ["i love cupcakes ", "i love you ", None]


def test_a_word_stands_in_for_the_letters_it_begins_with() -> None:
    assert Suggestion("i love cup", ITEMS, fragment="cup").taken(0) == "i love cupcakes "
    assert Suggestion("cup", ITEMS, fragment="cup").taken(0) == "cupcakes "


def test_a_reversed_model_puts_it_in_front() -> None:
    assert Suggestion("cupcakes", (Completion("love", 1.0),), reverse=True).taken(0) == "love cupcakes "


def test_behind_a_slash_word_the_text_alone_grows() -> None:
    assert Suggestion("/score i love", ITEMS).taken(0) == "/score i love cupcakes "
    assert Suggestion("/both cupcakes", (Completion("love", 1.0),), reverse=True).taken(0) == (
        "/both love cupcakes "
    )


async def test_unknown_letters_are_completed(places: Places) -> None:
    run = write_run(places)
    found = await suggest(FakeSession(places), run, "i bake cu", False, 5)
    assert found.fragment == "cu" and found.words == ["cupcakes"]


async def test_the_model_says_what_comes_next(places: Places) -> None:
    run = write_run(places)
    found = await suggest(FakeSession(places), run, "i love ", False, 5)
    assert found.words[0] == "cupcakes"
    back = await suggest(FakeSession(places), write_run(places, direction="reversed"), "cupcakes", True, 5)
    assert back.words[0] in ("love", "chocolate")


async def test_words_that_nobody_knows_are_said(places: Places) -> None:
    found = await suggest(FakeSession(places), write_run(places), "qqq zzz ", False, 5)
    assert not found.items and "none of" in found.says
