"""The text of today: what is due, the days behind and ahead, weak spots."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from rich.cells import cell_len, set_cell_size

from engine.course.due import Due, day_of
from engine.session_protocol.learn import GoOn, LearnToday, LectureLine, WeakSpot
from tui.learn.cursor_list import ListRow, cursor_sign
from tui.learn.share_bar import share_bar
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.span import Row, Span, fitted, justified
from tui.ui.wrap import wrap_row

LABEL = 11
"""cells of the names at the left"""
ASCII_LEVELS = ".:-=+*%#"
BEGINNING = "l01"
"""the lecture of the invitation"""
LOOP = (
    "Read a screen of text, change the thing it is about, predict what will happen, lock the prediction, "
    "run it on the real engine and see. The question returns some days later, with other numbers. "
    "A lecture begins with four minutes of text."
)


@dataclass(frozen=True, slots=True)
class RunInTraining:
    name: str
    minutes: int
    """left"""


def today_rows(
    facts: LearnToday, training: RunInTraining | None, today: date, width: int, cursor: int
) -> list[ListRow]:
    """Entry 0 is the review; the weak spots follow."""
    rows: list[Row] = [(), *_due(facts, width, cursor == 0)]
    rows += [(), *_history(facts, today, width)]
    found: list[ListRow] = [(row, 0 if number < 3 else None) for number, row in enumerate(rows)]
    found += _weak_spots(facts.weak, width, cursor)
    found += [(row, None) for row in _notes(facts, width)]
    return found + [(row, None) for row in _training(facts, training)]


def lecture_rows(lectures: Sequence[LectureLine], width: int) -> list[Row]:
    """A line for each lecture: how far it is read, and how many of its cards are known."""
    room = max(20, min(56, width - 40))
    digits = number_width(lectures)
    head = Span(justified("   lectures", room + digits + 5), "strong")
    rows: list[Row] = [(), (head, Span("read", "muted"))]
    for line in lectures:
        read, cards = line.progress.sections, line.progress
        all_cards = cards.new + cards.learning + cards.known
        rows.append(
            (
                Span(f"   {number_of(line.id):>{digits}} ", "key"),
                Span(justified(cut(plain(line.progress.title, limit=90), room), room + 1), "text"),
                *share_bar(read.done / read.of if read.of else 0.0, 10),
                Span(f"  {cards.known:>2} of {all_cards} cards known", "muted"),
            )
        )
    return rows


def counted_rows(counted: Due | None) -> list[ListRow]:
    """What is shown until more than the numbers is known."""
    if counted is None:
        return [((), 0)]
    text = f"{counted.due} due, about {_minutes(counted.minutes)}" if counted.due else "nothing due"
    text += f", then {counted.new} new" if counted.new else ""
    return [((), 0), ((cursor_sign(True), Span(text, "strong")), 0)]


def invitation_rows(lectures: Sequence[LectureLine], width: int, cursor: int) -> list[ListRow]:
    """What there is for somebody who has begun nothing: every lecture is an entry, once they are known."""
    room = min(width, 78)
    rows: list[Row] = [(), (Span(" Nine lectures on neural networks that one can touch.", "strong"),), ()]
    rows += wrap_row((Span(f" {LOOP}", "text"),), room, 1)
    found: list[ListRow] = [(row, 0) for row in (*rows, ())]
    digits = number_width(lectures)
    for place, line in enumerate(lectures):
        is_here = place == cursor
        title = justified(cut(plain(line.progress.title, limit=90), width - 20), min(56, width - 20))
        name = Span(title, "strong" if is_here else "text")
        row = (cursor_sign(is_here), Span(f"{number_of(line.id):>{digits}} ", "key"), name)
        found.append(((*row, Span(f"{line.minutes:>3} min", "muted")), place))
    enter = f" opens lecture {cursor + 1}   "
    texts = (" enter", enter, "a", " what one can touch   ", "?", " all keys")
    hint = tuple(Span(text, "text" if number % 2 else "key") for number, text in enumerate(texts))
    return [*found, *([((), None)] if lectures else []), (hint, None if lectures else 0)]


def _due(facts: LearnToday, width: int, is_here: bool) -> list[Row]:
    due, new = len(facts.due), len(facts.new)
    origin = lectures_of(facts.new)
    if due:
        text = f"{due} due, about {_minutes(facts.minutes)}" + (f", then {new} new{origin}" if new else "")
    else:
        text = f"nothing due, {new} new{origin}" if new else "nothing due today"
    hints: list[Span] = [Span("   ")]
    if facts.exam:
        hints += [Span("e", "key"), Span(" the exam that you left      ", "muted")]
    if due or new:
        hints += [Span("enter", "key"), Span(" review      ", "muted")]
    if facts.go_on is not None:
        hints += [
            Span("s" if due or new else "enter", "key"),
            Span(f" read on in {place_read(facts.go_on)}", "muted"),
        ]
    rows: list[Row] = [(cursor_sign(is_here), Span(text, "strong")), tuple(hints)]
    if not due and not new and not facts.cards:
        rows.append(
            (Span("   Questions come here once you have read the section that they are about.", "muted"),)
        )
    if facts.left:
        rows.append(
            (Span("   "), Span("+", "key"), Span(f" more: {facts.left} wait until tomorrow", "muted"))
        )
    if facts.exam_on:
        rows.append((Span(f"   exam on {facts.exam_on}: every card once in its last week", "muted"),))
    return rows


def place_read(place: GoOn) -> str:
    """5 Error backpropagation, "Deltas by hand" """
    section = f', "{place.section_title}"' if place.section_title else ""
    return plain(f"{number_of(place.lecture)} {place.title}{section}", limit=120)


def number_of(lecture: str) -> str:
    """2 for l02, deck:2 for deck:l02."""
    prefix, _, bare = lecture.rpartition(":")
    number = bare[1:].lstrip("0") if bare[1:].isdecimal() else bare
    return f"{prefix}:{number}" if prefix else number


def number_width(lectures: Iterable[LectureLine]) -> int:
    """Cells of the longest number of these: that of a deck has its name before it."""
    return max((len(number_of(line.id)) for line in lectures), default=1)


def lectures_of(items: Iterable[str]) -> str:
    """ " from lecture 5" or " from lectures 2 and 5", of ids of items."""
    lectures = sorted({number_of(item.partition(".")[0]) for item in items})
    if not lectures:
        return ""
    *others, last = lectures
    return f" from lectures {', '.join(others)} and {last}" if others else f" from lecture {last}"


def _minutes(count: int) -> str:
    return f"{count} minute{'' if count == 1 else 's'}"


def _history(facts: LearnToday, today: date, width: int) -> list[Row]:
    counts = [day.cards for day in facts.days]
    studied = sum(count > 0 for count in counts)
    rows = []
    if facts.cards:
        told = f"    {studied} day{'' if studied == 1 else 's'}, "
        told += f"{facts.cards} card{'' if facts.cards == 1 else 's'}"
        rows.append(_named("28 days", Span(levels(counts), "accent"), Span(told, "text")))
    seen = facts.foreseen
    if seen.all:
        text = f"{seen.right} of {seen.all} this week"
        text += (
            f", {seen.right_not_guessed} of {seen.not_guessed} that were no guess" if seen.not_guessed else ""
        )
        rows.append(_named("foreseen", Span(text, "text")))
    if facts.next:
        ahead = facts.next[: 3 if width < 100 else 6]
        parts = [f"{day_name(one.day, today)} {one.cards}" for one in ahead]
        rows.append(_named("next", Span("   ".join(parts), "text")))
    return rows


def _named(name: str, *spans: Span) -> Row:
    return (Span(f"   {justified(name, LABEL)}", "muted"), *spans)


def levels(counts: Sequence[int]) -> str:
    """A character for each day, a dot for none."""
    most = max(counts, default=0)
    signs = []
    for count in counts:
        share = count / most if most else 0.0
        if not count:
            signs.append(" " if glyphs().ascii_only else glyphs().dot)
        else:
            signs.append(glyphs().level(share) or ASCII_LEVELS[min(7, int(share * 8))])
    return "".join(signs)


def learning_day() -> date:
    """The day of learning at this moment: until 04:00 that of the evening before."""
    return day_of(time.time())


def day_name(day: str, today: date) -> str:
    """tomorrow, the day of the week within a week, else the date."""
    found = date.fromisoformat(day)
    ahead = (found - today).days
    if ahead == 1:
        return "tomorrow"
    return f"{found:%A}" if ahead < 7 else f"{found:%b} {found.day}"


def _weak_spots(weak: Sequence[WeakSpot], width: int, cursor: int) -> list[ListRow]:
    if not weak:
        return []
    room = max(20, min(width, 100) - 30)
    head = (Span(justified("   weak spots", room + 5), "strong"), Span("missed", "muted"))
    rows: list[ListRow] = [((), None), (head, None)]
    for place, spot in enumerate(weak, 1):
        times = justified(f"  {spot.lapses} times", 12)
        row = (
            cursor_sign(place == cursor),
            Span(
                justified(cut(plain(spot.ask, limit=200), room), room),
                "strong" if place == cursor else "text",
            ),
            Span(times, "text"),
            Span(spot.aid, "muted"),
        )
        rows.append((fitted(row, width), place))
    return rows


def cut(text: str, room: int) -> str:
    """The text where it fits, else with an ellipsis at its end."""
    return text if cell_len(text) <= room else set_cell_size(text, room - 1).rstrip() + glyphs().cut


def _notes(facts: LearnToday, width: int) -> list[Row]:
    texts = list(facts.notes)
    if facts.orphans:
        texts.append(f"{facts.orphans} marks are of questions that no deck has; they are kept.")
    if facts.locked:
        texts.append(
            f"{len(facts.locked)} locked, and not run yet: in the review they come with their numbers."
        )
    rows = [
        row for text in texts for row in wrap_row((Span(f"   {plain(text, limit=300)}", "warn"),), width, 3)
    ]
    return [(), *rows] if rows else []


def _training(facts: LearnToday, training: RunInTraining | None) -> list[Row]:
    if training is None:
        return []
    fit = int(training.minutes * 60 // max(1.0, facts.seconds_a_card))
    waiting = len(facts.due) + len(facts.new)
    if not waiting:
        fits = "time for a section."
    elif fit >= waiting:
        fits = f"all {waiting} cards fit." if waiting > 1 else "the card fits."
    else:
        fits = f"{fit} of {waiting} cards fit." if fit else "no card fits."
    return [(), (Span(f"   '{plain(training.name)}' trains, {training.minutes} min left: {fits}", "muted"),)]
