"""A lecture as it is read: sections of blocks, each of styled words.

A lecture is Markdown with TOML between two lines `+++` at its head. A line `{{aid NAME key="value"}}` or
`{{item ID}}` of its own is something to open, `[[term]]` or `[[term|shown]]` a word of the glossary, and
`{covers="..." corrects="..." gap="..."}` at the end of a heading says what its section teaches.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from engine.course.deck_files import CONTENT
from engine.course.problems import Problems
from engine.course.toml_tables import Table, parse_toml, read_text
from engine.errors import InputError

LONGEST_SECTION = 250
"""words"""
_DIRECTIVE = re.compile(r"\{\{(aid|item)\s+([\w.-]+)((?:\s+\w+=\"[^\"]*\")*)\s*\}\}")
_ATTRIBUTES = re.compile(r"\s*\{((?:\s*\w+=\"[^\"]*\")+)\s*\}$")
_PAIR = re.compile(r"(\w+)=\"([^\"]*)\"")
_TERM = re.compile(r"\[\[([^\[\]|]+)(?:\|([^\[\]]+))?\]\]")
_STYLES = {"strong_open": "strong", "em_open": "emphasis"}


@dataclass(frozen=True, slots=True)
class Words:
    """A stretch of text in one style: none, strong, emphasis, code, term or link."""

    text: str
    style: str = ""
    target: str = ""
    """the term, or the address of a link"""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, bullet, number (of a list), quote, code, heading, aid or item."""

    kind: str
    line: int
    words: tuple[Words, ...] = ()
    depth: int = 0
    """levels of lists around it"""
    name: str = ""
    """of the aid, the id of the item, or the number in its list"""
    params: Mapping[str, str] | None = None
    """of the aid"""

    @property
    def text(self) -> str:
        return "".join(one.text for one in self.words)


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    slug: str
    line: int
    blocks: tuple[Block, ...]
    covers: tuple[str, ...] = ()
    corrects: tuple[str, ...] = ()
    gap: str = ""

    @property
    def words(self) -> int:
        return sum(len(block.text.split()) for block in self.blocks)

    def named(self, kind: str) -> tuple[str, ...]:
        """The aids, or the items, that it opens."""
        return tuple(block.name for block in self.blocks if block.kind == kind)


@dataclass(frozen=True, slots=True)
class Lecture:
    id: str
    title: str
    file: str
    minutes: int
    overview: Section
    """what stands before the first heading"""
    sections: tuple[Section, ...]
    needs: tuple[str, ...] = ()
    videos: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    """ids of the questions that are tried before reading"""
    covers: tuple[str, ...] = ()
    corrects: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def all_sections(self) -> tuple[Section, ...]:
        return (self.overview, *self.sections)

    @property
    def words(self) -> int:
        return sum(section.words for section in self.all_sections)

    def terms(self) -> Iterator[tuple[str, int]]:
        """Name and line of each term that the text points at."""
        for section in self.all_sections:
            for block in section.blocks:
                yield from ((word.target, block.line) for word in block.words if word.style == "term")


def read_lecture(text: str, problems: Problems) -> Lecture | None:
    """None, and complaints, where the head of the lecture cannot be used."""
    split = re.match(r"\+\+\+\n(.*?)\n\+\+\+\n", text, re.DOTALL)
    if split is None:
        problems.add("front matter between two lines +++", text.partition("\n")[0] or "an empty file", line=1)
        return None
    head = parse_toml(split[1], problems, first_line=2)
    if head is None:
        return None
    table = Table(head, problems, text[: split.end()].split("\n"), 1, split[0].count("\n") + 1)
    before = len(problems.found)
    facts: dict[str, Any] = {name: table.text(name) for name in ("id", "title")}
    facts["minutes"] = table.whole("minutes")
    for name in ("needs", "videos", "sources", "opens", "covers", "corrects", "aliases"):
        facts[name] = table.texts(name)
    table.close()
    first = split[0].count("\n")
    sections = _sections(_parse(text[split.end() :], first, problems), problems)
    if len(problems.found) > before and not facts["id"]:
        return None
    return Lecture(**facts, file=problems.file, overview=sections[0], sections=tuple(sections[1:]))


def open_lecture(learn: Path, lecture: str) -> Lecture:
    """The text of `l02`, or of `deck:l01` of a deck in `learn`, the folder of a home. Raises InputError."""
    deck, _, name = lecture.rpartition(":")
    folder = learn / "decks" / deck if deck else CONTENT
    for inside in sorted(folder.glob(f"{name}*")) if name.isalnum() and "/" not in deck else ():
        problems = Problems(f"{inside.name}/lecture.md")
        text = read_text(inside / "lecture.md", folder, problems)
        found = read_lecture(text, problems) if text is not None else None
        if found is not None and found.id == name:
            return found
        if problems.found:
            raise InputError(str(problems.found[0]))
    raise InputError(f"lecture: expected one of the course or of a deck, such as l02, got {lecture[:80]!r}.")


def plain_words(text: str) -> tuple[Words, ...]:
    """One paragraph of Markdown as styled words: questions and entries of the glossary."""
    tokens = _MARKDOWN.parseInline(text)
    return tuple(_words(tokens[0])) if tokens else ()


_MARKDOWN = MarkdownIt("commonmark", {"html": False})


def _parse(text: str, first: int, problems: Problems) -> list[Block]:
    """All blocks; `first` lines come before the text."""
    blocks: list[Block] = []
    lists: list[list[Any]] = []  # of each list around: its kind, and the number of its item
    is_quote = False
    tokens = _MARKDOWN.parse(text)
    for number, token in enumerate(tokens):
        line = first + (token.map[0] if token.map else 0) + 1
        if token.type in ("bullet_list_open", "ordered_list_open"):
            lists.append([token.type.partition("_")[0], int(token.attrs.get("start", 1)) - 1])
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif token.type == "list_item_open":
            lists[-1][1] += 1
        elif token.type in ("blockquote_open", "blockquote_close"):
            is_quote = token.type.endswith("open")
        elif token.type in ("fence", "code_block"):
            blocks.append(Block("code", line, (Words(token.content.rstrip("\n"), "code"),), len(lists)))
        elif token.type == "inline":
            opened = tokens[number - 1].type
            if opened == "heading_open":
                kind = f"heading{tokens[number - 1].tag[1:]}"
                blocks.append(Block(kind, line, (Words(token.content),)))
            else:
                kind = {"bullet": "bullet", "ordered": "number"}[lists[-1][0]] if lists else "paragraph"
                name = str(lists[-1][1]) if kind == "number" else ""
                blocks += _paragraph(token, "quote" if is_quote else kind, line, len(lists), name)
        elif token.type in ("html_block", "hr"):
            problems.add("paragraphs, lists, quotes, code and headings", token.type, line=line)
    return blocks


def _paragraph(token: Token, kind: str, line: int, depth: int, name: str) -> Iterator[Block]:
    """Its lines that open something are blocks of their own."""
    rest: list[str] = []
    start = line
    for number, content in enumerate(token.content.split("\n")):
        found = _DIRECTIVE.fullmatch(content.strip())
        if found is None:
            start = start if rest else line + number
            rest.append(content)
            continue
        if rest:
            yield Block(kind, start, plain_words("\n".join(rest)), depth, name)
            rest = []
        params = dict(_PAIR.findall(found[3]))
        yield Block(found[1], line + number, (), depth, found[2], params)
    if rest:
        yield Block(kind, start, plain_words("\n".join(rest)), depth, name)


def _words(inline: Token) -> Iterator[Words]:
    styles, target = [""], ""
    for token in inline.children or []:
        if token.type == "text":
            yield from _with_terms(token.content, styles[-1], target)
        elif token.type == "code_inline":
            yield Words(token.content, "code")
        elif token.type in ("softbreak", "hardbreak"):
            yield Words(" ", styles[-1], target)
        elif token.type == "link_open":
            styles.append("link")
            target = str(token.attrs.get("href", ""))
        elif token.type in _STYLES:
            styles.append(_STYLES[token.type])
        elif token.type.endswith("_close"):
            styles.pop()
            target = target if "link" in styles else ""


def _with_terms(text: str, style: str, target: str) -> Iterator[Words]:
    at = 0
    for found in _TERM.finditer(text):
        if found.start() > at:
            yield Words(text[at : found.start()], style, target)
        yield Words(found[2] or found[1], "term", found[1])
        at = found.end()
    if at < len(text):
        yield Words(text[at:], style, target)


def _sections(blocks: list[Block], problems: Problems) -> list[Section]:
    """The overview, then a section for each heading of the second level."""
    groups: list[tuple[Block | None, list[Block]]] = [(None, [])]
    for block in blocks:
        if block.kind == "heading2":
            groups.append((block, []))
        else:
            groups[-1][1].append(block)
    return [_section(heading, found, problems) for heading, found in groups]


def _section(heading: Block | None, blocks: list[Block], problems: Problems) -> Section:
    if heading is None:
        return Section("Overview", "overview", blocks[0].line if blocks else 1, tuple(blocks))
    found = _ATTRIBUTES.search(heading.text)
    title = heading.text[: found.start()] if found else heading.text
    facts = dict(_PAIR.findall(found[1])) if found else {}
    for name in facts.keys() - {"covers", "corrects", "gap"}:
        problems.add("covers, corrects or gap", name, item=title, line=heading.line)
    return Section(
        title,
        slug(title),
        heading.line,
        tuple(blocks),
        tuple(facts.get("covers", "").split()),
        tuple(facts.get("corrects", "").split()),
        facts.get("gap", ""),
    )


def slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
