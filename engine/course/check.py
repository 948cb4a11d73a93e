"""Whether a deck can be used, and what of the guidebook it covers."""

from __future__ import annotations

import importlib
import itertools
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.aids.computing_in_parts import Pieces, finish
from engine.course.deck import Deck
from engine.course.deck_files import CONTENT
from engine.course.items import (
    BuildItem,
    EssayItem,
    Item,
    NumberItem,
    OrderItem,
    PredictItem,
)
from engine.course.problems import Problem, Problems
from engine.course.questions import (
    SAME,
    Question,
    all_values,
    computing,
    names_in,
    parse_range,
    row_values,
    with_values,
)
from engine.course.reading import LONGEST_SECTION, Lecture, Section
from engine.errors import DltuiError, InputError, ParamError
from engine.params import build

LEAST_AIDS, LEAST_ITEMS, LEAST_KINDS, LEAST_PREDICT, LEAST_BUILD = 3, 12, 4, 2, 1
"""of a lecture of the course"""
LEAST_WORDS, MOST_WORDS = 900, 2500
REFUSED_VIDEOS = frozenset(
    ("3v7NPR0A9I4", "mCqTJd3N7qI", "05N2t0tJ1jI", "0Lt9w-BxKFQ", "2vI82f-0qxI", "7VeUPuFGJHk")
)
"""ids of the guidebook: none is the video that it is called"""


@dataclass(frozen=True, slots=True)
class DeckReport:
    lectures: int
    items: int
    aids: int
    covered: int
    entries: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def summary(self) -> str:
        """9 lectures, 138 items, 52 aids, 283 of 283 entries covered, no problem"""
        parts = [_count(self.lectures, "lecture"), _count(self.items, "item"), _count(self.aids, "aid")]
        if self.entries:
            parts.append(f"{self.covered} of {self.entries} entries covered")
        parts.append(_count(len(self.problems), "problem") if self.problems else "no problem")
        return ", ".join(parts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def check(deck: Deck, *, whole: bool | None = None) -> DeckReport:
    """`whole`: whether lectures have to be as large as those of the course; None: of the course only."""
    return finish(checking(deck, whole=whole))


def checking(deck: Deck, *, whole: bool | None = None) -> Pieces[DeckReport]:
    """As `check`, in pieces."""
    is_course = deck.folder == CONTENT if whole is None else whole
    catalog = importlib.import_module("engine.aids.catalog")
    aids = {entry.name: entry for entry in catalog.AIDS}
    found = list(deck.problems)
    for lecture in deck.lectures.values():
        found += _lecture_problems(deck, lecture, set(aids), is_course)
    for number, item in enumerate(deck.items.values()):
        problems = Problems(deck.files[item.id])
        yield from _check_item(deck, item, aids, catalog, number / len(deck.items), problems)
        found += problems.found
    for file, item in deck.damaged:
        problems = Problems(file)
        _check_names(deck, item, aids, catalog, problems)
        found += [one for one in problems.found if not _is_told(deck, one)]
    found += _references_problems(deck, set(aids))
    covered = covered_entries(deck)
    missing = [entry for entry in deck.entries if entry not in covered]
    return DeckReport(
        len(deck.lectures),
        len(deck.items),
        len({name for lecture in deck.lectures.values() for name in aids_of(deck, lecture)} & set(aids)),
        len(deck.entries) - len(missing),
        len(deck.entries),
        tuple(found),
    )


def taught(deck: Deck) -> Iterator[tuple[str, Any]]:
    """Everything that covers or corrects something, with a name for it."""
    yield "course", deck.teaching
    for lecture in deck.lectures.values():
        yield lecture.id, lecture
        yield from ((f"{lecture.id}.{section.slug}", section) for section in lecture.all_sections)
    for group in (deck.items, deck.terms, deck.videos, deck.references):
        yield from group.items()


def covered_entries(deck: Deck) -> dict[str, set[str]]:
    """For each covered entry, the corrections that its content makes."""
    made: dict[str, set[str]] = {}
    for _, content in taught(deck):
        for entry in content.covers:
            made.setdefault(entry, set()).update(content.corrects)
    return made


def aids_of(deck: Deck, lecture: Lecture) -> set[str]:
    return {name for section in lecture.all_sections for name in section.named("aid")}


# --- lectures ---------------------------------------------------------------------------------------------


def _lecture_problems(deck: Deck, lecture: Lecture, aids: set[str], is_course: bool) -> list[Problem]:
    problems = Problems(lecture.file)
    names = (
        ("needs", lecture.needs, deck.lectures, "a lecture"),
        ("videos", lecture.videos, deck.videos, "a video of videos.toml"),
        ("sources", lecture.sources, deck.references, "a source of sources.toml"),
        ("opens", lecture.opens, deck.items, "an item"),
    )
    for field, given, known, what in names:
        for name in given:
            if name not in known:
                problems.add(what, name, item=lecture.id, name=field, line=1)
    for section in lecture.all_sections:
        _check_section(deck, lecture, section, aids, problems)
    for name, line in lecture.terms():
        if deck.find_term(name) is None:
            problems.add("a term of glossary.toml", name, item=lecture.id, line=line)
    if is_course:
        _check_size(deck, lecture, problems)
    return problems.found


def _check_section(
    deck: Deck, lecture: Lecture, section: Section, aids: set[str], problems: Problems
) -> None:
    for block in section.blocks:
        if block.kind == "aid":
            if block.name not in aids:
                problems.add("an aid of the catalog", block.name, item=section.title, line=block.line)
            else:
                _try_params(block.name, dict(block.params or {}), problems, section.title, block.line)
        elif block.kind == "item" and block.name not in deck.items:
            problems.add("an item of this deck", block.name, item=section.title, line=block.line)
    if section.words > LONGEST_SECTION:
        problems.add(
            f"at most {LONGEST_SECTION} words", f"{section.words}", item=section.title, line=section.line
        )
    last = section.blocks[-1].kind if section.blocks else "nothing"
    if section in lecture.sections and last not in ("aid", "item"):
        problems.add("an aid or an item at its end", last, item=section.title, line=section.line)


def _try_params(aid: str, given: dict[str, Any], problems: Problems, item: str, line: int) -> None:
    catalog = importlib.import_module("engine.aids.catalog")
    try:
        build(catalog.module(aid).PARAMS, given)
    except ParamError as error:
        problems.add(f"parameters of {aid}", str(error), item=item, line=line)


def _check_size(deck: Deck, lecture: Lecture, problems: Problems) -> None:
    items = deck.items_of(lecture.id)
    scheduled = [item for item in items if item.is_scheduled]

    def least(what: str, wanted: int, got: int) -> None:
        if got < wanted:
            problems.add(f"{wanted} {what} or more", f"{got}", item=lecture.id, line=1)

    least("words of overview", 1, lecture.overview.words)
    least("aids", LEAST_AIDS, len(aids_of(deck, lecture)))
    least("scheduled items", LEAST_ITEMS, len(scheduled))
    least("kinds of scheduled items", LEAST_KINDS, len({item.kind for item in scheduled}))
    least("predict items", LEAST_PREDICT, sum(item.kind == "predict" for item in items))
    least("build items", LEAST_BUILD, sum(item.kind == "build" for item in items))
    least("essays", 1, sum(item.kind == "essay" for item in items))
    if len(lecture.opens) != 3:
        problems.add("three items", len(lecture.opens), item=lecture.id, name="opens", line=1)
    if not LEAST_WORDS <= lecture.words <= MOST_WORDS:
        problems.add(f"{LEAST_WORDS} to {MOST_WORDS} words", f"{lecture.words}", item=lecture.id, line=1)
    named = {name for section in lecture.all_sections for name in section.named("item")}
    for item in items:
        if item.id not in named and item.kind != "essay":
            problems.add("a place in the text for each item", "none", item=item.id, line=1)


# --- items ------------------------------------------------------------------------------------------------


def _is_told(deck: Deck, problem: Problem) -> bool:
    """Whether that field of the item was complained about when it was read."""
    told = (problem.file, problem.item, problem.field)
    return any((one.file, one.item, one.field) == told for one in deck.problems)


def _check_item(
    deck: Deck, item: Item, aids: dict[str, Any], catalog: Any, done: float, problems: Problems
) -> Pieces[None]:
    """`done` is the share of the deck that was checked before it."""
    before = len(problems.found)
    _check_names(deck, item, aids, catalog, problems)
    if item.aid in aids and len(problems.found) == before:

        def add(expected: str, got: object, name: str) -> None:
            problems.add(expected, got, item=item.id, name=name, line=item.line)

        yield from _check_keys(item, catalog, add, done)
    yield done


def _check_names(deck: Deck, item: Item, aids: dict[str, Any], catalog: Any, problems: Problems) -> None:
    """All that an item names: sources, other items, entries, its aid with key and parameters."""

    def add(expected: str, got: object, name: str) -> None:
        problems.add(expected, got, item=item.id, name=name, line=item.line)

    for name in item.sources:
        if name not in deck.references:
            add("a source of sources.toml", name, "sources")
    for name in item.needs:
        if not isinstance(deck.items.get(name), BuildItem):
            add("a build item", name, "needs")
    if deck.entries:
        for name in item.covers:
            if name not in deck.entries:
                add("an entry of course.toml", name, "covers")
    if item.aid and item.aid not in aids:
        add("an aid of the catalog", item.aid, "aid")
    elif item.aid:
        known = {param.name for param in catalog.parameters(item.aid)}
        for name in names_in(item.ask):
            if name not in known:
                add(f"a parameter of {item.aid}", name, "ask")
        values = catalog.values_in_words(item.aid)
        key = getattr(item, "key", getattr(item, "goal", next(iter(values))))
        if key not in values:
            add(f"one of {', '.join(values)}", key, "goal" if isinstance(item, BuildItem) else "key")
        for name, field, value in _given_params(item):
            try:
                build(catalog.module(item.aid).PARAMS, {name: value})
            except ParamError as error:
                add(f"parameters of {item.aid}", str(error), field)
    elif names_in(item.ask) and not isinstance(item, EssayItem):
        add("an aid, for the parameters that it names", "none", "aid")


def _given_params(item: Item) -> Iterator[tuple[str, str, Any]]:
    """Each value of each parameter, with the field in which it is written."""
    for name, value in getattr(item, "params", {}).items():
        yield name, "params", value
    for name, values in getattr(item, "vary", {}).items():
        if isinstance(values, list):
            yield from ((name, "vary", value) for value in values)
    for row in getattr(item, "rows", ()):
        yield from ((name, "rows", value) for name, value in row.params.items())
    if isinstance(item, PredictItem):
        yield from ((name, "then", value) for name, value in item.then.items())
        yield from ((item.over, "at", value) for value in item.at)


def _check_keys(item: Item, catalog: Any, add: Any, done: float) -> Pieces[None]:
    """Each key of each combination of varied values: within bounds, finite, the same twice, within budget."""
    try:
        for name, values in getattr(item, "vary", {}).items():
            if not isinstance(values, list):
                parse_range(str(values))
            elif not values:
                raise InputError(f"vary: expected values of {name}, got none.")
        combinations = list(all_values(item))
        if isinstance(item, BuildItem):
            build(catalog.module(item.aid).PARAMS, item.params)
            return
    except DltuiError as error:
        add("parameters within their bounds", str(error), "vary")
        return
    if not isinstance(item, NumberItem | OrderItem | PredictItem):
        return
    for number, drawn in enumerate(combinations):
        asked = with_values(item, number, drawn)
        try:
            key, took = yield from _timed(asked, done)
            again = key  # one of them is enough: a second run costs as much
            if not number:
                again, _ = yield from _timed(asked, done)
            gaps = list(_close_rows(asked, item))
        except DltuiError as error:
            add("a key that can be computed", str(error), "params")
            return
        if not _is_finite(key):
            add("a finite key", key, "key")
        if key != again:
            add("the same key twice", f"{key} and {again}", "key")
        if took > getattr(item, "budget_s", 10):
            add(f"a key within {getattr(item, 'budget_s', 10):g} s", f"{took:.1f} s", "budget_s")
        if gaps:
            add("rows whose keys differ by 5 % or more", f"{gaps[0]} for {drawn}", "rows")


def _timed(asked: Question, done: float) -> Pieces[tuple[Any, float]]:
    """The key, and the processor time that it took."""
    pieces, took = computing(asked), 0.0
    while True:
        started = time.process_time()
        try:
            next(pieces)
        except StopIteration as end:
            return end.value.key, took + time.process_time() - started
        took += time.process_time() - started
        yield done


def _close_rows(asked: Question, item: Item) -> Iterator[str]:
    """Neighbours in the order whose keys are too close."""
    if not isinstance(item, OrderItem) and not (isinstance(item, PredictItem) and item.form == "order"):
        return
    values = sorted(row_values(asked, item), reverse=True)
    for high, low in itertools.pairwise(values):
        if high - low < SAME * max(abs(high), abs(low)) or high == low:
            yield f"{high:g} and {low:g}"


def _is_finite(key: Any) -> bool:
    numbers: Iterable[Any] = key if isinstance(key, tuple) else (key,)
    return all(isinstance(one, str) or (one is not None and math.isfinite(one)) for one in numbers)


# --- the rest ---------------------------------------------------------------------------------------------


def _references_problems(deck: Deck, aids: set[str]) -> list[Problem]:
    terms, videos, course = Problems("glossary.toml"), Problems("videos.toml"), Problems("course.toml")
    names: set[str] = set()
    for term in deck.terms.values():
        if term.lecture not in deck.lectures:
            terms.add("a lecture", term.lecture, item=term.name, name="lecture", line=term.line)
        if term.aid and term.aid not in aids:
            terms.add("an aid of the catalog", term.aid, item=term.name, name="aid", line=term.line)
        for name in (term.name, *term.aliases):
            if name.lower() in names:
                terms.add("a name given once", name, item=term.name, line=term.line)
            names.add(name.lower())
    for video in deck.videos.values():
        if video.id in REFUSED_VIDEOS:
            videos.add("a video that is what it is called", video.id, item=video.id, line=video.line)
    if deck.entries:
        for name, content in taught(deck):
            for entry in content.covers:
                if entry not in deck.entries and name not in deck.items:
                    course.add("an entry of course.toml", entry, item=name, name="covers")
    return [*terms.found, *videos.found, *course.found]
