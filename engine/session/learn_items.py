"""Methods of items: ask, try, lock, run, mark, undo, and the notes that essays are written in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine.aids import catalog
from engine.aids.result import finite
from engine.course import notes
from engine.course.items import BuildItem, EssayItem, Item, PredictItem, RecallItem
from engine.course.log import LogEntry
from engine.course.marking import Marked, answer_text, expected_text, form_of, mark, parse_answer
from engine.course.prediction_runs import ComputedKey
from engine.course.queries import find_lecture
from engine.course.questions import Question
from engine.errors import RunRefused
from engine.session.cache import SessionCache
from engine.session.learn_home import LearnHome, learn_home
from engine.session.methods import Handler
from engine.session_protocol.learn import Computing
from engine.session_protocol.learn_items import (
    AskedItem,
    ItemRequest,
    LectureNote,
    LockedAnswer,
    LockRequest,
    MarkedItem,
    MarkRequest,
    NoteRequest,
    RunOutcome,
    RunRequest,
    TriedItem,
    TryRequest,
    Undone,
    UndoRequest,
)

LONGEST_SEEN = 200
"""characters of what was seen"""


def item(session_cache: SessionCache, request: ItemRequest) -> AskedItem:
    """Raises InputError."""
    home = learn_home(session_cache)
    return asked_item(home, request.item, home.asked(request.item, request.seed))


def asked_item(home: LearnHome, item_id: str, asked: Question, *, bare: bool = False) -> AskedItem:
    """`bare`: without hints, answer and explanation, as an exam asks."""
    found, card = asked.item, home.state.cards.get(item_id)
    locked = home.log.locked(item_id, found)
    return AskedItem(
        id=item_id,
        kind=found.kind,
        form=form_of(found),
        lecture=item_id.partition(".")[0],
        concept=found.concept,
        ask=asked.ask,
        choices=asked.choices,
        expected=expected_text(asked),
        seed=asked.seed,
        drawn=asked.drawn,
        aid=found.aid,
        params=asked.params,
        over=found.over if isinstance(found, PredictItem) else "",
        at=found.at if isinstance(found, PredictItem) else (),
        hints=() if bare else found.hints,
        answer=found.answer if isinstance(found, RecallItem) and not bare else "",
        points=() if bare else _points(found),
        explain="" if bare else found.explain,
        see=found.seen if isinstance(found, PredictItem) else "",
        state=home.card_states([(item_id, found)])[item_id],
        due=card.due.isoformat() if card else "",
        reviews=card.reviews if card else 0,
        lapses=card.lapses if card else 0,
        locked=None if locked is None else _locked(home, item_id, locked),
        broken=home.why_broken(item_id),
        scale=found.scale if isinstance(found, PredictItem) and found.form == "curve" else (),
    )


def _points(found: Item) -> tuple[str, ...]:
    if isinstance(found, RecallItem):
        return found.points
    return found.rubric if isinstance(found, EssayItem) else ()


def _locked(home: LearnHome, item_id: str, entry: LogEntry) -> LockedAnswer:
    answer = entry.get("answer")
    said = answer_text(home.asked(item_id), answer)
    return LockedAnswer(answer, said, entry.at, bool(entry.get("guessed")))


def try_(session_cache: SessionCache, request: TryRequest) -> Iterator[Computing | TriedItem]:
    """Raises InputError."""
    home = learn_home(session_cache)
    asked = home.asked(request.item, request.seed)
    answer = parse_answer(asked, request.answer)
    outcome = yield from home.computing(request.item, asked)
    marked = mark(asked, outcome.computed, answer, attempt=2)
    happened = answer_text(asked, outcome.computed.key)
    yield TriedItem(marked.right, happened, marked.difference, marked.why, asked.item.explain)


# --- lock, run ----------------------------------------------------------------------------------------------


def lock(session_cache: SessionCache, request: LockRequest) -> LockedAnswer:
    """Raises InputError, RunRefused."""
    home = learn_home(session_cache)
    asked = home.asked(request.item)
    if not isinstance(asked.item, PredictItem):
        raise RunRefused(f"{request.item} is no prediction: nothing is locked.", "Answer it.")
    answer = parse_answer(asked, request.answer)
    return _locked(home, request.item, home.log.lock(request.item, asked, answer, home.now, request.guessed))


def run(session_cache: SessionCache, request: RunRequest) -> Iterator[Computing | RunOutcome]:
    """Raises InputError, RunRefused."""
    home = learn_home(session_cache)
    asked, locked = _what_is_locked(home, request.item)
    outcome = yield from home.computing(request.item, asked)
    made, key = outcome.computed, outcome.computed.key
    marked = mark(asked, made, locked.answer, guessed=locked.guessed)
    yield RunOutcome(
        item=request.item,
        seed=asked.seed,
        key=_plain(key),
        happened=answer_text(asked, key),
        said=locked.said,
        difference=marked.difference,
        rating=marked.rating or 0,
        is_right=marked.right,
        seconds=outcome.seconds,
        values=made.values,
        data=finite(made.data),
        stored=outcome.stored,
        meanings=catalog.values_in_words(asked.item.aid),
    )


def _what_is_locked(home: LearnHome, item_id: str) -> tuple[Question, LockedAnswer]:
    """The prediction and its question. Raises RunRefused where there is none."""
    entry = home.log.locked(item_id, home.item(item_id))
    if entry is None:
        raise RunRefused(f"{item_id} is not locked.", "Predict first.")
    return home.asked(item_id), _locked(home, item_id, entry)


# --- mark ---------------------------------------------------------------------------------------------------


def mark_(session_cache: SessionCache, request: MarkRequest) -> Iterator[Computing | MarkedItem]:
    """Raises InputError, RunRefused."""
    home = learn_home(session_cache)
    if isinstance(home.item(request.item), PredictItem):
        asked, locked = _what_is_locked(home, request.item)
        answer, guessed = locked.answer, locked.guessed
    else:
        asked = home.asked(request.item, request.seed)
        answer, guessed = parse_answer(asked, request.answer), request.guessed
    outcome = yield from home.computing(request.item, asked)
    marked = mark(
        asked, outcome.computed, answer, guessed=guessed, hinted=request.hinted, attempt=request.attempt
    )
    if marked.may_retry:
        yield _marked_item(home, request.item, asked, outcome, marked, "")
        return
    if isinstance(asked.item, PredictItem):
        _what_is_locked(home, request.item)  # it may have been marked or reset while it ran
    recorded = home.log.record(
        request.item,
        asked,
        answer,
        marked,
        home.now,
        key=outcome.computed.key,
        ms=request.ms,
        guessed=guessed,
        hinted=request.hinted,
        run=outcome.stored,
        seen=request.seen[:LONGEST_SEEN],
    )
    yield _marked_item(
        home, request.item, asked, outcome, marked, recorded.entry.id, recorded.is_practice, recorded.due
    )


def _marked_item(
    home: LearnHome,
    item_id: str,
    asked: Question,
    outcome: ComputedKey,
    marked: Marked,
    entry: str,
    is_practice: bool = False,
    due: str = "",
) -> MarkedItem:
    is_open = not entry and not isinstance(asked.item, BuildItem)
    made, card = outcome.computed, home.state.cards.get(item_id)
    return MarkedItem(
        id=entry,
        item=item_id,
        rating=marked.rating,
        is_right=marked.right,
        key=None if is_open else _plain(made.key),
        happened="" if is_open else answer_text(asked, made.key) if made.key is not None else "",
        difference=marked.difference,
        why=marked.why,
        explain="" if is_open else asked.item.explain,
        is_practice=is_practice,
        due=due,
        lapses=card.lapses if card else 0,
        values={} if is_open else made.values,
        data={} if is_open else finite(made.data),
    )


def _plain(key: Any) -> Any:
    return list(key) if isinstance(key, tuple) else key


def undo(session_cache: SessionCache, request: UndoRequest) -> Undone:
    home = learn_home(session_cache)
    taken = home.log.undo(home.now)
    if taken is None:
        return Undone("", False, "")
    item_id = str(taken.get("item"))
    card = home.state.cards.get(item_id)
    return Undone(item_id, taken.kind == "practice", card.due.isoformat() if card else "")


# --- notes --------------------------------------------------------------------------------------------------


def note(session_cache: SessionCache, request: NoteRequest) -> LectureNote:
    """Raises InputError for an unknown lecture, DltuiError where the file cannot be read or written."""
    home = learn_home(session_cache)
    found, _ = find_lecture(home.library, request.lecture)
    deck, colon, _ = request.lecture.rpartition(":")
    lecture = f"{deck}{colon}{found.id}"
    path = notes.path_of(home.learn, lecture)
    if request.text is not None:
        notes.write(path, request.text)
    text = notes.read(path)
    words = len(text.split())
    if (request.text is not None or request.count) and words != home.state.notes.get(lecture, 0):
        home.log.note(lecture, words, home.now)
    return LectureNote(lecture, str(path), text, words, _ticks(home, lecture))


def _ticks(home: LearnHome, lecture: str) -> dict[str, list[bool]]:
    found: dict[str, list[bool]] = {}
    for entry in home.state.marks:
        name, answer = str(entry.get("item", "")), entry.get("answer")
        if name.startswith(f"{lecture}.") and name.endswith(".essay") and isinstance(answer, list):
            found[name] = [bool(one) for one in answer]
    return found


HANDLERS: Mapping[Any, Handler] = {
    ItemRequest: item,
    TryRequest: try_,
    LockRequest: lock,
    RunRequest: run,
    MarkRequest: mark_,
    UndoRequest: undo,
    NoteRequest: note,
}
