"""What an answer is worth: a rating of 1 (again), 2 (hard), 3 (good) or 4 (easy), and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.course.items import (
    DIRECTIONS,
    BuildItem,
    ChoiceItem,
    EssayItem,
    Item,
    NumberItem,
    PredictItem,
    RecallItem,
    Tolerance,
)
from engine.course.numbers import parse_number
from engine.course.questions import Computed, Key, Question, is_solved
from engine.errors import InputError

AGAIN, HARD, GOOD, EASY = 1, 2, 3, 4
RATINGS = {AGAIN: "forgot", HARD: "hard", GOOD: "knew", EASY: "at once"}
EXPECTED = {
    "order": "the numbers, largest first",
    "curve": "eight numbers",
    "recall": "1 forgot, 2 hard, 3 knew, 4 at once",
    "build": "parameters of its aid",
    "essay": "a tick for each point",
}
"""what is typed for each form without numbers of its own"""
TRIES = 2
"""for a number"""


@dataclass(frozen=True, slots=True)
class Marked:
    rating: int | None
    """None where nothing is scheduled, and after the first wrong try of a number"""
    right: bool
    difference: str = ""
    """between answer and key, in words"""
    why: str = ""
    """the reason that this choice is wrong"""

    @property
    def may_retry(self) -> bool:
        return self.rating is None and not self.right


def parse_answer(asked: Question, given: object) -> Any:
    """The answer as it is kept in the log: a rating, a place, a number, places, eight numbers or parameters.

    Raises InputError in one line.
    """
    item = asked.item
    form = form_of(item)
    if form == "recall":
        return _one_of(given, range(AGAIN, EASY + 1), "1 to 4")
    if form == "choice":
        return _one_of(given, range(len(asked.choices)), f"a choice from 0 to {len(asked.choices) - 1}")
    if form == "direction":
        return _one_of(given, DIRECTIONS, ", ".join(DIRECTIONS))
    if form == "order":
        return _order(given, len(asked.choices))
    if form == "curve":
        return _curve(given)
    if form == "number":
        return given if _is_number(given) else parse_number(str(given))
    if isinstance(given, Mapping):
        return dict(given)
    if form == "essay" and isinstance(given, Sequence) and not isinstance(given, str):
        return [bool(one) for one in given]
    raise InputError(f"answer: expected parameters of {item.aid or 'an aid'}, got {str(given)[:80]!r}.")


def mark(
    asked: Question,
    computed: Computed,
    answer: Any,
    *,
    guessed: bool = False,
    hinted: bool = False,
    attempt: int = 1,
) -> Marked:
    """`answer` as `parse_answer` returns it; `attempt` counts the tries of a number from 1."""
    item, key = asked.item, computed.key
    if isinstance(item, RecallItem):
        return Marked(int(answer), int(answer) > AGAIN)
    if isinstance(item, EssayItem):
        return Marked(None, True)
    if isinstance(item, BuildItem):
        solved = is_solved(item, answer)
        return Marked(None, solved, "" if solved else f"{item.goal} is not reached yet.")
    if isinstance(item, PredictItem) and item.form in ("number", "curve"):
        return _predicted(item, key, answer, guessed)
    if isinstance(item, NumberItem):
        return _number(item, key, answer, guessed, hinted, attempt)
    right = answer == key if not isinstance(key, tuple) else tuple(answer) == key
    rating = AGAIN if not right or guessed else HARD if hinted else GOOD
    why = ""
    if isinstance(item, ChoiceItem) and not right:
        why = item.choices[asked.places[answer]].why
    return Marked(rating, right, "" if right else _told_key(asked, key), why)


def _number(item: NumberItem, key: Key, answer: float, guessed: bool, hinted: bool, attempt: int) -> Marked:
    [wanted] = _numbers(key)
    off = abs(answer - wanted)
    if off <= item.tol.of(wanted):
        rating = AGAIN if guessed else HARD if hinted or attempt > 1 else GOOD
        return Marked(rating, True, f"It is {number_text(wanted)}.")
    if attempt < TRIES and not guessed:
        return Marked(None, False, "Not yet; try once more.")
    return Marked(AGAIN, False, f"It is {number_text(wanted)}: off by {number_text(off)}.")


def _numbers(key: Key) -> list[float]:
    """The number that was computed, or those of a curve."""
    assert key is not None, "an item without a key is in no queue"
    return [float(one) for one in (key if isinstance(key, tuple) else (key,))]


def _predicted(item: PredictItem, key: Key, answer: Any, guessed: bool) -> Marked:
    said = [float(answer)] if item.form == "number" else [float(one) for one in answer]
    wanted = _numbers(key)
    size = max(map(abs, wanted))
    off = sum(abs(one - other) for one, other in zip(said, wanted, strict=True)) / len(wanted)
    near, far = item.near.of(size), item.far.of(size)
    each = "" if item.form == "number" else " in the mean"
    start = f"Off by {number_text(off)}{each}"
    if off <= near:
        return Marked(HARD if guessed else GOOD, True, f"{start}, within {number_text(near)}: right.")
    if off <= far:
        return Marked(HARD, False, f"{start}, within {number_text(far)}: near.")
    return Marked(AGAIN, False, f"{start}, more than {number_text(far)}: asked again.")


def _told_key(asked: Question, key: Key) -> str:
    if isinstance(key, tuple):
        return "It is: " + ", ".join(asked.choices[int(place)] for place in key) + "."
    return f"It is: {asked.choices[key]}." if isinstance(key, int) else f"It {key}."


def answer_text(asked: Question, answer: Any) -> str:
    """An answer, or a key, in words."""
    item = asked.item
    form = form_of(item)
    if form == "recall":
        return RATINGS.get(answer, "") if isinstance(answer, int) else str(answer)
    if form == "choice" and isinstance(answer, int) and 0 <= answer < len(asked.choices):
        return asked.choices[answer]
    if form == "order" and isinstance(answer, Sequence):
        return ", ".join(asked.choices[int(place)] for place in answer if 0 <= place < len(asked.choices))
    if form == "curve" and isinstance(answer, Sequence):
        return " ".join(number_text(float(one)) for one in answer)
    return number_text(float(answer)) if _is_number(answer) else str(answer)


def form_of(item: Item) -> str:
    """How it is answered: a kind, or the form of a prediction."""
    return item.form if isinstance(item, PredictItem) else item.kind


def expected_text(asked: Question) -> str:
    """What is typed as an answer, choices and rows counted from 1."""
    item = asked.item
    form = form_of(item)
    if form in ("choice", "direction"):
        return f"1 to {len(asked.choices)}"
    if form in EXPECTED:
        return EXPECTED[form]
    return (
        f"a number, {tolerance_text(item.tol)}"
        if isinstance(item, NumberItem)
        else "a number, your prediction"
    )


def number_text(value: float) -> str:
    return f"{value:.4g}"


def tolerance_text(tolerance: Tolerance) -> str:
    """How near an answer has to be, for the question."""
    parts = [f"{tolerance.absolute:g}"] if tolerance.absolute else []
    parts += [f"{tolerance.relative * 100:g} %"] if tolerance.relative else []
    return "within " + " or ".join(parts)


# --- answers ----------------------------------------------------------------------------------------------


def _one_of(given: object, allowed: Sequence[Any], expected: str) -> Any:
    wanted: object = given
    if isinstance(allowed, range) and isinstance(given, str) and given.strip().isdecimal():
        wanted = int(given)
    if isinstance(wanted, bool) or wanted not in allowed:
        raise InputError(f"answer: expected {expected}, got {str(given)[:80]!r}.")
    return wanted


def _order(given: object, count: int) -> list[int]:
    found: Any = given.replace(",", " ").split() if isinstance(given, str) else given
    try:
        places = [int(one) for one in found]
    except (TypeError, ValueError):
        places = []
    if sorted(places) != list(range(count)):
        raise InputError(
            f"answer: expected the numbers 0 to {count - 1} in an order, got {str(given)[:80]!r}."
        )
    return places


def _curve(given: object) -> list[float]:
    found = given.split() if isinstance(given, str) else given
    if not isinstance(found, Sequence) or len(found) != 8:
        raise InputError(f"answer: expected eight numbers, got {str(given)[:80]!r}.")
    return [float(one) if _is_number(one) else parse_number(str(one)) for one in found]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
