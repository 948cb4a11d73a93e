"""Methods of exams: begin, ask, answer, leave, end with a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.course import exam as exams
from engine.course.cards import card_from_json
from engine.course.exam import ExamAnswer, ExamState
from engine.course.items import ChoiceItem, RecallItem
from engine.course.log import LogEntry, append
from engine.course.marking import answer_text, mark, parse_answer
from engine.course.questions import Question, compute, question
from engine.errors import InputError, RunRefused
from engine.session.cache import SessionCache
from engine.session.learn_home import LearnHome, learn_home
from engine.session.learn_items import asked_item
from engine.session.methods import Handler
from engine.session_protocol.learn import Computing
from engine.session_protocol.learn_exams import (
    ExamAnswerRequest,
    ExamBeginRequest,
    ExamEndRequest,
    ExamItemRequest,
    ExamLeaveRequest,
    ExamPaper,
    ExamRequest,
    ExamShareLine,
    ItemToGrade,
    MissedItem,
)
from engine.session_protocol.learn_items import AskedItem

MOST_ITEMS, MOST_MINUTES = 200, 600
LONGEST_ANSWER = 2000
"""characters of an answer in words"""


def begin(session_cache: SessionCache, request: ExamBeginRequest) -> ExamPaper:
    """Raises InputError."""
    home = learn_home(session_cache)
    for name, value, most in (
        ("items", request.items, MOST_ITEMS),
        ("minutes", request.minutes, MOST_MINUTES),
    ):
        if not 1 <= value <= most:
            raise InputError(f"{name}: expected a whole number from 1 to {most}, got {str(value)[:80]}.")
    known = [prefix + name for prefix, deck in home.library.decks.items() for name in deck.lectures]
    lectures = exams.parse_lectures(request.lectures, known)
    seed = len(home.state.exams) + 1 if request.seed is None else request.seed
    plan = exams.plan_exam(home.index, lectures, seed, items=request.items, minutes=request.minutes)
    entry = exams.begin_entry(plan, home.now)
    _write(home, entry)
    return paper(home, _state(home, str(entry.get("exam"))))


def _write(home: LearnHome, entry: LogEntry) -> None:
    append(home.log.path, [entry])


def _state(home: LearnHome, exam: str) -> ExamState:
    """Raises InputError for an exam that is not in the log."""
    entries = home.state.exams.get(exam)
    if entries is None:
        raise InputError(f"exam: expected the id of one, got {exam[:80]!r}.")
    return exams.exam_state(entries)


def left_exam(home: LearnHome) -> ExamState | None:
    """The newest exam that was not ended."""
    return exams.unended_exam(home.state)


def exam(session_cache: SessionCache, request: ExamRequest) -> ExamPaper:
    """Raises InputError where there is none."""
    home = learn_home(session_cache)
    if request.exam:
        return paper(home, _state(home, request.exam))
    found = left_exam(home)
    if found is None and home.state.exams:
        found = _state(home, list(home.state.exams)[-1])
    if found is None:
        raise InputError("exam: expected one that was begun, got none.", "Begin one.")
    return paper(home, found)


def item(session_cache: SessionCache, request: ExamItemRequest) -> AskedItem:
    """Raises InputError."""
    home = learn_home(session_cache)
    state = _state(home, request.exam)
    return asked_item(home, request.item, _asked(home, state, request.item), bare=not state.is_over)


def _asked(home: LearnHome, state: ExamState, item_id: str) -> Question:
    if item_id not in state.plan.items:
        raise InputError(f"item: expected one of this exam, got {item_id[:80]!r}.")
    return question(home.item(item_id), state.plan.item_seed(item_id))


def answer(session_cache: SessionCache, request: ExamAnswerRequest) -> Iterator[Computing | ExamPaper]:
    """Raises InputError, RunRefused."""
    home = learn_home(session_cache)
    state = _state(home, request.exam)
    if state.is_over or not state.left_seconds:
        raise RunRefused("The exam is over.", "Its report says what was missed.")
    asked = _asked(home, state, request.item)
    right, key = None, None
    if isinstance(asked.item, RecallItem):
        given: Any = str(request.answer or "")[:LONGEST_ANSWER]
    else:
        given = parse_answer(asked, request.answer)
        outcome = yield from home.computing(request.item, asked)
        key = outcome.computed.key
        right = mark(asked, outcome.computed, given, attempt=2).right
    entry = exams.answer_entry(state.plan.id, request.item, given, right, key, request.ms, home.now)
    _write(home, entry)
    yield paper(home, _state(home, request.exam))


def leave(session_cache: SessionCache, request: ExamLeaveRequest) -> ExamPaper:
    """Raises InputError."""
    home = learn_home(session_cache)
    state = _state(home, request.exam)
    if not state.is_over and request.seconds > 0:
        _write(home, exams.leave_entry(state.plan.id, request.seconds, home.now))
    return paper(home, _state(home, request.exam))


def end(session_cache: SessionCache, request: ExamEndRequest) -> ExamPaper:
    """Raises InputError."""
    home = learn_home(session_cache)
    state = _state(home, request.exam)
    if not state.is_over:
        graded = exams.with_grades(state, request.grades)
        _write(home, exams.end_entry(graded, home.index, home.today, home.now, known=request.known))
    return paper(home, _state(home, request.exam))


def paper(home: LearnHome, state: ExamState) -> ExamPaper:
    items = tuple(name for name in state.plan.items if home.library.find_item(name) is not None)
    grading = tuple(
        found
        for name, one in state.answers.items()
        if one.right is None and name in items and (found := _to_grade(home, state, name, one))
    )
    common: dict[str, Any] = {
        "id": state.plan.id,
        "lectures": state.plan.lectures,
        "seed": state.plan.seed,
        "minutes": state.plan.minutes,
        "items": items,
        "answered": tuple(state.answers),
        "left_seconds": state.left_seconds,
        "is_over": state.is_over,
        "to_grade": tuple(one.item for one in grading),
        "grading": grading,
    }
    return ExamPaper(**common | _report(home, state)) if state.is_over else ExamPaper(**common)


def _to_grade(home: LearnHome, state: ExamState, item_id: str, given: ExamAnswer) -> ItemToGrade | None:
    asked = _asked(home, state, item_id)
    if not isinstance(asked.item, RecallItem):
        return None
    return ItemToGrade(item_id, asked.ask, str(given.answer or ""), asked.item.answer, asked.item.points)


def _report(home: LearnHome, state: ExamState) -> dict[str, Any]:
    report = exams.report_exam(state, home.index)
    titles = {
        prefix + one.id: one.title
        for prefix, deck in home.library.decks.items()
        for one in deck.lectures.values()
    }
    missed = [_missed(home, state, name) for name in report.missed if home.library.find_item(name)]
    return {
        "right": report.right,
        "shares": [ExamShareLine(one.name, one.right, one.asked) for one in report.lectures],
        "concepts": [ExamShareLine(one.name, one.right, one.asked) for one in report.concepts],
        "seconds": report.seconds,
        "missed": missed,
        "known": _known(home, state),
        "markdown": exams.exam_markdown(
            report, titles, {one.item: f"{one.ask} {one.happened}. {one.explain}" for one in missed},
            {one.item: one.aid for one in missed},
        ),
    }  # fmt: skip


def _missed(home: LearnHome, state: ExamState, item_id: str) -> MissedItem:
    asked, given = _asked(home, state, item_id), state.answers.get(item_id)
    said = answer_text(asked, given.answer) if given is not None and given.answer is not None else ""
    found, happened = asked.item, _happened(asked, given)
    return MissedItem(item_id, asked.ask, said, happened, found.explain, found.aid)


def _happened(asked: Question, given: ExamAnswer | None) -> str:
    """The right answer in words; empty where nothing was answered and it would have to be computed."""
    if isinstance(asked.item, RecallItem | ChoiceItem):
        return answer_text(asked, compute(asked).key)
    return answer_text(asked, given.key) if given is not None and given.key is not None else ""


def _known(home: LearnHome, state: ExamState) -> int:
    ends = [one for one in home.state.exams[state.plan.id] if one.get("event") == "end"]
    made = ends[-1].get("known", {}) if ends else {}
    return sum(card_from_json(name, one) is not None for name, one in made.items())


HANDLERS: Mapping[Any, Handler] = {
    ExamBeginRequest: begin,
    ExamRequest: exam,
    ExamItemRequest: item,
    ExamAnswerRequest: answer,
    ExamLeaveRequest: leave,
    ExamEndRequest: end,
}
