"""Methods `learn.*` (engine.session_protocol.learn): lectures, words, aids, search, and what is due.

Those of items are in `learn_items`, of exams in `learn_exam`, of log and decks in `learn_files`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from engine.aids import catalog
from engine.aids.computing_in_parts import Pieces
from engine.aids.result import finite
from engine.course import queries
from engine.course.cards import Card
from engine.course.days import day_of
from engine.course.deck import Deck, Reference
from engine.course.due import LectureDue
from engine.course.items import Item
from engine.course.library import Library
from engine.course.progress import Part, foreseen, lecture_progress
from engine.course.queue import Queue, days_ahead, exam_day
from engine.course.reading import Lecture
from engine.course.search import find
from engine.params import Param, build
from engine.session import learn_exam, learn_files, learn_items
from engine.session.cache import SessionCache
from engine.session.learn_home import LearnHome, learn_home, parts_of
from engine.session.methods import Handler
from engine.session_protocol.learn import (
    ActiveDay,
    AidControl,
    AidLine,
    AidRequest,
    AidsRequest,
    ChangedSetting,
    ComputedAid,
    Computing,
    DueRequest,
    GlossaryWord,
    GoOn,
    ItemLine,
    LearnProgress,
    LearnToday,
    LectureLine,
    LectureRequest,
    LectureSection,
    LectureSource,
    LecturesRequest,
    LectureVideo,
    ListedAids,
    ListedLectures,
    ListedWords,
    OpenedLecture,
    ProgressRequest,
    SearchHit,
    SearchHits,
    SearchRequest,
    SeenPlaces,
    SeenRequest,
    SettingRequest,
    WeakSpot,
    WordsRequest,
)

if TYPE_CHECKING:
    from engine.session.runs_for_aids import OwnAid

DAYS_BACK = 28
MOST_WEAK = 20
"""that today lists; progress has all"""
WEEK_SECONDS = 7 * 86400.0

# --- lectures -----------------------------------------------------------------------------------------------


def lectures(session_cache: SessionCache, request: LecturesRequest) -> ListedLectures:
    home = learn_home(session_cache)
    due = _due_by_lecture(home, home.queue())
    return ListedLectures(
        [
            _line(home, prefix, deck, lecture, due)
            for prefix, deck in home.library.decks.items()
            for lecture in deck.lectures.values()
        ],
        {name: str(problem) for name, problem in home.library.left_out.items()},
    )


def _due_by_lecture(home: LearnHome, queue: Queue) -> dict[str, int]:
    index, counts = home.index, dict[str, int]()
    for item in queue.due:
        counts[index[item].lecture] = counts.get(index[item].lecture, 0) + 1
    return counts


def _line(home: LearnHome, prefix: str, deck: Deck, lecture: Lecture, due: Mapping[str, int]) -> LectureLine:
    name, seen = prefix + lecture.id, home.state.seen
    return LectureLine(
        name,
        lecture.minutes,
        lecture.words,
        due.get(name, 0),
        lecture_progress(deck, lecture, home.state, home.today, prefix),
        [
            LectureSection(
                f"{name}.{one.slug}",
                one.title,
                one.words,
                f"{name}.{one.slug}" in seen,
                [prefix + item for item in one.named("item")],
                one.named("aid"),
            )
            for one in lecture.sections
        ],
    )


def lecture(session_cache: SessionCache, request: LectureRequest) -> OpenedLecture:
    """Raises InputError."""
    home = learn_home(session_cache)
    found, _ = queries.find_lecture(home.library, request.lecture)
    prefix = request.lecture.rpartition(":")[0]
    prefix = f"{prefix}:" if prefix else ""
    deck = home.library.decks[prefix]
    return OpenedLecture(
        _line(home, prefix, deck, found, _due_by_lecture(home, home.queue())),
        found.title,
        [prefix + name for name in found.needs],
        [prefix + name for name in found.opens],
        item_lines(home, [(prefix + item.id, item) for item in deck.items_of(found.id)]),
        [
            LectureVideo(video.id, video.title, video.channel, video.seconds, video.checked)
            for name in found.videos
            if (video := deck.videos.get(name))
        ],
        [
            LectureSource(one.id, one.authors, one.title, one.year, one.where)
            for name in found.sources
            if (one := deck.references.get(name))
        ],
    )


def item_lines(home: LearnHome, items: list[tuple[str, Item]]) -> list[ItemLine]:
    states, cards = home.card_states(items), home.state.cards
    return [
        ItemLine(
            name,
            item.kind,
            item.concept,
            home.log.question(name, item).ask,
            states[name],
            cards[name].due.isoformat() if name in cards else "",
        )
        for name, item in items
    ]


def seen(session_cache: SessionCache, request: SeenRequest) -> SeenPlaces:
    """Raises InputError for what is no section and no aid."""
    home = learn_home(session_cache)
    for place in request.places:
        if place.startswith("aid:"):
            catalog.entry(place[4:])
        else:
            queries.find_lecture(home.library, place)
    new = [place for place in request.places if place not in home.state.seen]
    for place in new:
        home.log.see(place, home.now)
    return SeenPlaces(new)


# --- words, aids, search ------------------------------------------------------------------------------------


def words(session_cache: SessionCache, request: WordsRequest) -> ListedWords:
    home = learn_home(session_cache)
    found = queries.words_of(home.library, request.word)
    return ListedWords([GlossaryWord(**one) for one in found])


def aids(session_cache: SessionCache, request: AidsRequest) -> ListedAids:
    home = learn_home(session_cache)
    wanted = (
        [catalog.entry(request.name)] if request.name else sorted(catalog.AIDS, key=lambda one: one.lecture)
    )
    references = home.library.decks[""].references
    return ListedAids(
        [
            AidLine(
                one.name,
                one.title,
                f"l{one.lecture:02}",
                one.kind,
                one.drawing,
                one.how,
                _reference(references.get(one.source)),
                one.lab,
                f"aid:{one.name}" in home.state.seen,
                [_control(param) for param in catalog.parameters(one.name)],
                catalog.values_in_words(one.name),
                *catalog.START_WITH.get(one.name, ("", {})),
            )
            for one in wanted
        ]
    )


def _reference(found: Reference | None) -> str:
    return f"{found.authors}, {found.title}, {found.year}" if found is not None else ""


def _control(param: Param) -> AidControl:
    return AidControl(
        param.name, param.kind.__name__, param.default, param.help, param.expected, param.choices,
        param.above, param.least, param.most, param.log, param.word,
    )  # fmt: skip


def aid(session_cache: SessionCache, request: AidRequest) -> Iterator[Computing | ComputedAid]:
    """Raises InputError."""
    built: Any = build(catalog.module(request.name).PARAMS, request.params)
    own = yield from parts_of(_of_own_run(session_cache, request.name, built))
    made, note, run = (own.aid, own.note, own.run) if own is not None else (None, "", "")
    if made is None:
        made = yield from parts_of(catalog.computing(request.name, request.params, request.seed))
    params = {one.name: getattr(built, one.name) for one in catalog.parameters(request.name)}
    yield ComputedAid(request.name, params, request.seed, made.values, finite(made.data), note, run)


def _of_own_run(session_cache: SessionCache, name: str, params: Any) -> Pieces[OwnAid | None]:
    """As runs_for_aids.own_aid, which loads the methods of models; None for an aid that looks into no run."""
    if not hasattr(params, "of"):
        return None
    from engine.session import runs_for_aids

    own = yield from runs_for_aids.own_aid(session_cache, name, params)
    return own


def search(session_cache: SessionCache, request: SearchRequest) -> SearchHits:
    home = learn_home(session_cache)
    found = find(home.library, request.text, request.lecture)
    return SearchHits(
        [SearchHit(one.kind, one.id, one.title, one.text, one.begin) for one in found[: request.limit]],
        len(found),
    )


# --- today, progress ----------------------------------------------------------------------------------------


def due(session_cache: SessionCache, request: DueRequest) -> LearnToday:
    home = learn_home(session_cache)
    state, index, today = home.state, home.index, home.today
    queue = home.queue(request.more)
    counts = _due_by_lecture(home, queue)
    days = _active_days(home)
    exam = learn_exam.left_exam(home)
    exam_on = exam_day(state)
    return LearnToday(
        due=queue.due,
        new=queue.new,
        failed=queue.failed,
        left=queue.left,
        minutes=queue.minutes,
        seconds_a_card=queue.seconds,
        next=days_ahead(state, index, today, queue),
        lectures=[LectureDue(name, counts[name]) for name in sorted(counts)],
        days=days,
        cards=sum(one.cards for one in days),
        foreseen=foreseen(state, home.now - WEEK_SECONDS),
        weak=weak_spots(home, MOST_WEAK),
        go_on=_go_on(home.library, state.seen),
        is_begun=bool(state.seen or state.marks or state.exams),
        exam=exam.plan.id if exam else "",
        exam_on=exam_on.isoformat() if exam_on and exam_on >= today else "",
        locked=[name for name in state.locks if name in index and home.log.locked(name, home.item(name))],
        orphans=sum(orphans(home).values()),
        notes=_notes(home),
    )


def _active_days(home: LearnHome) -> list[ActiveDay]:
    days = [home.today - timedelta(days=back) for back in range(DAYS_BACK - 1, -1, -1)]
    counts = dict.fromkeys(days, 0)
    for entry in reversed(home.state.marks):
        day = day_of(entry.at)
        if day < days[0]:
            break
        if day in counts and entry.get("rating") is not None:
            counts[day] += 1
    return [ActiveDay(day.isoformat(), count) for day, count in counts.items()]


def _go_on(library: Library, seen: Mapping[str, float]) -> GoOn | None:
    """In the lecture that was read last, else in the first one that is not read."""
    ids = [(prefix, lecture) for prefix, deck in library.decks.items() for lecture in deck.lectures.values()]
    newest = sorted((at, name.partition(".")[0]) for name, at in seen.items() if not name.startswith("aid:"))
    last = newest[-1][1] if newest else ""
    for prefix, found in sorted(ids, key=lambda one: one[0] + one[1].id != last):
        for section in found.sections:
            if f"{prefix}{found.id}.{section.slug}" not in seen:
                is_new = not any(name.startswith(f"{prefix}{found.id}.") for name in seen)
                slug, title = ("", "") if is_new else (section.slug, section.title)
                return GoOn(prefix + found.id, found.title, slug, title, found.minutes)
    return None


def weak_spots(home: LearnHome, most: int | None = None) -> list[WeakSpot]:
    found = [card for card in home.state.weak_spots() if home.library.find_item(card.item)]
    return [_weak_spot(home, card) for card in found[:most]]


def _weak_spot(home: LearnHome, card: Card) -> WeakSpot:
    item = home.item(card.item)
    return WeakSpot(card.item, home.asked(card.item).ask, card.lapses, card.item.partition(".")[0], item.aid)


def orphans(home: LearnHome) -> dict[str, int]:
    """Items that no deck has, with the number of their marks."""
    library = home.library
    return {item: n for item, n in home.state.asked.items() if n and library.find_item(item) is None}


def _notes(home: LearnHome) -> list[str]:
    found = home.log.remarks()
    found += [f"Deck {name} is left out: {problem}" for name, problem in home.library.left_out.items()]
    found += [f"{name} is left out: {why}" for name, why in home.broken.items()]
    return found


def progress(session_cache: SessionCache, request: ProgressRequest) -> LearnProgress:
    home = learn_home(session_cache)
    found = [
        lecture_progress(deck, one, home.state, home.today, prefix)
        for prefix, deck in home.library.decks.items()
        for one in deck.lectures.values()
    ]
    marks = [entry for entry in home.state.marks if entry.get("rating") is not None]
    return LearnProgress(
        lectures=found,
        cards=Part(sum(one.known for one in found), sum(one.new + one.learning + one.known for one in found)),
        recalled=sum(one.recalled for one in found),
        foreseen=foreseen(home.state, 0),
        foreseen_week=foreseen(home.state, home.now - WEEK_SECONDS),
        weak=weak_spots(home),
        orphans=orphans(home),
        days=len({day_of(entry.at) for entry in marks}),
        marks=len(marks),
    )


def change_setting(session_cache: SessionCache, request: SettingRequest) -> ChangedSetting:
    """Raises InputError."""
    home = learn_home(session_cache)
    value = queries.checked_setting(request.name, request.value)
    home.log.change_setting(request.name, value, home.now)
    return ChangedSetting(request.name, value)


HANDLERS: Mapping[Any, Handler] = {
    LecturesRequest: lectures,
    LectureRequest: lecture,
    SeenRequest: seen,
    WordsRequest: words,
    AidsRequest: aids,
    AidRequest: aid,
    SearchRequest: search,
    DueRequest: due,
    ProgressRequest: progress,
    SettingRequest: change_setting,
    **learn_items.HANDLERS,
    **learn_exam.HANDLERS,
    **learn_files.HANDLERS,
}
