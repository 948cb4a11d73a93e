"""A lecture as rows of text, with the places of what one can open in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from rich.cells import cell_len, chop_cells

from engine.course.reading import Block, Lecture, Section, Words, plain_words
from engine.session_protocol.learn import ItemLine
from tui.learn.today_rows import day_name
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span, clipped, row_width
from tui.ui.wrap import wrap_row

WIDEST = 76
"""most cells of a line of text"""
STYLES = {
    "strong": "strong", "emphasis": "accent", "code": "done", "term": "link", "link": "link",
}  # fmt: skip
TRY_FIRST = "try first"
AFTER = {"today": "t", "lecture": "n"}
"""kinds of what one can open at the end of a lecture, with the keys that open it as well"""


@dataclass(frozen=True, slots=True)
class Opening:
    """Something that enter opens: an aid, an item, a term, a link; at the end the next lecture, or today."""

    kind: str
    name: str
    """of the aid or term, id of the item or lecture, address of the link"""
    section: str
    """slug"""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LectureTexts:
    """What the rows of a lecture need beside its text."""

    items: Mapping[str, ItemLine] = field(default_factory=dict)
    aids: Mapping[str, str] = field(default_factory=dict)
    """titles by name"""
    terms: Mapping[str, str] = field(default_factory=dict)
    """texts by name"""
    open_terms: Collection[int] = ()
    """openings of terms whose text is shown in place"""
    aid_beside: str = ""
    """the aid that is shown on the right"""
    after: Sequence[tuple[str, str, str]] = ()
    """what one can open at the end: kind, name and text"""


@dataclass(slots=True)
class LecturePage:
    """The rows, and where everything is in them."""

    rows: list[Row] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    """of each opening"""
    sections: dict[str, tuple[int, int]] = field(default_factory=dict)
    """first row and the row behind the last one, by slug"""

    def section_at(self, row: int) -> str:
        """The slug of the section that a row belongs to."""
        found = ""
        for slug, (first, _) in self.sections.items():
            if first <= row or not found:
                found = slug
        return found


_WORDS = re.compile(r" +|[^ ]+")
Piece = tuple[str, str, int]
"""text, style name, number of the opening or -1"""


def lecture_page(lecture: Lecture, texts: LectureTexts, width: int, chosen: int, today: date) -> LecturePage:
    """`chosen` is the number of the opening under the cursor."""
    page = LecturePage()
    room = max(20, min(WIDEST, width - 2))
    composer = _Composer(page, texts, room, chosen, today)
    for section in lecture.all_sections:
        composer.add_section(section, lecture.opens if section is lecture.overview else ())
    if texts.after:
        composer.add_end()
    return page


class _Composer:
    def __init__(self, page: LecturePage, texts: LectureTexts, room: int, chosen: int, today: date) -> None:
        self._page, self._texts, self._room = page, texts, room
        self._chosen, self._today = chosen, today
        self._slug = ""

    def add_section(self, section: Section, opens: Sequence[str]) -> None:
        rows, self._slug = self._page.rows, section.slug
        first = len(rows)
        if first:
            rows.append((Span(" " + section.title, "key"),))
            rows.append(())
        was_opening = was_list = False
        for block in section.blocks:
            is_opening, is_list = block.kind in ("aid", "item"), block.kind in ("bullet", "number")
            if (was_opening and not is_opening) or (was_list and not is_list):
                rows.append(())
            self._add_block(block)
            was_opening, was_list = is_opening, is_list
        for item in opens:
            self._open_line(Opening("item", item, self._slug), TRY_FIRST)
            was_opening = True
        if was_opening:
            rows.append(())
        rows.append(())
        self._page.sections[section.slug] = (first, len(rows))

    def add_end(self) -> None:
        """What follows the lecture."""
        rows = self._page.rows
        rows += [(Span(f" {glyphs().rule * 3} the end of this lecture", "muted"),), ()]
        for kind, name, _ in self._texts.after:
            self._open_line(Opening(kind, name, self._slug))
        rows.append(())

    def _add_block(self, block: Block) -> None:
        if block.kind in ("aid", "item"):
            self._open_line(Opening(block.kind, block.name, self._slug, dict(block.params or {})))
            return
        if block.kind == "code":
            for line in block.text.split("\n"):
                row: Row = (Span("     "), Span(plain(line), "done"))
                self._page.rows.append(clipped(row, self._room + 1))
            self._page.rows.append(())
            return
        first, indent = self._lead(block)
        style_name = (
            "strong" if block.kind.startswith("heading") else "muted" if block.kind == "quote" else ""
        )
        begun = len(self._page.openings)
        pieces = [(first, "muted", -1), *self._pieces(block.words, style_name)]
        self._page.rows += self._wrapped(pieces, indent)
        for number in range(begun, len(self._page.openings)):
            if number in self._texts.open_terms:
                self._add_definition(self._page.openings[number].name)
        if block.kind not in ("bullet", "number"):
            self._page.rows.append(())

    def _lead(self, block: Block) -> tuple[str, int]:
        """What stands before a paragraph, and the indent of its lines."""
        sign = "-" if glyphs().ascii_only else "•"
        before = " " * max(0, 2 * block.depth - 1)
        if block.kind == "bullet":
            return f"{before} {sign} ", cell_len(before) + 3
        if block.kind == "number":
            return f"{before} {block.name}. ", cell_len(before) + 3 + len(block.name)
        if block.kind == "quote":
            return f" {glyphs().upright} ", 3
        return " ", 1

    def _pieces(self, words: Sequence[Words], style_name: str) -> Iterator[Piece]:
        for word in words:
            number = -1
            if word.style in ("term", "link"):
                number = len(self._page.openings)
                self._page.openings.append(Opening(word.style, word.target, self._slug))
                self._page.lines.append(-1)
            here = "picked" if number >= 0 and number == self._chosen else STYLES.get(word.style, style_name)
            yield plain(word.text, limit=5_000), here, number

    def _wrapped(self, pieces: Sequence[Piece], indent: int) -> list[Row]:
        """Lines broken at blanks; the lines of openings are noted."""
        lines: list[list[Span]] = [[]]
        at = 0
        first = len(self._page.rows)
        for text, style_name, number in pieces:
            for word in _words_of(text, self._room - indent):
                size = cell_len(word)
                if at + size > self._room + 1 and at > indent:
                    lines.append([Span(" " * indent)])
                    at = indent
                if word.isspace() and at == indent and len(lines) > 1:
                    continue
                last = lines[-1][-1] if lines[-1] else None
                if last is not None and last.style_name == style_name:
                    lines[-1][-1] = Span(last.text + word, style_name)
                else:
                    lines[-1].append(Span(word, style_name))
                at += size
                if number >= 0 and self._page.lines[number] < 0 and not word.isspace():
                    self._page.lines[number] = first + len(lines) - 1
        return [tuple(line) for line in lines]

    def _add_definition(self, term: str) -> None:
        text = self._texts.terms.get(term, "")
        words = plain_words(text) if text else (Words("not in the glossary"),)
        pieces = [(f"   {glyphs().upright} ", "link", -1), (f"{term}: ", "strong", -1)]
        pieces += [(plain(word.text, limit=2_000), "muted", -1) for word in words]
        self._page.rows += self._wrapped(pieces, 5)

    def _open_line(self, opening: Opening, label: str = "") -> None:
        number = len(self._page.openings)
        self._page.openings.append(opening)
        self._page.lines.append(len(self._page.rows))
        if opening.kind in AFTER:
            title = next(text for kind, name, text in self._texts.after if name == opening.name)
            state = AFTER[opening.kind]
        elif opening.kind == "aid":
            title = self._texts.aids.get(opening.name, opening.name.replace("_", " "))
            state = "on the right" if opening.name == self._texts.aid_beside else "try it"
        else:
            title, state = self._item_texts(opening.name)
        state = label or state
        is_here = number == self._chosen
        sign = glyphs().choice[1] if is_here else glyphs().fold[0]
        left = (Span(f" {sign} ", "key"), Span(plain(title, limit=300), "picked" if is_here else "strong"))
        room = self._room + 1 - cell_len(state) - 2
        first, *others = wrap_row(left, room, 3)
        self._page.rows.append((*first, Span(" " * (room + 2 - row_width(first))), Span(state, "muted")))
        if others:
            cut = (*others[0], Span(glyphs().cut)) if len(others) > 1 else others[0]
            self._page.rows.append(clipped(cut, self._room + 1))

    def _item_texts(self, item: str) -> tuple[str, str]:
        """The question, and its kind and state."""
        line = self._texts.items.get(item)
        if line is None:
            return item, ""
        state = item_state(line, self._today)
        return line.ask, f"{line.kind}  {state:>12}" if state else f"{line.kind:<13} "


def item_state(line: ItemLine, today: date) -> str:
    """due today, due tomorrow, solved; nothing for a question that was never asked."""
    if line.state == "due":
        return "due today"
    if line.state in ("learning", "known") and line.due:
        return f"due {day_name(line.due, today)}" if line.due > today.isoformat() else "due today"
    return {"locked": "locked", "solved": "solved", "new": "new"}.get(line.state, "")


def _words_of(text: str, most: int) -> Iterator[str]:
    """Words and blanks; what is longer than a line comes in parts."""
    for word in _WORDS.findall(text):
        if cell_len(word) > most:
            yield from chop_cells(word, most)
        else:
            yield word
