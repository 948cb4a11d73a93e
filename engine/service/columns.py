"""Fields of the run table as SQL: what a filter compares and what a sort orders by. Values are always bound.

`r` is the narrow table of runs, `b` the table that holds each summary as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.protocol import Status
from engine.service.filter import All, Clause, Comparison, FilterError, Not, Some, Word, check_field, parse

RANKS = ("running", "pausing", "stopping", "queued", "paused", "failed", "lost", "stopped", "done")
"""of statuses in a sort: what needs an eye comes first"""
_TEXTS = {
    **{name: f"r.{name}" for name in ("id", "name", "experiment", "status", "cause", "device")},
    "sweep": "json_extract(b.summary, '$.sweep')",
}
_NUMBERS = {
    "trial": "json_extract(b.summary, '$.trial')",
    "step": "r.step",
    "best": "r.best",
    "created": "r.created",
    "seed": "json_extract(b.summary, '$.seed')",
    "total_steps": "json_extract(b.summary, '$.total_steps')",
    "attempt": "json_extract(b.summary, '$.attempt')",
}
_SEARCHED = ("r.id", "r.name", "r.experiment", "r.status")
_YES = {"yes": 1, "true": 1, "on": 1, "no": 0, "false": 0, "off": 0}
_INFINITY = "9e999"


@dataclass(frozen=True, slots=True)
class Sql:
    text: str
    values: tuple[object, ...] = ()

    @property
    def reads_summaries(self) -> bool:
        return "b.summary" in self.text


def where(text: str) -> Sql:
    """The filter as a condition. Raises FilterError."""
    clause = parse(text)
    return Sql("1") if clause is None else _condition(clause)


def order(field: str, descending: bool) -> Sql:
    """The sort as ORDER BY terms: rows without the field last, ties by age. Raises FilterError."""
    key = _sort_key(field)
    way = "DESC" if descending else "ASC"
    if field == "created":
        return Sql(age_order(way))
    return Sql(f"{key.text} {way} NULLS LAST, {age_order('DESC')}", key.values)


def age_order(way: str) -> str:
    """ORDER BY terms of the order of submission: `Spec.order` as SQL; `way` is ASC or DESC."""
    return f"r.submitted {way}, r.created {way}, r.id {way}"


def _sort_key(field: str) -> Sql:
    if field == "status":
        ranks = " ".join(f"WHEN '{status}' THEN {rank}" for rank, status in enumerate(RANKS))
        return Sql(f"CASE r.status {ranks} END")
    if field in _TEXTS:
        return Sql(f"lower({_TEXTS[field]})")
    if field in _NUMBERS:
        return Sql(_NUMBERS[field])
    value = _open_field(field, "metrics", "live", "params")
    return Sql(_finite(value.text, "x"), value.values)


def _condition(clause: Clause) -> Sql:
    match clause:
        case Word(text):
            return _search(text)
        case Not(part):
            inner = _condition(part)
            return Sql(f"NOT {inner.text}", inner.values)
        case All(parts):
            return _joined(" AND ", parts)
        case Some(parts):
            return _joined(" OR ", parts)
        case Comparison():
            return _comparison(clause)


def _joined(joint: str, parts: tuple[Clause, ...]) -> Sql:
    found = [_condition(part) for part in parts]
    return Sql(
        f"({joint.join(part.text for part in found)})", tuple(v for part in found for v in part.values)
    )


def _search(text: str) -> Sql:
    places = " OR ".join(f"instr(lower({column}), ?) > 0" for column in _SEARCHED)
    return Sql(f"({places})", (text.lower(),) * len(_SEARCHED))


def _comparison(asked: Comparison) -> Sql:
    if asked.field in _TEXTS:
        return _of_text(asked)
    if isinstance(asked.value, str):
        return _of_word(asked)
    if asked.field in _NUMBERS:
        return _true(Sql(f"{_NUMBERS[asked.field]} {asked.sign} ?", (asked.value,)))
    value = _open_field(asked.field, "metrics", "live", "params")
    number = _finite(value.text, "iif(typeof(x) = 'text', NULL, x)")
    return _true(Sql(f"{number} {asked.sign} ?", (*value.values, asked.value)))


def _of_text(asked: Comparison) -> Sql:
    if asked.sign not in ("=", "!="):
        raise FilterError(f"Filter: {asked.field} is text, expected = or !=, got {asked.sign}.")
    value = asked.value if isinstance(asked.value, str) else f"{asked.value:g}"
    if asked.field == "status" and value.lower() not in set(Status):
        raise FilterError(
            f"Filter, position {asked.position}: expected a status ({', '.join(Status)}), got {value[:40]!r}."
        )
    return _true(Sql(f"lower({_TEXTS[asked.field]}) {asked.sign} ?", (value.lower(),)))


def _of_word(asked: Comparison) -> Sql:
    value = str(asked.value).lower()
    if asked.sign not in ("=", "!=") or asked.field in _NUMBERS:
        raise FilterError(
            f"Filter, position {asked.position}: expected a number after {asked.field}{asked.sign}, "
            f"got {value[:40]!r}."
        )
    found = _open_field(asked.field, "params", "metrics")
    if value in _YES:
        same = f"(SELECT lower(x) = ? OR x = ? FROM ({found.text}))"
        values: tuple[object, ...] = (value, _YES[value], *found.values)
    else:
        same, values = f"(SELECT lower(x) = ? FROM ({found.text}))", (value, *found.values)
    return _true(Sql(same if asked.sign == "=" else f"(NOT {same})", values))


def _open_field(name: str, *sources: str) -> Sql:
    """SELECT of `x`, the field in the first of the sources that has it."""
    check_field(name)
    looked = ", ".join("json_extract(b.summary, ?)" for _ in sources)
    return Sql(f"SELECT coalesce({looked}) AS x", tuple(f'$.{source}."{name}"' for source in sources))


def _finite(found: str, otherwise: str) -> str:
    """`x` of the SELECT with the words nan, inf and -inf as NULL and infinities."""
    return (
        f"(SELECT CASE x WHEN 'nan' THEN NULL WHEN 'inf' THEN {_INFINITY} WHEN '-inf' THEN -{_INFINITY} "
        f"ELSE {otherwise} END FROM ({found}))"
    )


def _true(condition: Sql) -> Sql:
    """NULL counts as false, so that `not` turns it round."""
    return Sql(f"(({condition.text}) IS TRUE)", condition.values)
