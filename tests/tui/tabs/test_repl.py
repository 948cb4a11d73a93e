"""The REPL: from the keyboard alone."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from textual.events import Paste

from engine.errors import EngineError
from engine.places import Places
from engine.protocol import Json, Status
from tests.fakes.desk import FakeSession
from tests.fakes.engine import FakeEngine
from tests.fakes.lab import Lab, lab
from tests.fakes.language_run import SENTENCES, write_run
from tui import view_state
from tui.screens.choose import ChoiceList
from tui.tabs.repl import ReplTab


@pytest.fixture
def session(places: Places, monkeypatch: pytest.MonkeyPatch) -> FakeSession:
    made = FakeSession(places)
    monkeypatch.setattr("engine.client.open_session", lambda places: made)
    return made


def tab(opened: Lab) -> ReplTab:
    return opened.app.query_one(ReplTab)


async def open_repl(opened: Lab, *words: str) -> None:
    await opened.press("6")
    await opened.until(lambda: opened.app.query(ReplTab) and tab(opened).models.is_known)
    await opened.sees(*words)


class Typist:
    """Types what the names of keys do not cover."""

    NAMES = {"/": "slash", "_": "underscore", "@": "at", "?": "question_mark"}  # noqa: RUF012

    def __init__(self, opened: Lab) -> None:
        self._opened = opened

    async def type(self, text: str) -> None:
        for sign in text:
            if sign in self.NAMES:
                await self._opened.press(self.NAMES[sign])
            else:
                await self._opened.type(sign)

    async def say(self, line: str) -> None:
        await self.type(line)
        await self._opened.press("enter")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_words_on_offer_follow_what_is_typed(
    places: Places, session: FakeSession, size: tuple[int, int]
) -> None:
    write_run(places, name="sweet")
    async with lab(places, FakeEngine(), size) as opened:
        await open_repl(opened, "sweet", "forward", "Talk to it", "1 a ")
        await Typist(opened).type("i love ")
        await opened.sees("1 cupcakes")
        await opened.press("tab")
        await opened.until(lambda: tab(opened).prompt.value == "i love cupcakes ")
        await opened.press(*["backspace"] * 9)
        await opened.until(lambda: tab(opened)._suggestion.line == "i love ")
        place = tab(opened)._suggestion.words.index("chocolate") + 1
        await opened.press(str(place))
        await opened.until(lambda: tab(opened).prompt.value == "i love chocolate ")


async def test_enter_goes_on_word_by_word_and_says_the_seed(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened, "Talk to it")
        typist = Typist(opened)
        await typist.say("/temperature 0")
        await opened.sees("temperature: 0")
        await typist.say("/seed 7")
        await typist.say("i bake chocolate")
        await opened.sees("cupcakes", "<EOS>", "1 word added", "seed 7", "bits")
        assert session.of("language.generate")[0]["temperature"] == 0


async def test_each_word_is_scored_and_unknown_ones_are_marked(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened)
        await Typist(opened).say("/score i love zebras")
        await opened.sees("rank", "perplexity", "1 unknown word ? not counted")


async def test_orders_blank_both_ways_beam_and_gates(places: Places, session: FakeSession) -> None:
    write_run(places, direction="reversed", name="back", created_at=1e9)
    write_run(places, name="forth")
    async with lab(places, FakeEngine(), (120, 60)) as opened:
        await open_repl(opened, "forth")
        typist = Typist(opened)
        await typist.say("/orders love i cupcakes")
        await opened.sees("i love cupcakes", "as typed", "6 orders, all weighed")
        await typist.say("/blank i ___ cupcakes")
        await opened.sees("left  right", "i love cupcakes", "both sides make of the word")
        await typist.say("/both love")
        await opened.sees("words added")
        await typist.say("/beam i love")
        await opened.sees("(1)", "cupcakes", "score: log p, by length")
        await opened.press("escape", "X", "i")
        await typist.say("/gates i love you")
        await opened.sees("f  keep", "liveliest", "<START>")
        unit = tab(opened).talk.newest("gates")
        before = unit.data["answer"]["unit"] if unit else -1
        await opened.press("escape", "right_square_bracket")
        await opened.until(lambda: unit is not None and unit.data["answer"]["unit"] != before)


async def test_two_models_answer_side_by_side(places: Places, session: FakeSession) -> None:
    write_run(places, name="keras-one", framework="tensorflow", created_at=1e9)
    write_run(places, name="torch-one")
    async with lab(places, FakeEngine(), (120, 60)) as opened:
        await open_repl(opened, "torch-one")
        await Typist(opened).say("/compare i love cupcakes")
        await opened.sees("A torch-one", "B keras-one", "A bits", "B bits", "from the same seed")


async def test_a_model_is_compared_with_the_one_most_like_it_of_the_other_framework(
    places: Places, session: FakeSession
) -> None:
    write_run(places, name="keras-one", framework="tensorflow", created_at=1e9)
    write_run(places, name="back", direction="reversed", framework="tensorflow", created_at=2e9)
    write_run(places, name="older", created_at=3e9)
    write_run(places, name="deep", layers=2, framework="tensorflow", created_at=4e9)
    write_run(places, name="mine", created_at=5e9)
    async with lab(places, FakeEngine(), (120, 60)) as opened:
        await open_repl(opened, "mine")
        await Typist(opened).say("/compare i love cupcakes")
        await opened.sees("A mine", "torch, 1 layer, forward", "B keras-one", "tensorflow, 1 layer, forward")


async def test_a_reversed_model_says_the_words_before(places: Places, session: FakeSession) -> None:
    write_run(places, direction="reversed", name="back")
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened, "back", "reversed", "word before")
        await Typist(opened).type("cupcakes ")
        await opened.sees("word before")
        await opened.until(lambda: tab(opened)._suggestion.line == "cupcakes ")
        await opened.press("tab")
        await opened.until(lambda: tab(opened).prompt.value.endswith("cupcakes ") and
                           tab(opened).prompt.value != "cupcakes ")  # fmt: skip


async def test_a_paste_of_lines_is_a_table_that_sorts(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened)
        opened.app.post_message(Paste("\n".join(SENTENCES[:6]) + "\n\nzebras fly\n"))
        await opened.sees("7 sentences, as pasted", "zebras fly", "2 unknown of")
        await opened.press("escape", "o")
        await opened.sees("most probable first")
        lines = [line for line in opened.text.splitlines() if any(s in line for s in SENTENCES[:6])]
        values = [float(line.split()[0]) for line in lines]
        assert values == sorted(values)


async def test_a_long_table_is_seen_from_its_top_and_stays_there_when_sorted(
    places: Places, session: FakeSession
) -> None:
    write_run(places)
    async with lab(places, FakeEngine(), (100, 30)) as opened:
        await open_repl(opened)
        await Typist(opened).say("/score i love you")
        await opened.sees("log-probability")
        opened.app.post_message(Paste("\n".join(SENTENCES[:2] * 30)))
        await opened.sees("60 sentences, as pasted", "esc, then o")
        await opened.press("escape", "o")
        await opened.sees("60 sentences, most probable first")
        await opened.press("enter")
        await Typist(opened).say("/score you love me")
        await opened.sees("/score you love me", "rank")


async def test_lines_without_a_word_are_left_out_of_a_paste_and_said_to_be(
    places: Places, session: FakeSession
) -> None:
    write_run(places)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened)
        opened.app.post_message(Paste("i love you\n***\nyou love me\n---\n"))
        await opened.sees("2 sentences, as pasted", "Left out: Sentence 2", "more like it.")
        opened.app.post_message(Paste("i love you\n" * 2001))
        await opened.sees("2,000 sentences", "/score 2,001 lines")
        assert "first 2,000 lines are scored" in tab(opened).talk.entries[-1].text()


async def test_a_paste_that_does_not_fit_is_said_to_be_cut(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened)
        opened.app.post_message(Paste("a" * 800))
        await opened.until(lambda: len(tab(opened).prompt.value) == 800)
        assert not opened.notices
        opened.app.post_message(Paste("a" * 800))
        await opened.until(lambda: any("Only 200 characters of 800 fit" in one for one in opened.notices))
        assert len(tab(opened).prompt.value) == 1000


async def test_a_paste_without_a_model_is_said_to_have_none(places: Places, session: FakeSession) -> None:
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened, "No language model yet")
        opened.app.post_message(Paste("i love you\nyou love me\n"))
        await opened.sees("There is no model to answer yet")


async def test_the_newest_words_are_in_sight_however_fast_they_come(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(places)
    endless = Endless(places)
    monkeypatch.setattr("engine.client.open_session", lambda places: endless)
    async with lab(places, FakeEngine(), (80, 24)) as opened:
        await open_repl(opened)
        await Typist(opened).say("i love")
        await opened.until(lambda: tab(opened).transcript.max_scroll_y > 20)
        await opened.press("escape")
        await opened.sees("Stopped.")


async def test_an_unknown_slash_word_is_one_line(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened)
        await Typist(opened).say("/scroe x")
        await opened.sees("There is no /scroe. Did you mean /score?")


async def test_slash_words_are_completed(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened)
        await Typist(opened).type("/bl")
        await opened.sees("words that fit the blank")
        await opened.press("tab")
        await opened.until(lambda: tab(opened).prompt.value == "/blank ")


async def test_what_was_said_comes_back_after_a_restart(places: Places, session: FakeSession) -> None:
    write_run(places, name="one")
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened)
        typist = Typist(opened)
        await typist.say("/temperature 0.5")
        await typist.say("we love")
        await typist.type("a draft")
        await opened.until(lambda: tab(opened).prompt.value == "a draft")
        await opened.press("up")
        await opened.until(lambda: tab(opened).prompt.value == "we love")
        await opened.press("down")
    assert view_state.read(places.view_state).views["repl"]["draft"] == "a draft"
    async with lab(places, FakeEngine()) as opened:
        await opened.sees("temperature 0.5", "a draft")
        await opened.press("ctrl+r", *["backspace"] * 7)
        await Typist(opened).type("temp")
        await opened.sees("said before", "/temperature 0.5")
        await opened.press("enter")
        await opened.until(lambda: tab(opened).prompt.value == "/temperature 0.5")


async def test_a_search_says_its_keys_and_begins_anew_where_nothing_is_like_the_line(
    places: Places, session: FakeSession
) -> None:
    write_run(places)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened, "enter go on", "esc tabs")
        typist = Typist(opened)
        await typist.say("/temperature 0.5")
        await typist.type("a draft")
        await opened.press("ctrl+r")
        await opened.sees("enter take it", "esc back", "^r next older", "/temperature 0.5")
        await opened.press("escape")
        await opened.sees("enter go on", "esc tabs")
        await opened.until(lambda: tab(opened).prompt.value == "a draft")


async def test_a_number_is_typed_behind_an_apostrophe(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened, "1-9 take word", "'1 types 1")
        typist = Typist(opened)
        await typist.type("i love ")
        await opened.until(lambda: tab(opened)._suggestion.line == "i love ")
        await opened.press("apostrophe", "2", "4")
        assert tab(opened).prompt.value == "i love 24"
        await opened.until(lambda: "1-9 take" not in opened.text)
        await opened.press("space")
        await opened.sees("1-9 take word")
        await opened.press("1")
        await opened.until(lambda: tab(opened).prompt.value not in ("i love 24 ", "i love 24 1"))


@pytest.mark.parametrize("line", ["/score i love ", "/gates i "])
async def test_digits_take_a_word_wherever_their_numbers_are_shown(
    places: Places, session: FakeSession, line: str
) -> None:
    write_run(places)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened)
        await Typist(opened).type(line)
        await opened.until(lambda: tab(opened)._suggestion.line == line)
        await opened.press("1")
        await opened.until(lambda: tab(opened).prompt.value not in (line, line + "1"))


async def test_where_nothing_is_on_offer_a_digit_is_a_digit(places: Places, session: FakeSession) -> None:
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened, "No language model yet")
        await opened.press("2")
        assert tab(opened).prompt.value == "2"
        await opened.press(*["backspace"])
        await Typist(opened).type("/length 7")
        assert tab(opened).prompt.value == "/length 7"


class Late(FakeSession):
    """Answers at once until it is told to wait."""

    def __init__(self, places: Places) -> None:
        super().__init__(places)
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def ask(self, word: str, newest: str = "", **facts: Any) -> Json:
        await self.goes_on.wait()
        return await super().ask(word, newest, **facts)


async def test_words_of_a_line_that_is_gone_do_not_stay(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(places)
    late = Late(places)
    monkeypatch.setattr("engine.client.open_session", lambda places: late)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened, "1 a ")
        late.goes_on.clear()
        await Typist(opened).type("i love ")
        await opened.sees("The model is asked.")
        assert "1 a " not in opened.text
        late.goes_on.set()
        await opened.sees("1 cupcakes")


async def test_words_on_offer_come_from_a_new_session_when_one_has_died(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dying(FakeSession):
        dies = False

        async def ask(self, word: str, newest: str = "", **facts: Any) -> Json:
            if self.dies:
                self.dies = False
                raise EngineError("The session ended before it answered.")
            return await super().ask(word, newest, **facts)

    write_run(places)
    dying = Dying(places)
    monkeypatch.setattr("engine.client.open_session", lambda places: dying)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened, "1 a ")
        await Typist(opened).type("i love")
        await opened.until(lambda: tab(opened)._suggestion.line == "i love")
        dying.dies = True
        await opened.press("space")
        await opened.sees("1 cupcakes")
        assert not dying.dies


async def test_escape_leaves_the_prompt_for_the_tabs(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened, "esc tabs")
        await opened.type("q")
        assert opened.app.is_running and tab(opened).prompt.value == "q"
        await opened.press("escape")
        await opened.sees("talk")
        await opened.press("1")
        await opened.until(lambda: opened.app.shelf.front.NAME == "runs")


async def test_without_a_model_a_key_sets_up_a_run(places: Places, session: FakeSession) -> None:
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened, "No language model yet")
        await opened.press("ctrl+n")
        await opened.sees("Language model: an LSTM reads sentences")


async def test_a_model_that_still_trains_is_said_to(places: Places, session: FakeSession) -> None:
    write_run(places, status=Status.RUNNING, step=40)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened, "still training, at step 40")
        await Typist(opened).say("/score i love you")
        await opened.sees("its checkpoint of step 40")


async def test_a_model_that_is_deleted_while_one_talks_to_it_is_said_to_be(
    places: Places, session: FakeSession
) -> None:
    engine = FakeEngine()
    write_run(places, name="older", created_at=1e9)
    gone = write_run(places, name="mine", created_at=2e9)
    async with lab(places, engine) as opened:
        await open_repl(opened, "mine")
        await Typist(opened).type("i love ")
        shutil.rmtree(places.runs / gone)
        tab(opened).refetch()
        await opened.sees("mine was deleted: older answers now.", "1 cupcakes")
        await Typist(opened).say("/score i love you")
        await opened.sees("perplexity")


async def test_a_list_of_models_begins_at_the_one_that_answers(places: Places, session: FakeSession) -> None:
    write_run(places, name="older", created_at=1e9)
    write_run(places, name="newer", created_at=2e9)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened, "newer")
        await Typist(opened).say("/model older")
        await opened.sees("older · forward")
        await Typist(opened).say("/model")
        await opened.sees("talk to it")
        assert tab(opened).app.screen.query_one(ChoiceList).cursor == 1
        await opened.press("escape")
        await opened.sees("1-9 take word")


async def test_a_session_that_dies_is_one_line_and_the_next_goes_on(
    places: Places, session: FakeSession
) -> None:
    write_run(places)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened)
        session.is_up = False
        typist = Typist(opened)
        await typist.say("i love")
        await opened.sees("The session ended before it answered.")
        session.is_up = True
        await typist.say("/score you love me")
        await opened.sees("perplexity")


async def test_hostile_words_cannot_reach_the_terminal(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = "\x1b]0;owned\x07\u202e"
    write_run(places, name=f"name {evil}")
    word = {"word": evil, "p": 0.5, "surprisal": 1.0, "kind": "word", "side": "right"}
    head = {"notice": evil, "is_running": False, "step": 1, "unknown": [evil], "text": ""}
    done = {**head, "done": True, "added": 1, "logp": -1.0, "seed": 1, "words": [evil], "ended": True}
    made = FakeSession(
        places,
        language__predict=lambda **facts: {**head, "candidates": [word]},
        language__generate=lambda **facts: word if facts["seed"] is None else done,
    )
    monkeypatch.setattr("engine.client.open_session", lambda places: made)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened, "owned")
        typist = Typist(opened)
        await typist.type("i ")
        await opened.press("tab")
        await opened.until(lambda: "owned" in tab(opened).prompt.value)
        await opened.press("enter")
        await typist.say("/seed 1")
        await typist.say("i")
        await opened.sees("1 word added")
        assert not {"\x1b", "\x07", "\u202e"} & set(opened.text)


async def test_the_transcript_is_exported(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened)
        typist = Typist(opened)
        await typist.say("/score i love you")
        await opened.sees("log-probability")
        await typist.say("/export")
        await opened.until(lambda: list(places.root.glob("transcript-*.txt")))
        text = next(iter(places.root.glob("transcript-*.txt"))).read_text()
        assert "/score i love you" in text and "perplexity" in text


async def test_a_hidden_prompt_asks_nothing(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened, "1 a ")
        await opened.press("escape", "1")
        await opened.sees("start XOR")
        asked = await opened.rests(lambda: len(session.asked))
        opened.app.shelf.refetch()
        await opened.press("question_mark", "escape")
        assert len(session.asked) == asked


class Endless(FakeSession):
    """Draws words for as long as somebody listens."""

    is_closed = False

    async def stream(self, word: str, **facts: Any) -> AsyncGenerator[Json, None]:
        try:
            while True:
                yield {"word": "on", "p": 0.5, "surprisal": 1.0, "kind": "word", "side": "right"}
                await asyncio.sleep(0.001)
        finally:
            self.is_closed = True


async def test_escape_stops_the_words_at_once(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(places)
    endless = Endless(places)
    monkeypatch.setattr("engine.client.open_session", lambda places: endless)
    async with lab(places, FakeEngine()) as opened:
        await open_repl(opened)
        await Typist(opened).say("i love")
        await opened.sees("on   on", "esc stop")
        await Typist(opened).type("i bake")  # no key waits for the words
        assert tab(opened).prompt.value == "i bake" and not endless.is_closed
        await opened.press("escape")
        await opened.until(lambda: endless.is_closed)
        await opened.sees("Stopped.", "esc tabs")
        assert tab(opened).prompt.has_focus


async def test_it_answers_while_the_engine_is_gone(places: Places, session: FakeSession) -> None:
    write_run(places)
    engine = FakeEngine()
    async with lab(places, engine) as opened:
        await open_repl(opened)
        await Typist(opened).type("i love ")
        engine.drop()
        await opened.sees("Engine gone", "cupcakes")
        await opened.press("enter")
        await opened.sees("added")


async def test_a_file_that_is_there_is_not_written_over(places: Places, session: FakeSession) -> None:
    write_run(places)
    file = places.root / "mine.txt"
    file.write_text("precious")
    async with lab(places, FakeEngine(), (200, 40)) as opened:
        await open_repl(opened)
        tab(opened).talk.add("something")
        tab(opened).prompt.put(f"/export {file}")
        await opened.press("enter")
        await opened.until(lambda: any("is there already" in notice for notice in opened.notices))
        assert file.read_text() == "precious"
