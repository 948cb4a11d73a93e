"""The view of today: numbers in words, days behind and ahead, a run in training, weak spots."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from types import SimpleNamespace

import pytest

from engine.places import Places
from engine.session_protocol.learn import ActiveDay, LearnToday, WeakSpot
from tests.fakes.app_pilot import open_app
from tests.fakes.engine import FakeEngine, make_run
from tests.fakes.fake_session import FakeSession
from tests.tui.learn.bench import learn_tab
from tui.learn.aid_state import as_value, nudged
from tui.learn.lectures_view import lecture_entry
from tui.learn.today_rows import (
    RunInTraining,
    day_name,
    learning_day,
    lecture_rows,
    lectures_of,
    levels,
    number_of,
    today_rows,
)
from tui.ui.span import row_text

TODAY = date(2026, 11, 30)


def facts(session: FakeSession) -> LearnToday:
    from engine.session_protocol.learn import DueRequest

    made = session.answer(DueRequest())
    assert isinstance(made, LearnToday)
    return replace(made, is_begun=True, seconds_a_card=40.0)


def shown(made: LearnToday, training: RunInTraining | None = None, width: int = 80) -> str:
    rows = [row_text(row) for row, _ in today_rows(made, training, TODAY, width, 0)]
    assert all(len(row) <= width for row in rows)
    return "\n".join(rows)


def test_what_is_due_is_said_with_its_minutes_and_the_lectures_of_new_cards(session: FakeSession) -> None:
    made = replace(facts(session), due=("l01.a.recall",) * 9, new=("l05.a.recall", "l02.b.recall"), minutes=6)
    assert "9 due, about 6 minutes, then 2 new from lectures 2 and 5" in shown(made)
    assert "nothing due today" in shown(replace(made, due=(), new=()))
    assert "1 due, about 1 minute" in shown(replace(made, due=made.due[:1], new=(), minutes=1))


@pytest.mark.parametrize(
    ("minutes", "said"), [(12, "all 9 cards fit"), (2, "3 of 9 cards fit"), (0, "no card fits")]
)
def test_a_run_in_training_says_how_many_cards_fit_into_it(
    session: FakeSession, minutes: int, said: str
) -> None:
    made = replace(facts(session), due=("l01.a.recall",) * 9)
    text = shown(made, RunInTraining("captions tuned", minutes))
    assert f"'captions tuned' trains, {minutes} min left: {said}" in text


def test_weak_spots_name_their_question_and_aid_and_days_without_cards_are_dots(session: FakeSession) -> None:
    days = [ActiveDay(f"2026-11-{day:02}", day % 3) for day in range(3, 31)]
    weak = (WeakSpot("l03.rate.number", "Rate of a perceptron " * 6, 5, "l03", "rate"),)
    text = shown(replace(facts(session), days=days, cards=27, weak=weak))
    assert "5 times" in text and "rate" in text and "…" in text and "·" in text
    assert "18 days, 27 cards" in text
    assert levels([0, 1, 8]) == "·▂█"


def test_after_midnight_it_is_still_the_day_of_the_evening(monkeypatch: pytest.MonkeyPatch) -> None:
    late = SimpleNamespace(time=lambda: datetime(2026, 12, 1, 2, 40).timestamp())
    monkeypatch.setattr("tui.learn.today_rows.time", late)
    assert learning_day() == date(2026, 11, 30) and day_name("2026-12-01", learning_day()) == "tomorrow"


def test_days_are_named_as_one_speaks() -> None:
    assert [day_name(day, TODAY) for day in ("2026-12-01", "2026-12-02", "2026-12-11")] == [
        "tomorrow", "Wednesday", "Dec 11",
    ]  # fmt: skip
    assert (number_of("l02"), number_of("mine:l01"), lectures_of(())) == ("2", "mine:1", "")


async def test_today_names_the_run_that_trains(places: Places, session: FakeSession) -> None:
    from engine.session_protocol.learn import SeenRequest

    session.answer(SeenRequest(["l01.one-unit"]))
    engine = FakeEngine(make_run(1, name="captions", total_steps=130_000, rate=100.0, step=10_000))
    async with open_app(places, engine, (80, 24)) as opened:
        await opened.press("7")
        await opened.shows("'captions' trains, 20 min left:")


async def test_today_reads_on_where_no_section_was_seen(places: Places, session: FakeSession) -> None:
    from engine.session_protocol.learn import SeenRequest

    session.answer(SeenRequest(["l01.what-this-is-for"]))
    async with learn_tab(places, (80, 24)) as opened:
        await opened.shows("read on in 1 Artificial")
        await opened.press("s")
        await opened.shows("One unit", "section 2 of 8")


def test_a_step_stays_in_bounds_and_follows_the_kind_of_a_control(session: FakeSession) -> None:
    from engine.session_protocol.learn import AidsRequest, ListedAids

    listed = session.answer(AidsRequest())
    assert isinstance(listed, ListedAids)
    for line in listed.aids:
        for control in line.controls:
            value = control.default
            for direction, size in ((1, 0), (1, 1), (1, -1), (-1, 0), (-1, 1), (-1, -1)):
                moved = nudged(control, value, direction, size)
                assert type(moved) is type(value) or isinstance(moved, int | float)
                if isinstance(moved, int | float) and not isinstance(moved, bool):
                    assert control.most is None or moved <= control.most
                    assert control.least is None or moved >= control.least
                    assert control.above is None or moved > control.above


def test_a_typed_value_may_have_a_decimal_comma_and_nonsense_is_none(session: FakeSession) -> None:
    from engine.session_protocol.learn import AidsRequest, ListedAids

    listed = session.answer(AidsRequest("neuron"))
    assert isinstance(listed, ListedAids)
    weight = next(one for one in listed.aids[0].controls if one.name == "w1")
    assert [as_value(weight, text) for text in ("0,5", "-1e-3", "", "__import__")] == [
        0.5,
        -0.001,
        None,
        None,
    ]


def test_the_number_of_a_lecture_of_a_deck_is_shown_in_full(session: FakeSession) -> None:
    from engine.session_protocol.learn import LecturesRequest, ListedLectures

    listed = session.answer(LecturesRequest())
    assert isinstance(listed, ListedLectures)
    own = replace(listed.lectures[0], id="mine:l01")
    rows = [row_text(row) for row in lecture_rows([listed.lectures[1], own], 80)]
    assert rows[2].startswith("        2 The perceptron") and rows[3].startswith("   mine:1 Artificial")
    assert row_text(lecture_entry(own, 80, False, 6)[0]).startswith("    mine:1 Artificial")
