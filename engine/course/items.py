"""Questions and tasks as they are written in `items.toml`, a dataclass for each kind.

The key of a number, order, predict or build item is a value of an aid; recall and choice hold theirs as text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.course.toml_tables import Table

ITEM_ID = re.compile(r"l\d\d\.[a-z0-9-]+\.[a-z]+")
FORMS = ("number", "choice", "direction", "order", "curve")
DIRECTIONS = ("rises", "falls", "stays")


@dataclass(frozen=True, slots=True)
class Tolerance:
    absolute: float = 0.0
    relative: float = 0.0

    def of(self, key: float) -> float:
        """The greatest distance from `key` that is within."""
        return max(self.absolute, self.relative * abs(key))


@dataclass(frozen=True, slots=True)
class Option:
    """A choice; `why` is the reason that it is wrong."""

    text: str
    right: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Interval:
    """A choice of a predict item: right where the key is from `least` up to, and without, `below`."""

    text: str
    least: float
    below: float


@dataclass(frozen=True, slots=True)
class OrderRow:
    text: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    id: str
    rev: int
    kind: str
    concept: str
    """items of one concept are not asked on one day"""
    ask: str
    explain: str
    covers: tuple[str, ...] = ()
    corrects: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """build items that have to be solved before this one appears"""
    aid: str = ""
    """the aid that shows it, and that computes its key where it has one"""
    line: int = 0

    @property
    def lecture(self) -> str:
        return self.id.partition(".")[0]

    @property
    def is_scheduled(self) -> bool:
        return self.kind not in ("build", "essay")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallItem(Item):
    answer: str
    points: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceItem(Item):
    choices: tuple[Option, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberItem(Item):
    key: str
    tol: Tolerance
    params: Mapping[str, Any]
    vary: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderItem(Item):
    """The right order is that of `key`, largest first."""

    key: str
    rows: tuple[OrderRow, ...]
    params: Mapping[str, Any]
    vary: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictItem(Item):
    """`choices` for a choice; `rows` for an order; `then`, parameters that change, for a direction; `over`
    and `at`, a parameter and eight of its values, for a curve, and `scale`, the ends of the axis that it is
    drawn on."""

    form: str
    key: str
    params: Mapping[str, Any]
    vary: Mapping[str, Any]
    near: Tolerance
    far: Tolerance
    budget_s: float
    choices: tuple[Interval, ...] = ()
    rows: tuple[OrderRow, ...] = ()
    then: Mapping[str, Any]
    over: str = ""
    at: tuple[float, ...] = ()
    scale: tuple[float, float] = (0.0, 1.0)
    seen: str = ""
    """what the run shows, in words, for those who do not want to type it"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildItem(Item):
    """Solved where the value `goal` of the aid is 1 or more."""

    goal: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EssayItem(Item):
    rubric: tuple[str, ...]


def read_item(table: Table) -> Item | None:
    """The item of a table, with complaints where a field is missing, unknown or of the wrong type: one that
    was complained about can be checked further, and not asked. None for an unknown kind."""
    kind = table.text("kind", "")
    is_known = kind in KINDS
    if not is_known:
        table.complain("kind", f"one of {', '.join(KINDS)}", kind or "nothing")
    item_id = table.text("id")
    if not ITEM_ID.fullmatch(item_id) or (is_known and not item_id.endswith(f".{kind}")):
        table.complain("id", f"lNN.concept.{kind if is_known else 'kind'}", item_id)
    common = {
        "id": item_id,
        "kind": kind,
        "rev": table.whole("rev", 1),
        "concept": table.text("concept", item_id.partition(".")[2].partition(".")[0] or "none"),
        "ask": table.text("ask"),
        "explain": table.text("explain", "" if kind == "essay" else None),
        **{name: table.texts(name) for name in ("covers", "corrects", "sources", "hints", "needs")},
        "aid": table.text("aid", "" if kind in ("recall", "choice", "essay") or not is_known else None),
        "line": table.start,
    }
    if not is_known:
        return None
    made = KINDS[kind](table, common)
    table.close()
    return made


def _recall(table: Table, common: dict[str, Any]) -> Item:
    return RecallItem(**common, answer=table.text("answer"), points=table.texts("points", 2, 4))


def _choice(table: Table, common: dict[str, Any]) -> Item:
    choices = table.tables("choices", 3, 5)
    options = [_option(table, found) for found in choices]
    if sum(option.right for option in options) != 1:
        rights = sum(option.right for option in options)
        table.complain("choices", "one that is right", f"{rights} that are right")
    for option in options:
        if not option.right and not option.why:
            table.complain("choices", "a reason (why) on each wrong one", f"none on {option.text!r}")
    return ChoiceItem(**common, choices=tuple(options))


def _option(table: Table, found: dict[str, Any]) -> Option:
    text, right, why = found.get("text"), found.get("right", False), found.get("why", "")
    _no_others(table, "choices", found, {"text", "right", "why"})
    if not isinstance(text, str) or not isinstance(right, bool) or not isinstance(why, str):
        table.complain("choices", "text, and right or why", found)
        return Option("")
    return Option(text, right, why)


def _number(table: Table, common: dict[str, Any]) -> Item:
    return NumberItem(**common, **_asked_of_aid(table), tol=_tolerance(table, "tol"))


def _order(table: Table, common: dict[str, Any]) -> Item:
    return OrderItem(**common, **_asked_of_aid(table), rows=_rows(table))


def _predict(table: Table, common: dict[str, Any]) -> Item:
    form = table.text("form", "")
    if form not in FORMS:
        table.complain("form", f"one of {', '.join(FORMS)}", form or "nothing")
    extra: dict[str, Any] = {"then": table.table("then")}
    near = far = Tolerance()
    if form in ("number", "curve"):
        near, far = _tolerance(table, "near"), _tolerance(table, "far")
        if not (near.absolute < far.absolute or near.relative < far.relative):
            table.complain("far", "more than near", far)
    if form == "choice":
        extra["choices"] = tuple(_interval(table, found) for found in table.tables("choices", 3, 5))
    if form == "order":
        extra["rows"] = _rows(table)
    if form == "direction" and not extra["then"]:
        table.complain("then", "a table of the parameters that change", "nothing")
    if form == "curve":
        extra |= {"over": table.text("over"), "at": _eight(table), "scale": _scale(table)}
    return PredictItem(
        **common,
        **_asked_of_aid(table),
        **extra,
        form=form,
        near=near,
        far=far,
        budget_s=table.number("budget_s", 10),
        seen=table.text("seen", ""),
    )


def _build(table: Table, common: dict[str, Any]) -> Item:
    return BuildItem(**common, goal=table.text("goal"), params=table.table("params"))


def _essay(table: Table, common: dict[str, Any]) -> Item:
    return EssayItem(**common, rubric=table.texts("rubric", 4, 6))


KINDS: dict[str, Callable[[Table, dict[str, Any]], Item]] = {
    "recall": _recall,
    "choice": _choice,
    "number": _number,
    "order": _order,
    "predict": _predict,
    "build": _build,
    "essay": _essay,
}


def _asked_of_aid(table: Table) -> dict[str, Any]:
    return {"key": table.text("key"), "params": table.table("params"), "vary": table.table("vary")}


def _tolerance(table: Table, name: str) -> Tolerance:
    found = table.table(name)
    _no_others(table, name, found, {"abs", "rel"})
    values = [found.get("abs", 0.0), found.get("rel", 0.0)]
    if not all(_is_number(value) and value >= 0 for value in values) or not any(values):
        table.complain(name, "abs or rel, a number above 0", found or "nothing")
        return Tolerance()
    return Tolerance(float(values[0]), float(values[1]))


def _rows(table: Table) -> tuple[OrderRow, ...]:
    rows = []
    for found in table.tables("rows", 3, 5):
        _no_others(table, "rows", found, {"text", "params"})
        text, params = found.get("text"), found.get("params", {})
        if not isinstance(text, str) or not isinstance(params, dict):
            table.complain("rows", "text and params", found)
            continue
        rows.append(OrderRow(text, params))
    return tuple(rows)


def _interval(table: Table, found: dict[str, Any]) -> Interval:
    _no_others(table, "choices", found, {"text", "least", "below"})
    text = found.get("text")
    least, below = found.get("least", float("-inf")), found.get("below", float("inf"))
    if not isinstance(text, str) or not _is_number(least) or not _is_number(below) or least >= below:
        table.complain("choices", "text, least and below, the first less than the second", found)
        return Interval("", float("-inf"), float("inf"))
    return Interval(text, float(least), float(below))


def _eight(table: Table) -> tuple[float, ...]:
    value = table.take("at")
    if not isinstance(value, list) or len(value) != 8 or not all(map(_is_number, value)):
        table.complain("at", "eight numbers", "nothing" if value is None else value)
        return ()
    return tuple(float(one) for one in value)


def _scale(table: Table) -> tuple[float, float]:
    value = table.take("scale")
    if value is None:
        return (0.0, 1.0)
    if isinstance(value, list) and len(value) == 2 and all(map(_is_number, value)) and value[0] < value[1]:
        return (float(value[0]), float(value[1]))
    table.complain("scale", "two numbers, the smaller one first", value)
    return (0.0, 1.0)


def _no_others(table: Table, name: str, found: Mapping[str, Any], known: set[str]) -> None:
    for other in found.keys() - known:
        table.complain(name, f"{', '.join(sorted(known))} only", other)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
