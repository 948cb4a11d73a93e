"""What verbs and sessions ask of the course, as plain JSON; nothing here needs a running engine."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from engine.course.check import check
from engine.course.days import day_of
from engine.course.deck import Deck, Term, read_deck
from engine.course.due import count_due, read_learned
from engine.course.items import EssayItem, Item, NumberItem, PredictItem, RecallItem
from engine.course.library import Library, read_library
from engine.course.progress import foreseen, lecture_progress
from engine.course.questions import compute, question, seed_of
from engine.course.reading import Lecture, Section
from engine.course.review import LearnLog
from engine.errors import DltuiError, InputError

Json = dict[str, Any]
WEEK = 7 * 86400.0
DAY_LIMITS = {"cards": 500, "minutes": 600, "new": 500}
"""most of what a day may hold"""


def lectures(learn: Path, now: float) -> list[Json]:
    """A line for each lecture: size, progress and what is due."""
    library, learned = read_library(learn), read_learned(learn)
    due = {one.id: one.due for one in count_due(learn, now).lectures}
    found = []
    for prefix, deck in library.decks.items():
        for lecture in deck.lectures.values():
            progress = lecture_progress(deck, lecture, learned.state, day_of(now), prefix)
            made = dataclasses.asdict(progress)
            facts = {
                "minutes": lecture.minutes,
                "words": lecture.words,
                "due": due.get(prefix + lecture.id, 0),
            }
            sections = [{"id": section.slug, "title": section.title} for section in lecture.sections]
            found.append({**made, **facts, "parts": sections})
    return found


def find_lecture(library: Library, name: str) -> tuple[Lecture, tuple[Section, ...]]:
    """`2`, `l02`, `l02.SECTION`, `2.3` (its third section) or `deck:l01`. Raises InputError."""
    prefix, _, bare = name.rpartition(":")
    deck = library.decks.get(f"{prefix}:" if prefix else "")
    wanted, _, part = bare.partition(".")
    wanted = f"l{int(wanted):02}" if wanted.isdecimal() and len(wanted) < 3 else wanted
    lecture = deck.lectures.get(wanted) if deck else None
    if deck is None or lecture is None:
        names = [key + one for key, each in library.decks.items() for one in each.lectures]
        raise InputError(f"lecture: expected one of {', '.join(names)}, got {name[:80]!r}.")
    if not part:
        return lecture, lecture.all_sections
    if part.isdecimal() and 1 <= int(part) <= len(lecture.sections):
        return lecture, (lecture.sections[int(part) - 1],)
    found = tuple(section for section in lecture.all_sections if section.slug == part)
    if not found:
        slugs = ", ".join(section.slug for section in lecture.all_sections)
        raise InputError(
            f"section: expected 1 to {len(lecture.sections)} or one of {slugs}, got {part[:80]!r}."
        )
    return lecture, found


def note_opened(learn: Path, places: Iterable[str], now: float) -> str:
    """Sections (LECTURE.SECTION) and aids (aid:NAME) were shown, so their questions may be asked from now on.

    Returns why it is not kept, empty where it is: showing is what was asked for.
    """
    log = LearnLog(learn)
    try:
        for place in places:
            log.see(place, now)
    except DltuiError as error:
        return str(error)
    return ""


def check_reset(learn: Path, what: str) -> None:
    """Raises InputError where `what` is nothing that can be begun once more."""
    from engine.course.export_import import checked_reset

    checked_reset(read_library(learn), read_learned(learn).state, what)


def words(learn: Path, wanted: str = "") -> list[Json]:
    """Entries of the glossary; with `wanted` those of that name, else those that have it in their text.

    Raises InputError where there is none.
    """
    return words_of(read_library(learn), wanted)


def words_of(library: Library, wanted: str = "") -> list[Json]:
    """As `words`, of decks that were read."""
    decks = library.decks.values()
    exact = [term for deck in decks if (term := deck.find_term(wanted)) is not None] if wanted else []
    terms = exact or [term for deck in decks for term in deck.terms.values() if _has(term, wanted)]
    if not terms:
        raise InputError(
            f"word: expected one of the glossary, got {wanted[:80]!r}.", "All: dltui learn words"
        )
    shown = ("name", "aliases", "text", "lecture", "aid")
    ordered = sorted(terms, key=lambda one: one.name.lower())
    return [{name: getattr(term, name) for name in shown} for term in ordered]


def _has(term: Term, wanted: str) -> bool:
    return wanted.lower() in " ".join((term.name, *term.aliases, term.text)).lower()


def aids() -> list[Json]:
    """Each aid with its parameters and values in words."""
    catalog = _catalog()
    return [
        {
            "name": entry.name,
            "title": entry.title,
            "lecture": f"l{entry.lecture:02}",
            "kind": entry.kind,
            "drawing": entry.drawing,
            "how": entry.how,
            "source": entry.source,
            "lab": entry.lab,
            "params": {one.name: {"default": one.default, "expected": one.expected, "help": one.help}
                       for one in catalog.parameters(entry.name)},
            "values": catalog.values_in_words(entry.name),
        }
        for entry in catalog.AIDS
    ]  # fmt: skip


def aid(name: str, given: Mapping[str, object], seed: int = 0) -> Json:
    """Parameters, values and data of an aid. Raises InputError."""
    catalog = _catalog()
    made = catalog.compute(name, given, seed)
    defaults = {one.name: one.default for one in catalog.parameters(name)}
    return {
        "name": name,
        "params": {**defaults, **given},
        "seed": seed,
        "values": made.values,
        "data": made.data,
    }


def looks_into_runs(name: str) -> bool:
    """Whether an aid looks into a run of the learner's. Raises InputError."""
    return any(one.name == "of" for one in _catalog().parameters(name))


def values_in_words(name: str) -> dict[str, str]:
    found: dict[str, str] = _catalog().values_in_words(name)
    return found


def item(learn: Path, item_id: str, seed: int | None = None) -> Json:
    """A question as it is drawn for a seed, with its computed key: for teachers. Raises InputError."""
    found = read_library(learn).find_item(item_id)
    if found is None:
        raise InputError(f"item: expected the id of one, such as l02.bias.recall, got {item_id[:80]!r}.")
    asked = question(found, seed_of(found.id, found.rev, 0) if seed is None else seed)
    computed = compute(asked)
    made: Json = {
        "id": item_id,
        "kind": found.kind,
        "ask": asked.ask,
        "params": asked.params,
        "seed": asked.seed,
    }
    made["key"] = list(computed.key) if isinstance(computed.key, tuple) else computed.key
    made["tol"] = _tolerance(found)
    if asked.choices:
        made["choices"] = list(asked.choices)
    if isinstance(found, RecallItem):
        made["points"] = list(found.points)
    if isinstance(found, EssayItem):
        made["rubric"] = list(found.rubric)
    return made | {"aid": found.aid, "explain": found.explain, "hints": list(found.hints)}


def _tolerance(found: Item) -> Json | None:
    if isinstance(found, NumberItem):
        return {"abs": found.tol.absolute, "rel": found.tol.relative}
    if isinstance(found, PredictItem) and found.form in ("number", "curve"):
        return {"near": dataclasses.asdict(found.near), "far": dataclasses.asdict(found.far)}
    return None


def check_deck(folder: Path | None = None) -> Json:
    """The problems of a deck, or of the course."""
    deck: Deck = read_deck(folder) if folder else read_deck()
    report = check(deck)
    made = {name: getattr(report, name) for name in ("ok", "lectures", "items", "aids", "covered", "entries")}
    return {
        **made,
        "problems": [dataclasses.asdict(one) for one in report.problems],
        "summary": report.summary,
    }


def predictions(learn: Path, now: float) -> Json:
    """How well predictions of the last seven days held."""
    return dataclasses.asdict(foreseen(read_learned(learn).state, now - WEEK))


def checked_setting(name: str, value: object) -> Any:
    """The value of a setting as the log keeps it: cards, minutes or new, the most of a day, or exam_on, a
    day, or nothing for none. Raises InputError."""
    if name == "exam_on":
        try:
            return date.fromisoformat(str(value)).isoformat() if value not in ("", None) else ""
        except ValueError:
            raise InputError(
                f"exam_on: expected a day such as 2026-12-24, got {str(value)[:80]!r}."
            ) from None
    if name not in DAY_LIMITS:
        raise InputError(f"setting: expected one of {', '.join(DAY_LIMITS)}, exam_on, got {name[:80]!r}.")
    most = DAY_LIMITS[name]
    whole = isinstance(value, int) and not isinstance(value, bool)
    given = (
        int(str(value)) if whole or (isinstance(value, str) and value.isdecimal() and len(value) < 6) else -1
    )
    if not 0 <= given <= most:
        raise InputError(f"{name}: expected a whole number from 0 to {most}, got {str(value)[:80]!r}.")
    return given


def _catalog() -> Any:
    return importlib.import_module("engine.aids.catalog")
