"""Questions by keys: every kind of item, hints, guesses, undo, and what stands in the log."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.course import queries
from engine.errors import EngineError
from engine.places import Places
from engine.session_protocol.learn_exams import ExamBeginRequest, ExamEndRequest
from engine.session_protocol.learn_items import AskedItem, ItemRequest, RunRequest
from tests.fakes.app_pilot import AppPilot
from tests.fakes.fake_session import FakeSession
from tests.tui.learn.bench import learn_tab, tab
from tui.learn.card_screen import CardScreen
from tui.learn.exam_form import ExamSettings
from tui.learn.exam_screen import ExamScreen
from tui.learn.exam_view import ExamView


async def ask(opened: AppPilot, *items: str) -> None:
    tab(opened).view.ask_items(items, "one", lambda: None)
    await opened.until(
        lambda: isinstance(opened.app.screen, CardScreen) and opened.app.screen.card is not None
    )


def card(opened: AppPilot) -> Any:
    screen = opened.app.screen
    assert isinstance(screen, CardScreen)
    return screen.card


def key_of(places: Places, session: FakeSession, item: str) -> Any:
    """The right answer to the question as it is asked next."""
    asked = session.answer(ItemRequest(item))
    assert isinstance(asked, AskedItem)
    return queries.item(places.learn, item, asked.seed)["key"]


def log(learn: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (learn / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if line["kind"] != "seen"]


async def test_a_choice_is_marked_and_the_reason_of_a_wrong_one_is_told(
    places: Places, session: FakeSession
) -> None:
    right = key_of(places, session, "l02.building.choice")
    async with learn_tab(places) as opened:
        await ask(opened, "l02.building.choice")
        wrong = next(place for place, text in enumerate(card(opened).asked.choices) if "approximate" in text)
        assert wrong != right
        await opened.press(str(wrong + 1))
        await opened.shows(
            "No.", "it can represent every one exactly", "That is said of continuous functions"
        )
        await opened.press("u")
        await opened.shows("is taken back", "1 to 4 choose")
        await opened.press(str(right + 1))
        await opened.shows("Right.", "comes back")
        assert [line["kind"] for line in log(places.learn)] == ["mark", "undo", "mark"]
        assert [line.get("rating") for line in log(places.learn)] == [1, None, 3]
        await opened.press("enter")
        await opened.until(lambda: not isinstance(opened.app.screen, CardScreen))


async def test_a_number_may_be_tried_twice_and_letters_are_text_while_one_types(
    places: Places, session: FakeSession
) -> None:
    right = key_of(places, session, "l02.crossing.number")
    async with learn_tab(places, (80, 24)) as opened:
        await ask(opened, "l02.crossing.number")
        await opened.shows("alt-g guessed", "alt-h hint")
        await opened.press("alt+h")
        await opened.shows("On the x₁ axis x₂ is 0.")
        await opened.type("hg")
        await opened.press("enter")
        await opened.shows("expected")
        await opened.press("backspace", "backspace")
        await opened.type("77")
        await opened.press("enter")
        await opened.shows("try once more")
        await opened.type(f"{right:g}")
        await opened.press("enter")
        await opened.shows("Right.")
        [mark] = log(places.learn)
        assert (mark["rating"], mark["hinted"]) == (2, True)


async def test_a_recall_shows_its_answer_before_one_grades_oneself(
    places: Places, session: FakeSession
) -> None:
    async with learn_tab(places) as opened:
        await ask(opened, "l02.bias.recall")
        await opened.press("3")
        assert card(opened).phase == "ask"
        await opened.press("space")
        await opened.shows("parallel to itself", "it moves and does not turn")
        await opened.press("2")
        await opened.shows("comes back")
        assert [line["rating"] for line in log(places.learn)] == [2]


async def test_rows_are_brought_into_order_by_keys(places: Places, session: FakeSession) -> None:
    right = list(key_of(places, session, "l02.share.order"))
    async with learn_tab(places) as opened:
        await ask(opened, "l02.share.order")
        for place, row in enumerate(right):
            await opened.press(*["up"] * 5, *["down"] * card(opened).order.index(row))
            await opened.press(*["K"] * (card(opened).order.index(row) - place))
        await opened.press("enter")
        await opened.shows("Right.", "Corners double")


async def test_a_prediction_is_locked_on_disk_before_it_runs_and_seen_beside_what_happened(
    places: Places, session: FakeSession
) -> None:
    right = key_of(places, session, "l02.separable.predict")
    async with learn_tab(places) as opened:
        await ask(opened, "l02.separable.predict")
        await opened.type(f"{right * 10:g}")
        await opened.press("enter")
        await opened.shows("you said", "happened", "Off by", f"{right:g}", "◇", "●")
        assert [line["kind"] for line in log(places.learn)] == ["lock"]
        await opened.press("u")
        assert [line["kind"] for line in log(places.learn)] == ["lock"]
        await opened.type("few")
        await opened.press("enter")
        await opened.shows("its share falls away", "comes back")
        lines = log(places.learn)
        assert [line["kind"] for line in lines] == ["lock", "mark"]
        assert lines[1]["rating"] == 1 and lines[1]["seen"] == "ufew"


async def test_a_prediction_that_was_left_keeps_its_lock_and_runs_when_it_is_asked_again(
    places: Places, session: FakeSession
) -> None:
    async with learn_tab(places) as opened:
        await ask(opened, "l02.separable.predict")
        await opened.type("15")
        await opened.press("enter")
        await opened.shows("Off by")
        await opened.press("escape")
        await ask(opened, "l02.separable.predict")
        await opened.shows("you said", "15", "Off by")
        assert [line["kind"] for line in log(places.learn)] == ["lock"]


async def test_a_run_that_ended_before_it_answered_is_run_again_with_the_same_lock(
    places: Places, session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, left = session.parts, ["ended"]

    async def parts(request: Any) -> AsyncIterator[Any]:
        if isinstance(request, RunRequest) and left:
            raise EngineError(f"The session {left.pop()} before it answered.", "Ask again.")
        async for part in whole(request):
            yield part

    monkeypatch.setattr(session, "parts", parts)
    async with learn_tab(places) as opened:
        await ask(opened, "l02.separable.predict")
        await opened.type("15")
        await opened.press("enter")
        await opened.shows("ended before it answered", "The lock stays", "run it again")
        assert "it runs now" not in opened.text
        await opened.press("enter")
        await opened.shows("you said", "15", "Off by", "functions that no single unit")
        assert [line["kind"] for line in log(places.learn)] == ["lock"]


async def test_a_build_item_is_solved_in_its_aid(places: Places, session: FakeSession) -> None:
    async with learn_tab(places, (80, 24)) as opened:
        await ask(opened, "l02.nand.build")
        await opened.shows("Set three numbers", "Gates by hand")
        await opened.press("minus", *["less_than_sign"] * 2, "down", *["less_than_sign"] * 2, "down")
        await opened.press(*["greater_than_sign"] * 3)
        await opened.shows("AND fires where")
        [mark] = log(places.learn)
        assert mark["item"] == "l02.nand.build" and mark["right"] and mark["rating"] is None


async def test_an_essay_is_written_in_place_and_its_points_are_ticked(
    places: Places, session: FakeSession
) -> None:
    async with learn_tab(places) as opened:
        await ask(opened, "l02.history.essay")
        await opened.press("enter")
        await opened.shows("notes of lecture 2", "keep and close")
        await opened.type("a thought")
        await opened.press("escape")
        await opened.until(lambda: isinstance(opened.app.screen, CardScreen))
        await opened.press("1", "space")
        await opened.until(lambda: card(opened) is None or card(opened).phase == "done")
    assert "a thought" in (places.learn / "notes" / "l02.md").read_text()
    assert [line["kind"] for line in log(places.learn)] == ["note", "mark"]


async def test_a_question_before_reading_is_not_marked(places: Places, session: FakeSession) -> None:
    async with learn_tab(places, (80, 24), "b") as opened:
        await opened.shows("The perceptron")
        await opened.press("down", "enter")
        await opened.shows("try first")
        await opened.press("full_stop", "enter")
        await opened.until(lambda: isinstance(opened.app.screen, CardScreen) and card(opened) is not None)
        await opened.press("1")
        await opened.shows("Nothing is marked.")
        await opened.press("escape")
        assert log(places.learn) == []


async def test_an_exam_that_was_left_can_be_ended(places: Places, session: FakeSession) -> None:
    async with learn_tab(places, (80, 24), "e") as opened:
        await opened.shows("2 The perceptron")
        await opened.press("enter")
        await opened.shows("1 of 20", "left")
        await opened.press("escape")
        await opened.shows("the exam that you left")
        await opened.press("D")
        await opened.shows("20 questions are not answered")
        await opened.press("enter")
        await opened.shows("the newest exam: 0 of 20 right", "concepts with a miss")
        await opened.press("G", *["pagedown"] * 3)
        await opened.shows("not answered")
        await opened.press("c")
        await opened.until(lambda: any("Copied" in notice for notice in opened.notices))


async def test_an_exam_is_left_resumed_and_reported(places: Places, session: FakeSession) -> None:
    async with learn_tab(places, (120, 40), "e") as opened:
        await opened.shows("2 The perceptron")
        await opened.press("down", "down", "space", "enter")
        await opened.shows("1 of", "left")
        await opened.press("escape")
        await opened.shows("the exam that you left")
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen, CardScreen) and card(opened) is not None)
        for _ in range(40):
            if not isinstance(opened.app.screen, CardScreen):
                break
            now = card(opened)
            if now is None:
                await opened.pilot.pause()
                continue
            form = now.asked.form
            if form in ("choice", "direction"):
                await opened.press("1")
            elif form == "order" or now.phase == "shown":
                await opened.press("space" if now.phase == "shown" else "enter")
            else:
                await opened.type("1")
                await opened.press("enter")
            await opened.until(
                lambda now=now: (
                    not isinstance(opened.app.screen, CardScreen) or card(opened) not in (now, None)
                )
            )
        await opened.shows("the newest exam:", "right", "lecture 2")
        assert not any(line["kind"] == "mark" for line in log(places.learn))


async def test_a_curve_is_drawn_by_keys_typed_on_locked_and_drawn_beside_what_happened(
    places: Places, session: FakeSession
) -> None:
    wanted = key_of(places, session, "l03.fall.predict")
    async with learn_tab(places) as opened:
        await ask(opened, "l03.fall.predict")
        assert card(opened).points == [0.5] * 8
        await opened.press("up", "up", "right", "shift+down", "left", "down")
        assert card(opened).points == [0.55, 0.25, *[0.5] * 6]
        await opened.press(*["shift+down"] * 9)
        assert card(opened).points[0] == 0.0, "a point stays on the axis"
        await opened.press("t")
        typed = " ".join(f"{one:.4g}" for one in wanted)
        opened.app.screen.query_one("#card-field").value = typed  # type: ignore[attr-defined]
        await opened.until(lambda: card(opened).points[0] == 1.0)
        await opened.press("enter")
        await opened.shows("happened", "within 0.06: right")
        await opened.press("enter")
        await opened.shows("at 2N exactly one half")
        lock, mark = log(places.learn)
        assert lock["answer"] == [float(one) for one in typed.split()] and mark["rating"] == 3


async def test_the_form_of_an_exam_sets_its_seed_and_length_and_the_day_that_one_learns_for(
    places: Places, session: FakeSession
) -> None:
    day = (date.today() + timedelta(days=9)).isoformat()
    async with learn_tab(places, (80, 24), "e") as opened:
        await opened.shows("2 The perceptron", "20 questions, 25 minutes, next seed")
        await opened.press("f")
        await opened.shows("with 8 of 10 right")
        await opened.press("ctrl+u", "5", "down", "ctrl+u", "7", "down", "ctrl+u", "4", "2", "down", "right")
        await opened.press("down")
        await opened.type("2026-13-40")
        await opened.shows("expected one such as")
        await opened.press("ctrl+u")
        await opened.type(day)
        await opened.press("enter")
        await opened.shows("5 questions, 7 minutes, seed 42", f"your exam is on {day}")
        await opened.press("enter")
        await opened.shows("1 of 5", "left")
        await opened.press("escape")
        await opened.shows("the exam that you left", "seed 42")
    [begin] = session.sent(ExamBeginRequest)
    assert (begin.seed, begin.items, begin.minutes) == (42, 5, 7)
    assert any(line["kind"] == "setting" and line["value"] == day for line in log(places.learn))


async def test_a_passed_exam_makes_new_cards_known_where_the_form_says_so(
    places: Places, session: FakeSession
) -> None:
    async with learn_tab(places, (80, 24), "e") as opened:
        await opened.shows("2 The perceptron")
        view = opened.app.query_one(ExamView)
        view.settings = ExamSettings(items=1, known=True)
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen, ExamScreen) and card(opened) is not None)
        await opened.press("escape")
        await opened.shows("the exam that you left")
        await opened.press("D")
        await opened.shows("are not answered")
        await opened.press("enter")
        await opened.shows("0 of 1 right")
    assert session.sent(ExamEndRequest)[-1].known
