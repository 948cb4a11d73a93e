"""Search in the course: sections, questions, words of the glossary and aids."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass

from engine.course.deck import Deck
from engine.course.library import Library
from engine.errors import InputError

LONGEST = 100
"""characters that are looked for"""
BEFORE, AFTER = 30, 60
"""characters shown around a place"""


@dataclass(frozen=True, slots=True)
class Found:
    kind: str
    """section, item, word or aid"""
    id: str
    title: str
    text: str
    begin: int
    """of what was looked for, within `text`"""
    in_title: bool = False
    is_apart: bool = False
    """its words stand apart"""


def find(library: Library, text: str, lecture: str = "") -> list[Found]:
    """Places in the order of the lectures, titles and names first, then those that have the text, then those
    that have all of its words. Raises InputError for text that is too
    long."""
    wanted = " ".join(text.lower().split())
    if not wanted or len(wanted) > LONGEST:
        raise InputError(f"search: expected 1 to {LONGEST} characters, got {len(wanted)}.")
    found = [
        hit
        for kind, name, title, body, of in _texts(library)
        if (not lecture or of == lecture) and (hit := _hit(kind, name, title, body, wanted)) is not None
    ]
    return sorted(found, key=lambda hit: (hit.is_apart, not hit.in_title))


def _texts(library: Library) -> Iterator[tuple[str, str, str, str, str]]:
    """kind, id, title, text and lecture of all that is searched"""
    for prefix, deck in library.decks.items():
        yield from _texts_of(deck, prefix)
    for one in importlib.import_module("engine.aids.catalog").AIDS:
        yield "aid", one.name, one.title, one.how, f"l{one.lecture:02}"


def _texts_of(deck: Deck, prefix: str) -> Iterator[tuple[str, str, str, str, str]]:
    for lecture in deck.lectures.values():
        name = prefix + lecture.id
        for section in lecture.all_sections:
            title = lecture.title if section is lecture.overview else section.title
            body = "\n".join(block.text for block in section.blocks if block.text)
            yield "section", f"{name}.{section.slug}", title, body, name
        for item in deck.items_of(lecture.id):
            yield "item", prefix + item.id, item.kind, item.ask, name
    for term in deck.terms.values():
        yield "word", term.name, ", ".join((term.name, *term.aliases)), term.text, prefix + term.lecture


def _hit(kind: str, name: str, title: str, body: str, wanted: str) -> Found | None:
    if (place := title.lower().find(wanted)) >= 0 and kind != "item":
        return Found(kind, name, title, title, place, True)
    plain = " ".join(body.split())
    place, first = plain.lower().find(wanted), wanted.split()[0]
    if place < 0 and " " in wanted and all(word in f"{title} {plain}".lower() for word in wanted.split()):
        place, is_apart = max(0, plain.lower().find(first)), True
        wanted = first
    else:
        is_apart = False
    if place < 0 or len(plain.lower()) != len(plain):  # letters whose small form is longer move all places
        return Found(kind, name, title, plain[: BEFORE + AFTER], 0, is_apart=is_apart) if place >= 0 else None
    begin = max(0, place - BEFORE)
    while begin and plain[begin - 1] != " ":
        begin -= 1
    shown = plain[begin : place + len(wanted) + AFTER]
    return Found(kind, name, title, shown, place - begin, is_apart=is_apart)
