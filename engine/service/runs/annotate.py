"""Changes of the name, the tags and the note of a run, checked and applied."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterable

from engine.errors import InputError, RunRefused
from engine.service.runs.runs import parse_name
from engine.service_requests import AnnotateRequest
from engine.store import Annotations

TAG_LENGTH = 40
TAGS_LIMIT = 64
"""most tags of one run"""
NOTE_LIMIT = 4000
_IN_TAG = frozenset("._-/+@#")


def changed(old: Annotations, request: AnnotateRequest) -> Annotations:
    """Raises InputError, and RunRefused where the note was changed meanwhile."""
    name = old.name if request.name is None else parse_name(request.name)
    if request.note is not None and request.before not in (None, old.note):
        raise RunRefused("The note was changed meanwhile.", "dltui note RUN shows it.")
    note = old.note if request.note is None else parse_note(request.note)
    return dataclasses.replace(old, name=name, tags=_tags(old.tags, request), note=note)


def _tags(old: Iterable[str], request: AnnotateRequest) -> tuple[str, ...]:
    """Case does not count: a run has `Best` or `best`, not both."""
    gone = {tag.lower() for tag in request.remove}
    tags = {tag.lower(): tag for tag in old if tag.lower() not in gone}
    for tag in request.add:
        tags.setdefault(parse_tag(tag).lower(), tag)
    if request.add and len(tags) > TAGS_LIMIT:
        raise InputError(f"tags: expected at most {TAGS_LIMIT} of a run, got {len(tags):,}.")
    return tuple(tags.values())


def parse_tag(text: str) -> str:
    """The tag as it stands. Raises InputError."""
    if not (0 < len(text) <= TAG_LENGTH and text[0].isalnum() and all(map(_may_be_in_tag, text))):
        signs = " ".join(sorted(_IN_TAG))
        raise InputError(
            f"tag: expected up to {TAG_LENGTH} letters, digits and {signs}, a letter or digit first, "
            f"got {text[:80]!r}."
        )
    return text


def given_elsewhere(tags: Iterable[str], note: str) -> Annotations:
    """What another program has of a run; signs that a tag may not have become `-`."""
    found: dict[str, str] = {}
    for text in tags:
        tag = "".join(one if _may_be_in_tag(one) else "-" for one in text)[:TAG_LENGTH]
        tag = tag.lstrip("".join(_IN_TAG))
        if tag and len(found) < TAGS_LIMIT:
            found.setdefault(tag.lower(), tag)
    return Annotations(tags=tuple(found.values()), note=note[:NOTE_LIMIT])


def _may_be_in_tag(character: str) -> bool:
    return character.isalnum() or character in _IN_TAG


def parse_note(text: str) -> str:
    """The note without white space around it; newlines and tabs are the only control characters of one.

    Raises InputError.
    """
    note = text.replace("\r\n", "\n").strip()
    if len(note) > NOTE_LIMIT:
        raise InputError(f"note: expected at most {NOTE_LIMIT:,} characters, got {len(note):,}.")
    for character in note:
        if character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cs"):
            raise InputError(f"note: expected text without control characters, got {character!r}.")
    return note
