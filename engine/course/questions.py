"""A question as it is asked: numbers drawn for one review, choices in a shuffled order, and its key.

The aids compute keys and are imported when one is asked for; this file imports no NumPy.
"""

from __future__ import annotations

import hashlib
import importlib
import itertools
import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.aids.computing_in_parts import Pieces, finish
from engine.course.items import (
    DIRECTIONS,
    BuildItem,
    ChoiceItem,
    Item,
    NumberItem,
    OrderItem,
    PredictItem,
    RecallItem,
)
from engine.errors import DltuiError, InputError
from engine.params import Param, build

Key = float | int | str | tuple[float, ...] | tuple[int, ...] | None
"""a number; the place of the right choice among those shown; a direction or an answer in words; the values
of a curve; the places of the rows shown, largest first; None where there is none"""
SAME = 0.05
"""relative difference below which a key stays as it was, and rows are not told apart"""
COMBINATIONS = 64
"""most combinations of varied values that are tried"""
WIDE = 1000
"""ratio of values from which on bars are logarithmic"""
_RANGE = re.compile(r"\s*(-?[\d.eE+-]+?)\s*\.\.\s*(-?[\d.eE+-]+?)(\s+log)?\s*")
_NAMED = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Question:
    item: Item
    seed: int
    drawn: dict[str, Any]
    """the values of `vary`"""
    params: dict[str, Any]
    """all parameters that are given to the aid"""
    ask: str
    choices: tuple[str, ...] = ()
    """choices or rows as shown"""
    places: tuple[int, ...] = ()
    """of each shown choice or row, its place in the item"""


@dataclass(frozen=True, slots=True)
class Computed:
    key: Key
    values: dict[str, float]
    """of the aid"""
    data: dict[str, Any]


def seed_of(item_id: str, rev: int, review: int) -> int:
    """The seed of the `review`-th time that an item is asked, from 0."""
    return int.from_bytes(hashlib.sha256(f"{item_id}/{rev}/{review}".encode()).digest()[:4], "big") >> 1


def question(item: Item, seed: int) -> Question:
    """Raises InputError where a range of `vary` cannot be read."""
    source = random.Random(f"{item.id}/{seed}")
    vary = getattr(item, "vary", {})
    drawn = {name: _draw(name, values, source) for name, values in vary.items()}
    return with_values(item, seed, drawn)


def with_values(item: Item, seed: int, drawn: dict[str, Any]) -> Question:
    """The question for given values of `vary`."""
    params = {**getattr(item, "params", {}), **drawn}
    texts = [choice.text for choice in choices_of(item)]
    places = list(range(len(texts)))
    if not (isinstance(item, PredictItem) and item.form == "choice"):  # intervals stay in their order
        random.Random(f"{item.id}/{seed}/order").shuffle(places)
    ask = _NAMED.sub(
        lambda found: shown_value(params[found[1]]) if found[1] in params else found[0], item.ask
    )
    if isinstance(item, PredictItem) and item.form == "direction":
        texts, places = list(DIRECTIONS), [0, 1, 2]
    return Question(item, seed, drawn, params, ask, tuple(texts[place] for place in places), tuple(places))


def choices_of(item: Item) -> Sequence[Any]:
    """The options, intervals or rows of an item, in its own order."""
    if isinstance(item, OrderItem) or (isinstance(item, PredictItem) and item.form == "order"):
        return item.rows
    return item.choices if isinstance(item, ChoiceItem | PredictItem) else ()


def names_in(ask: str) -> list[str]:
    """The parameters that a question names in braces."""
    return _NAMED.findall(ask)


def shown_value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def compute(asked: Question) -> Computed:
    """The key, computed. Raises InputError or ParamError where the aid refuses the parameters."""
    return finish(computing(asked))


def computing(asked: Question) -> Pieces[Computed]:
    """As `compute`, in pieces."""
    item = asked.item
    if isinstance(item, RecallItem):
        return Computed(item.answer, {}, {})
    if isinstance(item, ChoiceItem):
        right = next(number for number, choice in enumerate(item.choices) if choice.right)
        return Computed(asked.places.index(right), {}, {})
    if isinstance(item, OrderItem) or (isinstance(item, PredictItem) and item.form == "order"):
        return (yield from _order(asked, item))
    if isinstance(item, PredictItem) and item.form == "curve":
        return (yield from _curve(asked, item))
    if isinstance(item, PredictItem) and item.form == "direction":
        return (yield from _direction(asked, item))
    if isinstance(item, NumberItem | PredictItem):
        made = yield from _aid(item.aid, asked.params, asked.seed)
        return Computed(_single(asked, item, _value(made, item)), dict(made.values), made.data)
    return Computed(None, {}, {})


def _single(asked: Question, item: NumberItem | PredictItem, value: float) -> Key:
    if isinstance(item, NumberItem) or item.form == "number":
        return value
    for number, place in enumerate(asked.places):
        if item.choices[place].least <= value < item.choices[place].below:
            return number
    raise InputError(f"{item.id}: expected a choice for {item.key} {value:g}, got none.")


def _direction(asked: Question, item: PredictItem) -> Pieces[Computed]:
    before, after = yield from _each(asked, item, [{}, item.then])
    then = ", ".join(f"{name} {shown_value(value)}" for name, value in item.then.items())
    return Computed(direction(before, after), *_as_bars({"before": before, f"with {then}": after}))


def direction(before: float, after: float) -> str:
    if abs(after - before) <= SAME * max(abs(before), abs(after)):
        return "stays"
    return "rises" if after > before else "falls"


def _curve(asked: Question, item: PredictItem) -> Pieces[Computed]:
    found = yield from _each(asked, item, [{item.over: value} for value in item.at])
    line = {"name": item.key, "x": list(item.at), "y": found}
    data = {"drawing": "curves", "x": item.over, "y": item.key, "lines": [line], "marks": [],
            "log_x": False, "log_y": False}  # fmt: skip
    return Computed(tuple(found), {}, data)


def _order(asked: Question, item: OrderItem | PredictItem) -> Pieces[Computed]:
    values = yield from _each(asked, item, [row.params for row in item.rows])
    key = tuple(sorted(range(len(asked.places)), key=lambda shown: -values[asked.places[shown]]))
    return Computed(key, *_as_bars({row.text: value for row, value in zip(item.rows, values, strict=True)}))


def _each(
    asked: Question, item: NumberItem | OrderItem | PredictItem, changes: Sequence[Mapping[str, Any]]
) -> Pieces[list[float]]:
    """The key of the item with each of these changes of its parameters."""
    found: list[float] = []
    for number, change in enumerate(changes):
        pieces = _aid(item.aid, {**asked.params, **change}, asked.seed)
        made = yield from _shifted(pieces, number, len(changes))
        found.append(_value(made, item))
        yield (number + 1) / len(changes)
    return found


def _shifted(pieces: Pieces[Any], number: int, of: int) -> Pieces[Any]:
    """One of several computations: the shares done are those of all."""
    while True:
        try:
            done = next(pieces)
        except StopIteration as end:
            return end.value
        yield (number + done) / of


def _as_bars(values: dict[str, float]) -> tuple[dict[str, float], dict[str, Any]]:
    """Named values, and their drawing."""
    sizes = [abs(value) for value in values.values() if value and math.isfinite(value)]
    log = bool(sizes) and max(sizes) > WIDE * min(sizes) and min(values.values()) > 0
    bars = [[name, value] for name, value in values.items()]
    return values, {"drawing": "bars", "bars": bars, "unit": "", "log": log}


def row_values(asked: Question, item: OrderItem | PredictItem) -> list[float]:
    """The key of each row, in the order of the item."""
    return finish(_each(asked, item, [row.params for row in item.rows]))


def _value(made: Any, item: NumberItem | OrderItem | PredictItem) -> float:
    if item.key not in made.values:
        raise InputError(f"key: expected one of {', '.join(made.values)}, got {item.key!r}.")
    return float(made.values[item.key])


def _aid(name: str, params: Mapping[str, object], seed: int) -> Pieces[Any]:
    pieces: Pieces[Any] = importlib.import_module("engine.aids.catalog").computing(name, params, seed)
    return pieces


def is_solved(item: BuildItem, params: Mapping[str, object]) -> bool:
    """Whether these parameters of the aid reach the goal; those of the item cannot be changed."""
    made = finish(_aid(item.aid, {**params, **item.params}, 0))
    return bool(made.values.get(item.goal, 0) >= 1)


def why_broken(item: Item) -> str:
    """Why its key can never be computed, without computing it; empty where it may be."""
    if not isinstance(item, NumberItem | OrderItem | PredictItem):
        return ""
    catalog = importlib.import_module("engine.aids.catalog")
    rows = [row.params for row in choices_of(item)] if hasattr(item, "rows") and item.rows else [{}]
    changes: list[Mapping[str, Any]] = [{}]
    if isinstance(item, PredictItem):
        changes = [{item.over: value} for value in item.at] or [{}, item.then]
    try:
        meanings = catalog.values_in_words(item.aid)
        if item.key not in meanings:
            return f"key: expected one of {', '.join(meanings)}, got {item.key!r}."
        for drawn, row, change in itertools.product(all_values(item), rows, changes):
            build(catalog.module(item.aid).PARAMS, {**item.params, **drawn, **row, **change})
    except DltuiError as error:
        return str(error)
    return ""


# --- varied values ----------------------------------------------------------------------------------------


def parse_range(text: str) -> tuple[float, float, bool]:
    """Both ends and whether it is logarithmic, of `0.01..1 log`. Raises InputError."""
    found = _RANGE.fullmatch(text)
    try:
        low, high, log = (float(found[1]), float(found[2]), bool(found[3])) if found else (0.0, 0.0, False)
    except ValueError:
        low = high = 0.0
        log = False
    if not (math.isfinite(low) and math.isfinite(high) and low < high) or (log and low <= 0):
        raise InputError(f"vary: expected values or LOW..HIGH, got {text[:80]!r}.")
    return low, high, log


def _draw(name: str, values: Any, source: random.Random) -> Any:
    if isinstance(values, list) and values:
        return source.choice(values)
    if not isinstance(values, str):
        raise InputError(f"vary: expected values or LOW..HIGH for {name}, got {str(values)[:80]!r}.")
    low, high, log = parse_range(values)
    if low == int(low) and high == int(high) and not log and "." not in values.replace("..", ""):
        return source.randint(int(low), int(high))
    drawn = low * (high / low) ** source.random() if log else source.uniform(low, high)
    return min(max(float(f"{drawn:.2g}"), low), high)


def all_values(item: Item, params: Mapping[str, Param] | None = None) -> Iterator[dict[str, Any]]:
    """Every combination of varied values, at most 64; of a range its ends and a value between."""
    vary: Mapping[str, Any] = getattr(item, "vary", {})
    columns = []
    for name, values in vary.items():
        if isinstance(values, list):
            columns.append([(name, value) for value in values])
            continue
        low, high, log = parse_range(str(values))
        between = float(f"{math.sqrt(low * high) if log else (low + high) / 2:.2g}")
        ends: list[Any] = [low, between, high]
        if low == int(low) and high == int(high) and not log and "." not in str(values).replace("..", ""):
            ends = [int(low), int((low + high) // 2), int(high)]
        columns.append([(name, value) for value in ends])
    yield from (dict(one) for one in itertools.islice(itertools.product(*columns), COMBINATIONS))
