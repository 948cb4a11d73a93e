"""A deck, read from its folder: lectures, items, terms, videos and sources."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.course.deck_files import CONTENT
from engine.course.items import Item, read_item
from engine.course.problems import Problem, Problems
from engine.course.reading import Lecture, read_lecture
from engine.course.toml_tables import Table, parse_toml, read_tables, read_text

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Teaching:
    """What any content can teach: entries of the guidebook and corrections of it."""

    covers: tuple[str, ...] = ()
    corrects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Term(Teaching):
    name: str
    text: str
    lecture: str
    aliases: tuple[str, ...] = ()
    gap: str = ""
    """what the guidebook uses and never explains"""
    aid: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Video(Teaching):
    id: str
    title: str
    channel: str
    seconds: int
    """0 where its length is not known"""
    source: str
    checked: str
    """date, as 2026-10-06; empty where it was never opened"""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference(Teaching):
    """A book, paper, course or repository."""

    id: str
    authors: str
    title: str
    year: int
    """0 where it has none"""
    where: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Deck:
    folder: Path
    id: str
    title: str
    lectures: dict[str, Lecture]
    items: dict[str, Item]
    terms: dict[str, Term]
    """by name; aliases are in `find_term`"""
    videos: dict[str, Video]
    references: dict[str, Reference]
    entries: tuple[str, ...] = ()
    """ids of the entries of the guidebook that this deck has to cover"""
    teaching: Teaching = field(default_factory=Teaching)
    """of the deck itself"""
    problems: tuple[Problem, ...] = ()
    files: dict[str, str] = field(default_factory=dict)
    """the file of each item, by its id"""
    damaged: tuple[tuple[str, Item], ...] = ()
    """items with complaints about their own fields, which are not asked, and the file of each"""

    def find_term(self, name: str) -> Term | None:
        """By its name or an alias, in any case."""
        wanted = name.lower()
        for term in self.terms.values():
            if wanted in (term.name.lower(), *(alias.lower() for alias in term.aliases)):
                return term
        return None

    def items_of(self, lecture: str) -> tuple[Item, ...]:
        return tuple(item for item in self.items.values() if item.lecture == lecture)


def read_deck(folder: Path = CONTENT) -> Deck:
    """All that can be used; what cannot be is in `problems`. Raises nothing for what a file holds."""
    head = Problems("course.toml")
    text = read_text(folder / "course.toml", folder, head)
    made = None if text is None else parse_toml(text, head)
    table = Table(made or {}, head, (text or "").split("\n"), 0, (text or "").count("\n") + 2)
    found = [head]
    facts: dict[str, Any] = {"id": "", "title": "", "entries": (), "teaching": Teaching()}
    folders: tuple[str, ...] = ()
    if made is not None:
        if (version := table.whole("format_version", 0)) != FORMAT_VERSION:
            table.complain("format_version", str(FORMAT_VERSION), version)
        facts = {"id": table.text("id"), "title": table.text("title"), "teaching": _teaching(table)}
        facts["entries"] = _entries(table)
        folders = table.texts("lectures", 1, 99)
        table.close()
    lectures, items, files, damaged = _lectures(folder, folders, found)
    terms = [_term(one) for one in _tables(folder, "glossary.toml", "term", found)]
    videos = [_video(one) for one in _tables(folder, "videos.toml", "video", found)]
    references = [_reference(one) for one in _tables(folder, "sources.toml", "source", found)]
    return Deck(
        folder,
        **facts,
        lectures=lectures,
        items=items,
        files=files,
        damaged=tuple(damaged),
        terms={term.name: term for term in terms},
        videos={video.id: video for video in videos},
        references={one.id: one for one in references},
        problems=tuple(problem for one in found for problem in one.found),
    )


def _lectures(
    folder: Path, folders: tuple[str, ...], found: list[Problems]
) -> tuple[dict[str, Lecture], dict[str, Item], dict[str, str], list[tuple[str, Item]]]:
    """The items of a lecture that cannot be used are read too, for their complaints."""
    lectures: dict[str, Lecture] = {}
    items: dict[str, Item] = {}
    files: dict[str, str] = {}
    damaged: list[tuple[str, Item]] = []
    for name in folders:
        inside = folder / name
        problems, in_items = Problems(f"{name}/lecture.md"), Problems(f"{name}/items.toml")
        found += [problems, in_items]
        if inside.parent != folder or name in (".", ".."):
            problems.add("the name of a folder in the deck", name)
            continue
        text = read_text(inside / "lecture.md", folder, problems)
        lecture = None if text is None else read_lecture(text, problems)
        if lecture is not None:
            if not name.startswith(f"{lecture.id}-") and name != lecture.id:
                problems.add(f"{name.partition('-')[0]}, as its folder is named", lecture.id, name="id")
            lectures[lecture.id] = lecture
        for table in read_tables(inside / "items.toml", folder, "item", in_items):
            before = len(in_items.found)
            item = _item_of(table, lecture, items)
            if item is None:
                continue
            if lecture is None or len(in_items.found) > before:
                damaged.append((in_items.file, item))
            else:
                items[item.id], files[item.id] = item, in_items.file
    return lectures, items, files, damaged


def _item_of(table: Table, lecture: Lecture | None, others: dict[str, Item]) -> Item | None:
    item = read_item(table)
    if item is not None and item.id in others:
        table.complain("id", "an id that no other item has", item.id)
    elif item is not None and lecture is not None and item.lecture != lecture.id:
        table.complain("id", f"an id that begins with {lecture.id}.", item.id)
    return item


def _tables(folder: Path, file: str, name: str, found: list[Problems]) -> list[Table]:
    if not (folder / file).exists():
        return []
    problems = Problems(file)
    found.append(problems)
    tables, seen = [], set()
    for table in read_tables(folder / file, folder, name, problems):
        if table.name in seen or not table.name:
            table.complain("id" if "id" in table.fields else "name", "one that is given once", table.name)
            continue
        seen.add(table.name)
        tables.append(table)
    return tables


def _teaching(table: Table) -> Teaching:
    return Teaching(covers=table.texts("covers"), corrects=table.texts("corrects"))


def _term(table: Table) -> Term:
    taught = _teaching(table)
    made = Term(
        name=table.text("name"),
        text=table.text("text"),
        lecture=table.text("lecture"),
        aliases=table.texts("aliases"),
        gap=table.text("gap", ""),
        aid=table.text("aid", ""),
        line=table.start,
        covers=taught.covers,
        corrects=taught.corrects,
    )
    table.close()
    return made


def _video(table: Table) -> Video:
    taught = _teaching(table)
    checked = table.take("checked")
    if checked is not None and not isinstance(checked, datetime.date):
        table.complain("checked", "a date such as 2026-10-06", checked)
    made = Video(
        id=table.text("id"),
        title=table.text("title"),
        channel=table.text("channel"),
        seconds=table.whole("seconds", 0),
        source=table.text("source"),
        checked=checked.isoformat() if isinstance(checked, datetime.date) else "",
        line=table.start,
        covers=taught.covers,
        corrects=taught.corrects,
    )
    table.close()
    return made


def _reference(table: Table) -> Reference:
    taught = _teaching(table)
    made = Reference(
        id=table.text("id"),
        authors=table.text("authors"),
        title=table.text("title"),
        year=table.whole("year", 0),
        where=table.text("where", ""),
        line=table.start,
        covers=taught.covers,
        corrects=taught.corrects,
    )
    table.close()
    return made


def _entries(table: Table) -> tuple[str, ...]:
    """`[entries]`: how many there are of each kind, by lecture, `L1 = {T = 7}`, or by letter, `X = 8`."""
    ids: list[str] = []
    for name, counts in table.table("entries").items():
        if isinstance(counts, int):
            ids += [f"{name}{number}" for number in range(1, counts + 1)]
        elif isinstance(counts, dict) and all(isinstance(count, int) for count in counts.values()):
            ids += [f"{name}.{kind}{n}" for kind, count in counts.items() for n in range(1, count + 1)]
        else:
            table.complain("entries", "numbers of entries", counts)
    return tuple(ids)
