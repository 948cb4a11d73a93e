"""The text of a question, its hints, and what came of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from engine.course.reading import plain_words
from engine.session_protocol.learn_items import AskedItem, LockedAnswer, MarkedItem, RunOutcome, TriedItem
from tui.learn.today_rows import day_name
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain
from tui.ui.numbers import wall_clock
from tui.ui.span import Row, Span
from tui.ui.wrap import wrap_row

WIDEST = 96


@dataclass(slots=True)
class CardState:
    """A question on the screen."""

    asked: AskedItem
    mode: str = "review"
    """review and one are marked; try is not; exam tells nothing"""
    phase: str = "ask"
    """ask, shown (the answer of a recall), running, stopped (a locked one that was not run to its end), seen
    (what happened beside what was said), done"""
    order: list[int] = field(default_factory=list)
    """places of the rows of an order, as arranged"""
    cursor: int = 0
    chosen: int = -1
    """place of a choice of a prediction, before it is locked"""
    hints: int = 0
    guessed: bool = False
    attempt: int = 1
    ticks: list[bool] = field(default_factory=list)
    locked: LockedAnswer | None = None
    outcome: RunOutcome | None = None
    marked: MarkedItem | None = None
    tried: TriedItem | None = None
    note: str = ""
    """why an answer is none, or that a number may be tried once more"""
    progress: float = 0.0
    points: list[float] = field(default_factory=list)
    """of a curve, as they are drawn; the cursor is on one of them"""
    types_numbers: bool = False
    """whether the points of a curve are typed"""

    @property
    def is_marked(self) -> bool:
        """Whether an answer is written to the log."""
        return self.mode in ("review", "one", "exam")

    @property
    def is_prediction(self) -> bool:
        return self.asked.kind == "predict"

    @property
    def is_typed(self) -> bool:
        return self.asked.form == "number" or self.types_numbers

    @property
    def is_drawn(self) -> bool:
        """Whether it is a curve that waits to be drawn."""
        return self.asked.form == "curve" and self.phase == "ask"


def signs() -> tuple[str, str]:
    """Those of what one said and of what happened."""
    return ("o", "*") if glyphs().ascii_only else ("◇", "●")


def card_rows(card: CardState, today: date, width: int) -> list[Row]:
    room = min(width, WIDEST)
    rows = _text(card.asked.ask, room, "strong")
    rows += [(), *_choices(card, room)]
    if card.guessed and card.phase == "ask":
        rows.append((Span("It counts as a guess: right or wrong, it comes back soon.", "warn"),))
    for hint in card.asked.hints[: card.hints]:
        rows += wrap_row((Span("hint  ", "key"), Span(plain(hint, limit=400), "text")), room, 6)
    rows += _waiting(card)
    if card.asked.form == "recall" and card.phase in ("shown", "done"):
        rows += _answer(card, room)
    if card.asked.form == "essay":
        rows += _rubric(card, room)
    rows += _outcome(card, room)
    rows += _result(card, today, room)
    if card.note:
        rows += [(), *_text(card.note, room, "warn")]
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _text(text: str, width: int, style_name: str) -> list[Row]:
    """Markdown of one paragraph, wrapped."""
    styles = {"strong": "strong", "emphasis": "accent", "code": "done", "term": "link"}
    spans = [
        Span(plain(word.text, limit=2_000), styles.get(word.style, style_name)) for word in plain_words(text)
    ]
    return wrap_row(tuple(spans), width)


def _choices(card: CardState, width: int) -> list[Row]:
    asked = card.asked
    if not asked.choices:
        return []
    rows: list[Row] = []
    is_order = asked.form == "order"
    shown = card.order if is_order else range(len(asked.choices))
    for number, place in enumerate(shown, 1):
        is_here = card.phase == "ask" and (number - 1 == card.cursor if is_order else place == card.chosen)
        is_answer = card.phase == "done" and not is_order and place == card.chosen
        sign = glyphs().choice[1] if is_here or is_answer else " "
        style_name = _style_of_choice(card, place) if not is_here else "picked"
        name = f"{number}. " if is_order else f"{number}  "
        row = (Span(f"{sign} ", "key"), Span(name, "key" if not is_order else "muted"),
               Span(plain(asked.choices[place], limit=300), style_name))  # fmt: skip
        rows += wrap_row(row, width, 5)
    if is_order:
        rows.append((Span("     the largest is first", "muted"),))
    return [*rows, ()]


def _style_of_choice(card: CardState, place: int) -> str:
    """The right one and the one that was chosen, once they are known."""
    if card.asked.form != "choice" or card.mode == "exam":
        return "text"
    if card.marked is not None:
        is_right = card.marked.key == place
    elif card.tried is not None:
        is_right = card.asked.choices[place] == card.tried.happened
    else:
        return "text"
    return "good" if is_right else "bad" if place == card.chosen else "muted"


def _waiting(card: CardState) -> list[Row]:
    if card.phase not in ("running", "stopped"):
        return []
    said = f"locked at {wall_clock(card.locked.at, 1.5)}: {card.locked.said}" if card.locked else "computing"
    share = f"  {round(100 * card.progress)} %" if card.progress else ""
    return [
        (
            Span(plain(said, limit=200), "accent"),
            Span(f"   it runs now{share}" if card.locked and card.phase == "running" else share, "muted"),
        )
    ]


def _answer(card: CardState, width: int) -> list[Row]:
    rows = _text(card.asked.answer, width, "text")
    for point in card.asked.points:
        rows += wrap_row(
            (Span(f"  {glyphs().dot} ", "muted"), Span(plain(point, limit=300), "muted")), width, 4
        )
    if card.phase == "shown":
        rows += [(), (Span("Did you know all of these points?", "strong"),)]
    return [*rows, ()]


def _rubric(card: CardState, width: int) -> list[Row]:
    rows: list[Row] = [(Span("Your text is good where it", "muted"),)]
    for number, (point, is_met) in enumerate(zip(card.asked.points, card.ticks, strict=True), 1):
        sign = "[x]" if is_met else "[ ]"
        row = (Span(f"  {number} {sign} ", "key"), Span(plain(point, limit=300), "text"))
        rows += wrap_row(row, width, 8)
    return [*rows, ()]


def _outcome(card: CardState, width: int) -> list[Row]:
    """What happened below what was said, in words; the drawing is below it."""
    outcome = card.outcome
    if outcome is None:
        return []
    you, happened = signs()
    rows = wrap_row(
        (Span(f"{you} you said   ", "accent"), Span(plain(outcome.said, limit=300), "text")), width, 13
    )
    rows += wrap_row(
        (Span(f"{happened} happened   ", "strong"), Span(plain(outcome.happened, limit=300), "strong")),
        width,
        13,
    )
    rows += _text(outcome.difference, width, "good" if outcome.is_right else "warn")
    when = f"it ran on {outcome.stored}" if outcome.stored else f"it ran in {outcome.seconds:.1f} s"
    locked = f"locked at {wall_clock(card.locked.at, 1.5)}, " if card.locked is not None else ""
    return [*rows, (Span(f"{locked}{when}, seed {outcome.seed}", "muted"),), ()]


def _result(card: CardState, today: date, width: int) -> list[Row]:
    found = card.marked or card.tried
    if found is None or card.mode == "exam":
        return []
    rows: list[Row] = []
    is_recall, is_prediction = card.asked.form == "recall", card.outcome is not None
    if not is_prediction and not is_recall:
        word = "Right. " if found.is_right else "No. " if card.asked.form not in ("build", "essay") else ""
        style_name = "good" if found.is_right else "bad"
        difference = "" if card.asked.kind in ("build", "essay") and found.is_right else found.difference
        head = (Span(word, style_name), Span(plain(difference, limit=400), "text"))
        rows += wrap_row(head, width) if word or difference else []
    if found.why:
        rows += _text(found.why, width, "text")
    if found.explain:
        rows += [*([()] if rows else []), *_text(found.explain, width, "text")]
    rows += [(), *_when(card, today)]
    return rows


def _when(card: CardState, today: date) -> Sequence[Row]:
    marked = card.marked
    if marked is None:
        return [(Span("Nothing is marked.", "muted"),)]
    if marked.is_practice:
        return [(Span("Practice: the card was marked today before and keeps its day.", "muted"),)]
    if not marked.due:
        return []
    again = "it is asked once more today, and " if marked.rating == 1 else ""
    text = f"{again}it comes back {_day(marked.due, today)}."
    rows: list[Row] = [(Span(text[0].upper() + text[1:], "muted"),)]
    if marked.lapses >= 5:
        rows.append((Span(f"Missed {marked.lapses} times: a weak spot. o opens its aid.", "warn"),))
    return rows


def _day(day: str, today: date) -> str:
    name = day_name(day, today)
    return name if name == "tomorrow" else f"on {name}"
