"""Methods `learn.*`: lectures, aids, items from question to mark, exams, and what is due."""

from __future__ import annotations

import functools
import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from engine.aids.computing_in_parts import in_slices
from engine.course.days import start_of
from engine.course.questions import compute, question
from engine.errors import DltuiError, InputError, RunRefused
from engine.places import Places
from engine.session import learn_home as learn_home_module
from engine.session import methods
from engine.session.cache import SessionCache
from engine.session.learn_home import LearnHome, learn_home
from tests.engine.session.requests import parts, request

NOON = start_of(date(2026, 11, 30)) + 8 * 3600
DAY = 86400.0
BIAS, DISTANCE, MAP = "l02.bias.recall", "l02.distance.number", "l08.map.predict"
SECTION = "l02.weights-turn-the-bias-moves"


class Clock:
    at = NOON

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session_cache(tmp_path: Path, clock: Clock) -> SessionCache:
    cache = SessionCache(Places(tmp_path))
    cache.get(("learn",), lambda: LearnHome(cache.places.learn, clock))
    return cache


def lines(session_cache: SessionCache) -> list[Any]:
    path = session_cache.places.learn / "log.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_nothing_is_written_by_what_only_reads(session_cache: SessionCache) -> None:
    found = request(session_cache, "learn.lectures")["lectures"]
    assert [one["id"] for one in found] == [f"l{number:02}" for number in range(1, 10)]
    assert found[1]["progress"]["title"] == "The perceptron" and found[1]["sections"][1]["id"] == SECTION
    today = request(session_cache, "learn.due")
    assert today["due"] == today["new"] == [] and not today["is_begun"] and len(today["days"]) == 28
    assert today["go_on"]["lecture"] == "l01" and today["go_on"]["section"] == ""
    assert request(session_cache, "learn.progress")["cards"]["done"] == 0
    assert request(session_cache, "learn.item", item=BIAS)["state"] == "closed"
    assert not session_cache.places.learn.exists()


def test_what_was_opened_is_asked_from_then_on(session_cache: SessionCache) -> None:
    places = [SECTION, "aid:gate_lab"]
    assert request(session_cache, "learn.seen", places=places)["seen"] == places
    assert request(session_cache, "learn.seen", places=places)["seen"] == []
    assert BIAS in request(session_cache, "learn.due")["new"]
    assert request(session_cache, "learn.due")["go_on"] == {
        "lecture": "l02", "title": "The perceptron", "section": "one-line-four-corners",
        "section_title": "One line, four corners", "minutes": 25,
    }  # fmt: skip
    states = {
        one["id"]: one["state"] for one in request(session_cache, "learn.lecture", lecture="2")["items"]
    }
    assert states[BIAS] == "new" and states["l02.nand.build"] == "open"
    with pytest.raises(InputError, match="section: expected"):
        request(session_cache, "learn.seen", places=["l02.nowhere"])
    with pytest.raises(InputError, match="aid: expected"):
        request(session_cache, "learn.seen", places=["aid:nothing"])


def test_an_aid_tells_its_controls_and_computes(session_cache: SessionCache) -> None:
    [line] = request(session_cache, "learn.aids", name="gate_lab")["aids"]
    controls = {one["name"]: one for one in line["controls"]}
    assert controls["puzzle"]["choices"][:2] == ["NOT", "AND"] and controls["w1"]["most"] == 20
    made = request(
        session_cache, "learn.aid", name="gate_lab", params={"puzzle": "OR", "w1": 1, "w2": 1, "b": -0.5}
    )
    assert (
        made["values"]["solved"] == 1 and made["params"]["T"] == 0.001 and made["data"]["drawing"] == "plane"
    )
    with pytest.raises(InputError, match="w1: expected"):
        request(session_cache, "learn.aid", name="gate_lab", params={"w1": "abc"})


def test_what_takes_long_comes_in_parts(session_cache: SessionCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learn_home_module, "in_slices", functools.partial(in_slices, seconds=0))
    sent = parts(session_cache, "learn.aid", name="failure_map", params={"hidden": 1})
    shares = [part["done"] for part in sent[:-1]]
    assert len(shares) == 60 and shares == sorted(shares) and shares[-1] == 1
    assert sent[-1]["values"]["solved"] == 0


def test_search_finds_titles_first_and_shows_the_place(session_cache: SessionCache) -> None:
    found = request(session_cache, "learn.search", text="Unit without  BYPASS")
    assert found["found"] >= 1
    found = request(session_cache, "learn.search", text="perceptron")
    assert found["hits"][0]["title"].lower().find("perceptron") == found["hits"][0]["begin"]
    for hit in found["hits"]:
        if hit["text"] != hit["title"] and hit["begin"]:
            assert hit["text"].lower()[hit["begin"] :].startswith("perceptron")
    apart = request(session_cache, "learn.search", text="explodes gradient")["hits"]
    assert apart and "gradient" in (apart[0]["title"] + apart[0]["text"]).lower()
    assert not request(session_cache, "learn.search", text="perceptron nosuchword")["found"]
    only = request(session_cache, "learn.search", text="perceptron", lecture="l09")
    assert only["found"] < found["found"]
    with pytest.raises(InputError, match="1 to 100 characters"):
        request(session_cache, "learn.search", text=" ")


# --- a question, from asked to marked -----------------------------------------------------------------------


def test_a_recall_is_marked_by_oneself_and_comes_back_in_days(
    session_cache: SessionCache, clock: Clock
) -> None:
    asked = request(session_cache, "learn.item", item=BIAS)
    assert asked["answer"] and len(asked["points"]) >= 2 and asked["form"] == "recall"
    made = request(session_cache, "learn.mark", item=BIAS, answer=3, ms=8000)
    assert made["rating"] == 3 and made["due"] == "2026-12-02" and made["explain"]
    again = request(session_cache, "learn.mark", item=BIAS, answer=1)
    assert again["is_practice"] and again["due"] == ""
    clock.at += 2 * DAY
    assert request(session_cache, "learn.due")["due"] == [BIAS]
    assert request(session_cache, "learn.item", item=BIAS)["state"] == "due"


def test_a_number_may_be_tried_twice_and_the_key_stays_hidden_until_then(session_cache: SessionCache) -> None:
    asked = request(session_cache, "learn.item", item=DISTANCE)
    first = request(session_cache, "learn.mark", item=DISTANCE, answer="99", seed=asked["seed"])
    assert first["id"] == first["happened"] == first["explain"] == "" and first.get("key") is None
    assert lines(session_cache) == []
    second = request(session_cache, "learn.mark", item=DISTANCE, answer="98", attempt=2, seed=asked["seed"])
    assert second["rating"] == 1 and second["happened"] and lines(session_cache)[-1]["id"] == second["id"]
    with pytest.raises(InputError, match="answer: expected a number"):
        request(session_cache, "learn.mark", item=DISTANCE, answer="nan")


def test_the_newest_mark_is_taken_back_and_a_lock_is_not(session_cache: SessionCache) -> None:
    request(session_cache, "learn.mark", item=BIAS, answer=1)
    request(session_cache, "learn.lock", item=MAP, answer=10)
    undone = request(session_cache, "learn.undo")
    assert undone == {"item": BIAS, "was_practice": False, "due": ""}
    assert request(session_cache, "learn.undo")["item"] == ""
    assert request(session_cache, "learn.item", item=MAP)["locked"]["answer"] == 10


def test_a_prediction_is_locked_on_disk_before_it_runs_and_marked_after(session_cache: SessionCache) -> None:
    with pytest.raises(RunRefused, match="not locked"):
        request(session_cache, "learn.run", item=MAP)
    asked = request(session_cache, "learn.item", item=MAP)
    locked = request(session_cache, "learn.lock", item=MAP, answer="160")
    assert [line["kind"] for line in lines(session_cache)] == ["lock"]
    assert locked["said"] == "160" and locked["at"] == NOON
    with pytest.raises(RunRefused, match="is locked with 160"):
        request(session_cache, "learn.lock", item=MAP, answer=3)
    outcome = request(session_cache, "learn.run", item=MAP)
    assert outcome["seed"] == asked["seed"] and outcome["data"]["drawing"] == "heat"
    assert outcome["key"] == outcome["values"]["solved"]
    assert [line["kind"] for line in lines(session_cache)] == ["lock"]
    made = request(session_cache, "learn.mark", item=MAP, answer=outcome["key"], seen="most stop", ms=20_000)
    assert made["rating"] == outcome["rating"] and made["difference"] == outcome["difference"]
    [_, mark] = lines(session_cache)
    assert mark["answer"] == 160 and mark["seen"] == "most stop" and mark["seed"] == asked["seed"]
    with pytest.raises(RunRefused, match="not locked"):
        request(session_cache, "learn.mark", item=MAP)


def test_a_run_that_is_left_gives_no_mark_and_the_lock_stays(session_cache: SessionCache) -> None:
    request(session_cache, "learn.lock", item=MAP, answer=160)
    monkey = methods.call(session_cache, "learn.run", {"item": MAP})
    next(iter(monkey))
    monkey.close()
    assert [line["kind"] for line in lines(session_cache)] == ["lock"]
    assert request(session_cache, "learn.item", item=MAP)["state"] == "locked"
    assert request(session_cache, "learn.due")["locked"] == [MAP]


def test_a_prediction_that_was_reset_while_it_ran_is_not_marked(session_cache: SessionCache) -> None:
    request(session_cache, "learn.lock", item=MAP, answer=160)
    stream = methods.call(session_cache, "learn.mark", {"item": MAP})
    next(stream)
    request(session_cache, "learn.reset", what="l08")
    with pytest.raises(RunRefused, match="not locked"):
        list(stream)
    assert [line["kind"] for line in lines(session_cache)] == ["lock", "reset"]


def test_a_goal_that_is_reached_is_written_and_one_that_is_not_is_not(session_cache: SessionCache) -> None:
    wrong = request(session_cache, "learn.mark", item="l02.nand.build", answer={"w1": 1, "w2": 1, "b": 0})
    assert not wrong["is_right"] and wrong["difference"] and lines(session_cache) == []
    right = {"w1": -1, "w2": -1, "b": 1.5, "puzzle": "AND"}
    assert request(session_cache, "learn.mark", item="l02.nand.build", answer=right)["is_right"]
    assert request(session_cache, "learn.item", item="l02.nand.build")["state"] == "solved"
    assert request(session_cache, "learn.lectures")["lectures"][1]["progress"]["goals"]["done"] == 1


def test_a_question_before_reading_is_judged_and_nothing_is_written(session_cache: SessionCache) -> None:
    opens = request(session_cache, "learn.lecture", lecture="l02")["opens"]
    assert len(opens) == 3
    for item in opens:
        made = request(session_cache, "learn.try", item=item, answer=0)
        assert made["happened"] and made["explain"]
    assert lines(session_cache) == []


def test_notes_are_a_file_that_an_editor_may_write(session_cache: SessionCache) -> None:
    empty = request(session_cache, "learn.note", lecture="1")
    assert empty["text"] == "" and not Path(empty["path"]).exists()
    request(session_cache, "learn.note", lecture="1", text="Two words")
    Path(empty["path"]).write_text("Three words now\x1b[31m")
    found = request(session_cache, "learn.note", lecture="l01", count=True)
    assert found["text"] == "Three words now[31m" and found["words"] == 3
    assert [line["words"] for line in lines(session_cache)] == [2, 3]
    ticks = [True, False, True, True]
    request(session_cache, "learn.mark", item="l01.understanding.essay", answer=ticks)
    assert request(session_cache, "learn.note", lecture="l01")["ticks"] == {"l01.understanding.essay": ticks}
    assert request(session_cache, "learn.lectures")["lectures"][0]["progress"]["essays"]["done"] > 0


# --- exams --------------------------------------------------------------------------------------------------


def exam_answer(session_cache: SessionCache, item: str) -> Any:
    home = learn_home(session_cache)
    state = request(session_cache, "learn.exam_item", exam=exam_id(session_cache), item=item)
    assert state["hints"] == [] and state["explain"] == state["answer"] == ""
    key = compute(question(home.item(item), state["seed"])).key
    return list(key) if isinstance(key, tuple) else key


def exam_id(session_cache: SessionCache) -> str:
    return str(request(session_cache, "learn.exam")["id"])


def test_an_exam_is_answered_left_resumed_graded_and_reported(
    session_cache: SessionCache, clock: Clock
) -> None:
    begun = request(session_cache, "learn.exam_begin", lectures="2-3", seed=5, items=6)
    same = begun["items"]
    assert len(same) == 6 and begun["left_seconds"] == 1500
    for item in same[:4]:
        given = exam_answer(session_cache, item)
        request(session_cache, "learn.exam_answer", exam=begun["id"], item=item, answer=given, ms=10_000)
    request(session_cache, "learn.exam_leave", exam=begun["id"], seconds=30)
    clock.at += 3 * DAY
    assert request(session_cache, "learn.due")["exam"] == begun["id"]
    resumed = request(session_cache, "learn.exam")
    assert resumed["left_seconds"] == 1500 - 70 and resumed["answered"] == same[:4] and resumed["right"] == 0
    grades = dict.fromkeys(resumed["to_grade"], True)
    over = request(session_cache, "learn.exam_end", exam=begun["id"], grades=grades)
    assert over["right"] == 4 and [one["item"] for one in over["missed"]] == same[4:]
    assert "# 4 of 6" in over["markdown"] and over["known"] == 0
    assert request(session_cache, "learn.exam_end", exam=begun["id"])["right"] == 4
    assert request(session_cache, "learn.due")["exam"] == ""
    with pytest.raises(RunRefused, match="The exam is over"):
        request(session_cache, "learn.exam_answer", exam=begun["id"], item=same[5], answer=0)
    again = request(session_cache, "learn.exam_begin", lectures="2-3", seed=5, items=6)
    assert again["items"] == same and again["id"] != begun["id"]


def test_a_lecture_that_one_knows_is_passed_by_its_exam(session_cache: SessionCache) -> None:
    begun = request(session_cache, "learn.exam_begin", lectures="2", items=5)
    for item in begun["items"]:
        given = exam_answer(session_cache, item)
        made = request(session_cache, "learn.exam_answer", exam=begun["id"], item=item, answer=given, ms=1000)
    over = request(
        session_cache,
        "learn.exam_end",
        exam=begun["id"],
        grades=dict.fromkeys(made["to_grade"], True),
        known=True,
    )
    progress = request(session_cache, "learn.progress")["lectures"][1]
    assert over["right"] == 5 and over["known"] == progress["known"] > 10 and progress["new"] == 0


def test_time_that_is_over_ends_answers_and_the_exam_is_still_reported(session_cache: SessionCache) -> None:
    begun = request(session_cache, "learn.exam_begin", lectures="1", items=3, minutes=1)
    request(session_cache, "learn.exam_leave", exam=begun["id"], seconds=61)
    with pytest.raises(RunRefused, match="The exam is over"):
        request(session_cache, "learn.exam_answer", exam=begun["id"], item=begun["items"][0], answer=0)
    assert request(session_cache, "learn.due")["exam"] == begun["id"]
    assert request(session_cache, "learn.exam_end", exam=begun["id"])["right"] == 0
    with pytest.raises(InputError, match="lectures: expected"):
        request(session_cache, "learn.exam_begin", lectures="x")
    with pytest.raises(InputError, match="items: expected a whole number from 1"):
        request(session_cache, "learn.exam_begin", items=0)


# --- log and decks ------------------------------------------------------------------------------------------


def test_a_reset_begins_anew_and_the_log_keeps_all(session_cache: SessionCache) -> None:
    request(session_cache, "learn.mark", item=BIAS, answer=3)
    assert request(session_cache, "learn.reset", what="2")["items"] == 1
    assert [line["kind"] for line in lines(session_cache)] == ["mark", "reset"]
    assert request(session_cache, "learn.item", item=BIAS)["reviews"] == 0
    with pytest.raises(InputError, match="reset: expected an item"):
        request(session_cache, "learn.reset", what="everything")


def test_settings_are_checked(session_cache: SessionCache) -> None:
    request(session_cache, "learn.setting", name="cards", value=3)
    request(session_cache, "learn.setting", name="exam_on", value="2026-12-24")
    assert request(session_cache, "learn.due")["exam_on"] == "2026-12-24"
    for name, value in (("cards", -1), ("exam_on", "soon"), ("colour", 1), ("new", "1e9")):
        with pytest.raises(InputError, match="expected"):
            request(session_cache, "learn.setting", name=name, value=value)


def test_what_cannot_be_written_is_said_in_one_line_and_nothing_is_lost(session_cache: SessionCache) -> None:
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    request(session_cache, "learn.mark", item=BIAS, answer=3)
    log = session_cache.places.learn / "log.jsonl"
    log.chmod(0o400)
    with pytest.raises(DltuiError, match="cannot be written"):
        request(session_cache, "learn.mark", item=DISTANCE, answer="1", attempt=2)
    log.chmod(0o600)
    assert len(lines(session_cache)) == 1


def test_the_course_is_checked_in_parts(session_cache: SessionCache, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="deck: expected a folder"):
        request(session_cache, "learn.check", deck="nowhere")
    (tmp_path / "mine").mkdir()
    made = request(session_cache, "learn.check", deck=str(tmp_path / "mine"))
    assert not made["ok"] and made["problems"][0]["file"] == "course.toml"
