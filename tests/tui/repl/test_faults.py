"""The REPL when the session or the engine ends, a model is removed, or a response comes late."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from engine.client.session import Superseded
from engine.errors import EngineError
from engine.places import Places
from engine.protocol import Status
from engine.session_protocol.language import (
    GeneratedSentence,
    GeneratedWord,
    GenerateRequest,
    ModelAnswer,
    NextWord,
    NextWords,
    NextWordsRequest,
)
from engine.session_protocol.request import A, Request, StreamRequest, read_answer
from engine.typed_json import fields_of
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine
from tests.fakes.fake_session import FakeSession
from tests.fakes.language_run import write_run
from tests.tui.repl.bench import Typist, open_repl, tab


class Late(FakeSession):
    """Answers only while `goes_on` is set."""

    def __init__(self, places: Places) -> None:
        super().__init__(places)
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def ask(self, request: Request[A], newest: str = "") -> A:
        await self.goes_on.wait()
        return await super().ask(request, newest)


async def test_words_of_an_earlier_line_are_not_left_on_screen(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(places)
    late = Late(places)
    monkeypatch.setattr("engine.client.client.open_session", lambda places: late)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        await Typist(opened).type("i ")
        await opened.shows("1 love")
        late.goes_on.clear()
        await Typist(opened).type("love ")
        await opened.shows("Computing ...")
        assert "1 love" not in opened.text
        late.goes_on.set()
        await opened.shows("1 cupcakes")


async def test_before_the_models_are_loaded_none_is_reported_as_missing(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(places, name="sweet")
    late = Late(places)
    monkeypatch.setattr("engine.client.client.open_session", lambda places: late)
    async with open_app(places, FakeEngine()) as opened:
        late.goes_on.clear()
        await opened.press("6")
        await Typist(opened).submit("/model sweet")
        await Typist(opened).submit("i love")
        await opened.until(lambda: opened.text.count("Still looking for models") == 2)
        late.goes_on.set()
        await opened.shows("sweet")
        await Typist(opened).submit("/model sweet")
        await opened.shows("A forward model")


class OneByOne(FakeSession):
    """Answers one request after the other; of those that wait with the same key only the newest, as a session
    process does."""

    def __init__(self, places: Places) -> None:
        super().__init__(places)
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self._turn = asyncio.Lock()
        self._waiting: dict[str, asyncio.Future[None]] = {}

    async def ask(self, request: Request[A], newest: str = "") -> A:
        gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if newest in self._waiting:
            self._waiting.pop(newest).set_exception(Superseded("A newer request replaced this one."))
        if newest:
            self._waiting[newest] = gone
        turn = asyncio.ensure_future(self._turn.acquire())
        await asyncio.wait((turn, gone), return_when=asyncio.FIRST_COMPLETED)
        if gone.done():
            if not turn.cancel():
                self._turn.release()
            gone.result()
        self._waiting.pop(newest, None)
        try:
            await self.goes_on.wait()
            return await super().ask(request, newest)
        finally:
            self._turn.release()


async def test_words_superseded_by_an_older_request_are_requested_again(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(places)
    session = OneByOne(places)
    monkeypatch.setattr("engine.client.client.open_session", lambda places: session)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        await Typist(opened).type("i bake ")
        await opened.shows("1 cupcakes")
        session.goes_on.clear()
        await Typist(opened).type("cu")  # for an unknown prefix a second request: which words begin like that
        await opened.until(lambda: session._turn.locked())
        await Typist(opened).type(" ")
        await opened.until(lambda: bool(session._waiting))
        session.goes_on.set()
        await opened.until(lambda: tab(opened)._suggestion.line == "i bake cu ")
        assert "Computing" not in opened.text


async def test_words_are_requested_when_the_tab_is_opened_again(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        await Typist(opened).type("i ")
        await opened.shows("1 love")
        tab(opened).deactivated()
        tab(opened).prompt.set_text("i love ")
        await opened.shows("Computing ...")
        tab(opened).activated()
        await opened.shows("1 cupcakes")


async def test_suggested_words_come_from_a_new_session_when_one_has_ended(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dying(FakeSession):
        dies = False

        async def ask(self, request: Request[A], newest: str = "") -> A:
            if self.dies:
                self.dies = False
                raise EngineError("The session ended before it answered.")
            return await super().ask(request, newest)

    write_run(places)
    dying = Dying(places)
    monkeypatch.setattr("engine.client.client.open_session", lambda places: dying)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        await Typist(opened).type("i love")
        await opened.until(lambda: tab(opened)._suggestion.line == "i love")
        dying.dies = True
        await opened.press("space")
        await opened.shows("1 cupcakes")
        assert not dying.dies


async def test_a_model_in_training_is_labelled_so(places: Places, session: FakeSession) -> None:
    write_run(places, status=Status.RUNNING, step=40)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened, "still training, last step 40")
        await Typist(opened).submit("/score i love you")
        await opened.shows("It still trains: last weights (step 40).")


async def test_the_removal_of_the_selected_model_is_reported(places: Places, session: FakeSession) -> None:
    engine = FakeEngine()
    write_run(places, name="older", created_at=1e9)
    gone = write_run(places, name="mine", created_at=2e9)
    async with open_app(places, engine) as opened:
        await open_repl(opened, "mine")
        await Typist(opened).type("i love ")
        shutil.rmtree(places.runs / gone)
        tab(opened).refresh_data()
        await opened.shows("mine was removed: older answers now.", "1 cupcakes")
        await Typist(opened).submit("/score i love you")
        await opened.shows("perplexity")


async def test_a_session_that_ends_is_an_error_of_one_line_and_the_next_command_works(
    places: Places, session: FakeSession
) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        session.is_up = False
        typist = Typist(opened)
        await typist.submit("i love")
        await opened.shows("The session ended before it answered.")
        session.is_up = True
        await typist.submit("/score you love me")
        await opened.shows("perplexity")


async def test_hostile_words_cannot_reach_the_terminal(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = "\x1b]0;owned\x07\u202e"
    write_run(places, name=f"name {evil}")
    model = ModelAnswer(
        run="r", direction="forward", step=1, epoch=None, weights=evil, is_running=False, notice=evil
    )
    best = NextWord(evil, 0.5, 1.0, "word", 0.5)
    next_words = NextWords(**fields_of(model), text="", words=[], unknown=[evil], candidates=[best])
    word = GeneratedWord(evil, 0.5, 1.0, "word", "right")
    sentence = GeneratedSentence(
        **fields_of(model), text="", words=[evil], added=1, logp=-1.0, ended=True, unknown=[evil], seed=1
    )

    class Hostile(FakeSession):
        def answer(self, request: Request[Any] | StreamRequest[Any]) -> object:
            if isinstance(request, GenerateRequest):
                return iter([word if request.seed is None else sentence])
            return next_words if isinstance(request, NextWordsRequest) else super().answer(request)

    hostile = Hostile(places)
    monkeypatch.setattr("engine.client.client.open_session", lambda places: hostile)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened, "owned")
        typist = Typist(opened)
        await typist.type("i ")
        await opened.press("tab")
        await opened.until(lambda: "owned" in tab(opened).prompt.value)
        await opened.press("enter")
        await typist.submit("/seed 1")
        await typist.submit("i")
        await opened.shows("1 word added")
        assert not {"\x1b", "\x07", "\u202e"} & set(opened.text)


async def test_a_hidden_tab_requests_nothing(places: Places, session: FakeSession) -> None:
    write_run(places)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        await opened.press("escape", "1")
        await opened.shows("start an experiment")
        asked = await opened.stable_count(lambda: len(session.requests))
        opened.app.switcher.refresh_data()
        await opened.press("question_mark", "escape")
        assert len(session.requests) == asked


class Endless(FakeSession):
    """Streams words until it is closed."""

    is_closed = False

    async def parts(self, request: StreamRequest[A]) -> AsyncGenerator[A, None]:
        try:
            while True:
                yield read_answer(request, fields_of(GeneratedWord("on", 0.5, 1.0, "word", "right")))
                await asyncio.sleep(0.001)
        finally:
            self.is_closed = True


@pytest.mark.long
async def test_escape_cancels_the_stream(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    write_run(places)
    endless = Endless(places)
    monkeypatch.setattr("engine.client.client.open_session", lambda places: endless)
    async with open_app(places, FakeEngine()) as opened:
        await open_repl(opened)
        await Typist(opened).submit("i love")
        await opened.shows("on   on", "esc stop")
        await Typist(opened).type("i bake")  # no key waits for the words
        assert tab(opened).prompt.value == "i bake" and not endless.is_closed
        await opened.press("escape")
        await opened.until(lambda: endless.is_closed)
        await opened.shows("Stopped.", "esc tabs")
        assert tab(opened).prompt.has_focus


async def test_it_answers_while_the_engine_is_gone(places: Places, session: FakeSession) -> None:
    write_run(places)
    engine = FakeEngine()
    async with open_app(places, engine) as opened:
        await open_repl(opened)
        await Typist(opened).type("i love ")
        engine.disconnect()
        await opened.shows("Engine gone", "cupcakes")
        await opened.press("enter")
        await opened.shows("added")


async def test_the_newest_words_are_visible_however_fast_they_come(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_run(places)
    endless = Endless(places)
    monkeypatch.setattr("engine.client.client.open_session", lambda places: endless)
    async with open_app(places, FakeEngine(), (80, 24)) as opened:
        await open_repl(opened)
        await Typist(opened).submit("i love")
        await opened.until(lambda: tab(opened).transcript.max_scroll_y > 20)
        await opened.press("escape")
        await opened.shows("Stopped.")
