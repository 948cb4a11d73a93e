"""Words suggested for a line of input."""

from __future__ import annotations

from engine.places import Places
from tests.fakes.fake_session import FakeSession
from tests.fakes.language_run import write_run
from tui.repl.completions import Completion
from tui.repl.suggested_words import Suggestion, suggest

ITEMS = (Completion("cupcakes", 0.5), Completion("<EOS>", 0.3, kind="end"), Completion("you", 0.2))


def test_the_nth_word_is_inserted_and_the_end_of_a_sentence_is_not_counted() -> None:
    offered = Suggestion("i love ", ITEMS)
    assert [offered.taken(place) for place in (0, 1, 2)] == ["i love cupcakes ", "i love you ", None]


def test_a_word_replaces_its_prefix() -> None:
    assert Suggestion("i love cup", ITEMS, fragment="cup").taken(0) == "i love cupcakes "
    assert Suggestion("cup", ITEMS, fragment="cup").taken(0) == "cupcakes "


def test_a_word_of_a_reversed_model_is_inserted_in_front() -> None:
    assert Suggestion("cupcakes", (Completion("love", 1.0),), reverse=True).taken(0) == "love cupcakes "


def test_after_a_command_the_word_is_inserted_into_its_text() -> None:
    assert Suggestion("/score i love", ITEMS).taken(0) == "/score i love cupcakes "
    assert Suggestion("/both cupcakes", (Completion("love", 1.0),), reverse=True).taken(0) == (
        "/both love cupcakes "
    )


async def test_an_unknown_prefix_is_completed(places: Places) -> None:
    run = write_run(places)
    found = await suggest(FakeSession(places), run, "i bake cu", False, 5)
    assert found.fragment == "cu" and found.words == ["cupcakes"]


async def test_the_words_are_predicted_by_the_model(places: Places) -> None:
    run = write_run(places)
    found = await suggest(FakeSession(places), run, "i love ", False, 5)
    assert found.words[0] == "cupcakes"
    back = await suggest(FakeSession(places), write_run(places, direction="reversed"), "cupcakes", True, 5)
    assert back.words[0] in ("love", "chocolate")


async def test_words_outside_the_vocabulary_are_reported(places: Places) -> None:
    found = await suggest(FakeSession(places), write_run(places), "qqq zzz ", False, 5)
    assert not found.items and "none of" in found.message
