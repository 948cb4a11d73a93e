"""What goes out of a home and comes into it: the log, Anki's plain text, notes; and what can be reset."""

from __future__ import annotations

import csv
import hashlib
import html
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.course import notes
from engine.course.cards import LearnState
from engine.course.deck_files import DECK_NAME
from engine.course.due import log_path
from engine.course.items import ChoiceItem, Item, RecallItem
from engine.course.library import Library
from engine.course.log import LINE_LIMIT, LOG_LIMIT, merge_into, parse_line
from engine.course.queries import find_lecture
from engine.course.toml_tables import FILE_LIMIT
from engine.errors import CorruptRun, DltuiError, InputError
from engine.files import read_bytes, write_bytes
from engine.places import make_private

WHAT = ("log", "anki", "notes")
MOST_CARDS = 5000
"""of Anki's text at a time"""
LONGEST_FIELD = 2000
ANKI_HEAD = ("#separator:tab", "#html:false", "#guid column:1", "#deck:dltui", "#tags column:4")
POINTS = ("what it says", "nothing of it left out")
"""of an answer that has no parts"""


@dataclass(frozen=True, slots=True)
class Taken:
    added: int
    known: int
    skipped: int
    deck: str = ""


def checked_reset(library: Library, state: LearnState, what: str) -> str:
    """What the log calls it: an item, a lecture (also as `2`) or all. Raises InputError."""
    if what == "all" or library.find_item(what) is not None or what in state.cards:
        return what
    try:
        found, _ = find_lecture(library, what)
    except InputError as error:
        raise InputError(
            f"reset: expected an item such as l02.bias.recall, a lecture or all, got {what[:80]!r}."
        ) from error
    if "." in what:
        raise InputError(f"reset: expected an item, a lecture or all, got the section {what[:80]!r}.")
    prefix = what.rpartition(":")[0]
    return f"{prefix}:{found.id}" if prefix else found.id


# --- out ----------------------------------------------------------------------------------------------------


def exported(learn: Path, library: Library, what: str) -> str:
    """Raises InputError, DltuiError."""
    if what == "log":
        return _bytes(log_path(learn), LOG_LIMIT).decode(errors="replace")
    if what == "anki":
        return anki_text(library)
    if what == "notes":
        return notes_text(learn, library)
    raise InputError(f"export: expected one of {', '.join(WHAT)}, got {what[:80]!r}.")


def anki_text(library: Library) -> str:
    """Recall and choice items: id, question, answer, tags."""
    made = io.StringIO()
    made.write("\n".join(ANKI_HEAD) + "\n")
    rows = csv.writer(made, delimiter="\t", lineterminator="\n")
    for prefix, deck in library.decks.items():
        for item in deck.items.values():
            if (sides := _sides(item)) is not None:
                tags = f"dltui {(prefix + item.lecture).replace(':', '-')} {item.concept}"
                rows.writerow((prefix + item.id, *sides, tags))
    return made.getvalue()


def _sides(item: Item) -> tuple[str, str] | None:
    if isinstance(item, RecallItem):
        return item.ask, "\n".join((item.answer, *(f"- {point}" for point in item.points)))
    if isinstance(item, ChoiceItem):
        right = next(one.text for one in item.choices if one.right)
        return "\n".join((item.ask, *(f"- {one.text}" for one in item.choices))), f"{right}\n{item.explain}"
    return None


def notes_text(learn: Path, library: Library) -> str:
    """The notes of all lectures, one below the other, as Markdown."""
    parts = []
    for prefix, deck in library.decks.items():
        for lecture in deck.lectures.values():
            if text := notes.read(notes.path_of(learn, prefix + lecture.id)).strip():
                parts.append(f"# {lecture.title}\n\n{text}\n")
    return "\n".join(parts)


def write(path: Path, text: str) -> None:
    """Raises DltuiError."""
    try:
        write_bytes(path, text.encode())
    except OSError as error:
        raise DltuiError(f"{path} cannot be written: {error.strerror or error}.") from error


# --- in -----------------------------------------------------------------------------------------------------


def take(learn: Path, path: Path, now: float) -> Taken:
    """A log, merged into that of the home, or Anki's plain text, which becomes a deck of recall items.

    Raises InputError for a file that is neither, DltuiError where one cannot be read or written.
    """
    if not path.exists():
        raise InputError(f"import: there is no file {str(path)[:200]}.")
    if not path.is_file():
        raise InputError(f"import: expected a log or Anki's plain text, got {str(path)[:80]!r}.")
    data = _bytes(path, LOG_LIMIT, follow=True)
    lines = [line for line in data.split(b"\n") if line.strip()]
    first = next((line for line in lines[:100] if len(line) <= LINE_LIMIT), b"")
    if parse_line(first) is not None or first.lstrip()[:1] == b"{":
        added, known, skipped = merge_into(log_path(learn), lines)
        if not added and not known:
            raise InputError(f"{path.name}: expected a log, got no line of one.")
        return Taken(added, known, skipped)
    return _take_anki(learn, path, data, now)


def _take_anki(learn: Path, path: Path, data: bytes, now: float) -> Taken:
    from engine.course.review import LearnLog

    rows, skipped = read_anki(data)
    if not rows:
        raise InputError(
            f"{path.name}: expected a log or Anki's plain text, two columns or more, got neither."
        )
    name = _deck_name(path)
    folder = learn / "decks" / name
    items = _bytes(folder / "l01-cards" / "items.toml", FILE_LIMIT).decode(errors="replace")
    old = set(re.findall(r'^id = "(l01\.[a-z0-9-]+\.recall)"', items, re.MULTILINE))
    fresh = {_item_id(front): (front, back) for front, back in rows}
    known = [one for one in fresh if one in old]
    items += "".join(_item_toml(one, *sides) for one, sides in fresh.items() if one not in old)
    ids = [*sorted(old), *(one for one in fresh if one not in old)]
    if len(items.encode()) > FILE_LIMIT:
        raise InputError(f"{path.name}: expected at most {FILE_LIMIT:,} bytes of cards, got {len(items):,}.")
    _write_deck(folder, name, path.stem, items, ids)
    LearnLog(learn).see(f"{name}:l01.cards", now)
    return Taken(len(fresh) - len(known), len(known), skipped + len(rows) - len(fresh), name)


def read_anki(data: bytes) -> tuple[list[tuple[str, str]], int]:
    """Question and answer of each note, and how many rows had none. Raises InputError for too many."""
    text = data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    heads: dict[str, str] = {}
    lines = text.split("\n")
    while lines and lines[0].startswith("#"):
        name, _, value = lines.pop(0)[1:].partition(":")
        heads[name.strip().lower()] = value.strip().lower()
    sign = {"comma": ",", "semicolon": ";", "space": " ", "pipe": "|", "colon": ":"}.get(
        heads.get("separator", ""), "\t"
    )
    left_out = {int(heads[name]) - 1 for name in _COLUMNS if heads.get(name, "").isdecimal()}
    found, skipped = [], 0
    csv.field_size_limit(1_000_000)
    try:
        for row in csv.reader(io.StringIO("\n".join(lines)), delimiter=sign):
            fields = [_plain(one) for place, one in enumerate(row) if place not in left_out]
            if len(fields) >= 2 and fields[0] and fields[1]:
                found.append((fields[0], fields[1]))
            else:
                skipped += bool(row)
            if len(found) > MOST_CARDS:
                raise InputError(f"import: expected at most {MOST_CARDS:,} cards, got more.")
    except csv.Error as error:
        raise InputError(f"import: expected Anki's plain text, got {error}.") from error
    return found, skipped


_COLUMNS = ("guid column", "notetype column", "deck column", "tags column")


def _plain(field: str) -> str:
    """Without tags and control characters."""
    text = html.unescape(re.sub(r"<[^<>]{0,2000}>", "", re.sub(r"<(?:br|/div|/p)\b[^<>]*>", "\n", field)))
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", text)
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())[:LONGEST_FIELD]


def _deck_name(path: Path) -> str:
    name = re.sub(r"[^a-z0-9_-]+", "-", path.stem.lower()).strip("-_")[:40]
    return name if DECK_NAME.fullmatch(name) else "anki"


def _item_id(front: str) -> str:
    return f"l01.c{hashlib.sha256(front.encode()).hexdigest()[:12]}.recall"


def _item_toml(item_id: str, front: str, back: str) -> str:
    points = [part for part in back.split("\n") if part]
    fields = {
        "id": item_id,
        "rev": 1,
        "kind": "recall",
        "concept": item_id.split(".")[1],
        "ask": front,
        "answer": back,
        "points": points if 2 <= len(points) <= 4 else POINTS,
        "explain": back,
    }
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    return "[[item]]\n" + "\n".join(lines) + "\n\n"


def _write_deck(folder: Path, name: str, title: str, items: str, ids: Sequence[str]) -> None:
    shown = json.dumps(re.sub(r"[\x00-\x1f\x7f-\x9f]", "", title)[:80] or name, ensure_ascii=False)
    head = f'+++\nid = "l01"\ntitle = {shown}\nminutes = 1\n+++\n'
    text = f"{head}Cards that were imported.\n\n## Cards\n\n" + "".join(
        f"{{{{item {one}}}}}\n" for one in ids
    )
    course = f'format_version = 1\nid = "{name}"\ntitle = {shown}\nlectures = ["l01-cards"]\n'
    try:
        make_private(folder.parent.parent)
        make_private(folder.parent)
        make_private(folder)
        make_private(folder / "l01-cards")
        write_bytes(folder / "l01-cards" / "items.toml", items.encode())
        write_bytes(folder / "l01-cards" / "lecture.md", text.encode())
        write_bytes(folder / "course.toml", course.encode())
    except OSError as error:
        raise DltuiError(f"{folder} cannot be written: {error.strerror or error}.") from error


def _bytes(path: Path, limit: int, *, follow: bool = False) -> bytes:
    try:
        return read_bytes(path, limit=limit, follow=follow) or b""
    except (CorruptRun, OSError) as error:
        raise DltuiError(f"{path} cannot be read: {error}") from error
