"""Filters and sort fields of the run table as SQL. Values are always bound.

`r` is the narrow table of runs, `f` has the metrics and parameters of each as JSON (`FIELDS`), `b` its whole
summary, which takes several times as long to parse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine import catalog, filter_fields, spec_versions
from engine.protocol import CauseKind, Status
from engine.service.index.filter_parser import (
    And,
    Clause,
    Comparison,
    FilterError,
    Not,
    Or,
    SearchTerm,
    check_field,
    fields_of,
    number_expected,
    parse,
    seconds_of,
)

RANKS = ("running", "pausing", "stopping", "queued", "paused", "failed", "lost", "damaged", "stopped", "done",
         "imported")  # fmt: skip
"""order of statuses in a sort: active runs first"""
NARROW = (
    "id", "submitted", "created", "name", "experiment", "status", "step", "best", "cause", "device", "token",
    "sweep", "tags", "note", "config",
)  # fmt: skip
"""columns of the narrow table; fields without one are read from the summary"""
FIELDS = ("metrics", "live", "params")
"""parts of the summary that the table of fields has"""
TAGS, NOTE = "tags", "note"
"""columns in small letters: tags between spaces"""
_TEXTS, _NUMBERS = (
    {name: f"r.{name}" if name in NARROW else f"json_extract(b.summary, '$.{name}')" for name in names}
    for names in (filter_fields.TEXTS, filter_fields.NUMBERS)
)
_PARENT, _PARENT_STEP = (f"json_extract(b.summary, '$.parent.{name}')" for name in ("run", "step"))
_TEXTS["parent"] = _PARENT
_NUMBERS["age"] = "((julianday('now') - 2440587.5) * 86400 - r.created)"
_SEARCHED = tuple(_TEXTS[name] for name in filter_fields.SEARCHED)
_BOOLEANS = filter_fields.BOOLEANS
MATCHES, MATCHES_ANY_WORD = "matches", "matches_any_word"
"""SQL functions of a regular expression and a text"""
_INFINITY = "9e999"
_NO_TEXT = "iif(typeof(x) = 'text', NULL, x)"
_IS_TEXT = "typeof(x) = 'text' AND x NOT IN ('nan', 'inf', '-inf')"
_IS_NOT_GIVEN = "(coalesce(json_type(f.fields, ?), json_type(f.fields, ?)) = 'null')"
"""whether a parameter is null: its live value, else the submitted one"""


@dataclass(frozen=True, slots=True)
class Sql:
    text: str
    values: tuple[object, ...] = ()

    @property
    def reads_summaries(self) -> bool:
        return "b.summary" in self.text

    @property
    def reads_fields(self) -> bool:
        return "f.fields" in self.text


def source(*parts: Sql) -> str:
    """FROM with the tables that these expressions read."""
    bodies = " JOIN bodies b ON b.number = r.number" if any(one.reads_summaries for one in parts) else ""
    fields = " JOIN fields f ON f.number = r.number" if any(one.reads_fields for one in parts) else ""
    return f"FROM runs r{fields}{bodies}"


def where(text: str, sweeps: Mapping[str, str] | None = None) -> Sql:
    """The filter as an SQL condition; `sweeps` are names by id, for `sweep=NAME`. Raises FilterError."""
    clause = parse(text)
    return Sql("1") if clause is None else _condition(_with_sweep_ids(clause, sweeps or {}))


def dynamic_fields(where: str, sort: str) -> list[str]:
    """The fields of a query that not all runs have: metrics and parameters. Raises FilterError."""
    names = dict.fromkeys((*fields_of(parse(where)), filter_fields.ALIASES.get(sort, sort)))
    return [name for name in names if name not in _TEXTS and name not in _NUMBERS]


def names_trials(where: str) -> bool:
    """Whether the filter compares the sweep or the number of a trial. Raises FilterError."""
    return not {"sweep", "trial"}.isdisjoint(fields_of(parse(where)))


def has_field(name: str) -> Sql:
    """The SQL condition that a run has a metric or a parameter of that name. Raises FilterError."""
    check_field(name)
    bare, sources = _of_source(name, ("metrics", "live", "params"))
    paths = _paths(bare, *sources)
    columns = ", ".join("json_type(f.fields, ?)" for _ in paths)
    return Sql(f"coalesce({columns}, NULL) IS NOT NULL", paths)


def _with_sweep_ids(clause: Clause, sweeps: Mapping[str, str]) -> Clause:
    """Replace the name of a sweep, the start of its id or its last four digits in `sweep=` by its id."""
    match clause:
        case Comparison(field="sweep"):
            text = clause.typed.lower()
            ids = [sweep_id for sweep_id, name in sweeps.items() if _names_sweep(sweep_id, name, text)]
            same = [replace(clause, typed=sweep_id) for sweep_id in ids] or [clause]
            return Or(tuple(same)) if clause.sign == "=" else And(tuple(same))
        case Not(part):
            return Not(_with_sweep_ids(part, sweeps))
        case And(parts):
            return And(tuple(_with_sweep_ids(part, sweeps) for part in parts))
        case Or(parts):
            return Or(tuple(_with_sweep_ids(part, sweeps) for part in parts))
    return clause


def _names_sweep(sweep_id: str, name: str, text: str) -> bool:
    return text != "" and (name.lower() == text or sweep_id.startswith(text) or sweep_id[-4:] == text)


def order(field: str, descending: bool) -> Sql:
    """The sort as ORDER BY terms: rows without the field last, ties by submission. Raises FilterError."""
    field = filter_fields.ALIASES.get(field, field)
    key = sort_key(field)
    way = "DESC" if descending else "ASC"
    if field == "created":
        return Sql(age_order(way))
    return Sql(f"{key.text} {way} NULLS LAST, {age_order('DESC')}", key.values)


def value_of(field: str) -> Sql:
    """The value of a field, metric or parameter as an SQL expression. Raises FilterError."""
    field = filter_fields.ALIASES.get(field, field)
    if field in _TEXTS or field in _NUMBERS:
        return Sql({**_NUMBERS, **_TEXTS}[field])
    found = _dynamic_field(field, "live", "params", "metrics")
    return Sql(f"({found.text})", found.values)


def age_order(way: str) -> str:
    """ORDER BY terms of the order of submission: `Spec.order` as SQL; `way` is ASC or DESC."""
    return f"r.submitted {way}, r.created {way}, r.id {way}"


def sort_key(field: str) -> Sql:
    """What a table is sorted by, as an SQL expression. Raises FilterError."""
    field = filter_fields.ALIASES.get(field, field)
    if field == "created":
        return Sql("r.created")
    if field == "status":
        ranks = " ".join(f"WHEN '{status}' THEN {rank}" for rank, status in enumerate(RANKS))
        return Sql(f"CASE r.status {ranks} END")
    if field in _TEXTS:
        return Sql(f"nullif(lower({_TEXTS[field]}), '')")
    if field in _NUMBERS:
        return Sql(_NUMBERS[field])
    value = _dynamic_field(field, "metrics", "live", "params")
    return Sql(_finite(value.text, "x"), value.values)


def _condition(clause: Clause) -> Sql:
    match clause:
        case SearchTerm(text):
            return _search(text)
        case Not(part):
            inner = _condition(part)
            return Sql(f"NOT {inner.text}", inner.values)
        case And(parts):
            return _join(" AND ", parts)
        case Or(parts):
            return _join(" OR ", parts)
        case Comparison():
            return _comparison(clause)


def _join(connective: str, parts: tuple[Clause, ...]) -> Sql:
    found = [_condition(part) for part in parts]
    return Sql(
        f"({connective.join(part.text for part in found)})", tuple(v for part in found for v in part.values)
    )


def _search(text: str) -> Sql:
    places = " OR ".join(f"instr(lower({column}), ?) > 0" for column in _SEARCHED)
    values = (text.lower(),) * len(_SEARCHED)
    renamed = [
        name
        for names in spec_versions.renamed_experiments()
        if _is_in_some(text.lower(), names)
        for name in names
    ]
    if renamed:
        places += f" OR r.experiment IN ({_marks(renamed)})"
    return Sql(f"({places})", (*values, *renamed))


def _is_in_some(text: str, names: tuple[str, ...]) -> bool:
    """Whether some of the names have the text, but not all: a search by one name finds the runs of all."""
    return any(text in name for name in names) and not all(text in name for name in names)


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))


def _comparison(comparison: Comparison) -> Sql:
    if comparison.is_pattern:
        return _pattern_comparison(comparison)
    if comparison.field == "age":
        return Sql(f"({_NUMBERS['age']} {comparison.sign} ?)", (seconds_of(comparison),))
    if comparison.field in _TEXTS:
        return _text_comparison(comparison)
    if isinstance(comparison.value, str):
        return _word_comparison(comparison)
    if comparison.field in _NUMBERS:
        return _true(Sql(f"{_NUMBERS[comparison.field]} {comparison.sign} ?", (comparison.value,)))
    value = _dynamic_field(comparison.field, "metrics", "live", "params")
    number = Sql(f"{_finite(value.text, _NO_TEXT)} {comparison.sign} ?", (*value.values, comparison.value))
    if comparison.sign not in ("=", "!="):
        return _true(number)
    text = Sql(
        f"(SELECT {_IS_TEXT} AND lower(x) {comparison.sign} ? FROM ({value.text}))",
        (comparison.typed.lower(), *value.values),
    )
    return Sql(f"({_true(number).text} OR {_true(text).text})", number.values + text.values)


def _text_comparison(comparison: Comparison) -> Sql:
    if comparison.sign not in ("=", "!="):
        raise FilterError(
            f"Filter: {comparison.field} is text, expected = or != or ~ or !~, got {comparison.sign}."
        )
    value = comparison.typed.lower()
    if (comparison.field, value) == ("status", CauseKind.PRUNED):
        pruned = _text_comparison(replace(comparison, field="cause", sign="="))
        return pruned if comparison.sign == "=" else Sql(f"(NOT {pruned.text})", pruned.values)
    if comparison.field == "status" and value not in set(Status):
        raise FilterError(
            f"Filter, position {comparison.position}: expected a status ({', '.join(Status)}), "
            f"got {value[:40]!r}."
        )
    if comparison.field == TAGS:
        found = Sql("instr(r.tags, ?) > 0", (f" {value} ",)) if value else Sql("r.tags = ''")
        return found if comparison.sign == "=" else Sql(f"(NOT {found.text})", found.values)
    if comparison.field == "parent":
        return _parent_comparison(comparison.sign, value)
    names = spec_versions.experiment_names(value) if comparison.field == "experiment" else (value,)
    sign = "IN" if comparison.sign == "=" else "NOT IN"
    return _true(Sql(f"lower({_TEXTS[comparison.field]}) {sign} ({_marks(names)})", names))


def _parent_comparison(sign: str, value: str) -> Sql:
    """By the id of the parent, its start, its last four characters or its name, each with @STEP or without.

    Empty text is that of runs without a parent.
    """
    if not value:
        return Sql(f"({_PARENT} IS {'NULL' if sign == '=' else 'NOT NULL'})")
    run, _, step = value.rpartition("@") if re.fullmatch(r".+@\d{1,12}", value) else (value, "", "")
    named = "SELECT id FROM runs WHERE lower(name) = ?"
    same = f"({_PARENT} IN ({named}) OR substr({_PARENT}, 1, ?) = ? OR substr({_PARENT}, -4) = ?)"
    values: tuple[object, ...] = (run, len(run), run, run)
    if step:
        same, values = f"({same} AND {_PARENT_STEP} = ?)", (*values, int(step))
    found = Sql(f"({_PARENT} IS NOT NULL AND {same})", values)
    return _true(found if sign == "=" else Sql(f"NOT {found.text}", found.values))


def _pattern_comparison(comparison: Comparison) -> Sql:
    """Whether a regular expression matches the text, or the number of a parameter, somewhere."""
    field, pattern = comparison.field, comparison.typed
    if field in _NUMBERS:
        raise FilterError(f"Filter: {field} is a number, expected < <= > >= = or !=, got {comparison.sign}.")
    if field == TAGS:
        found = Sql(f"{MATCHES_ANY_WORD}(?, r.tags)", (pattern,))
    elif field in _TEXTS:
        found = Sql(f"{MATCHES}(?, {_TEXTS[field]})", (pattern,))
    else:
        value = _dynamic_field(field, "live", "params", "metrics")
        found = Sql(f"(SELECT {MATCHES}(?, x) FROM ({value.text}))", (pattern, *value.values))
    if comparison.sign == filter_fields.MATCHES:
        return _true(found)
    return _true(Sql(f"(NOT {found.text})", found.values))


def _word_comparison(comparison: Comparison) -> Sql:
    value = str(comparison.value).lower()
    if comparison.sign not in ("=", "!=") or comparison.field in _NUMBERS:
        raise number_expected(comparison)
    found = _dynamic_field(comparison.field, "params", "metrics")
    if value in _BOOLEANS:
        same = f"(SELECT lower(x) = ? OR x = ? FROM ({found.text}))"
        values: tuple[object, ...] = (value, _BOOLEANS[value], *found.values)
    else:
        same, values = f"(SELECT lower(x) = ? FROM ({found.text}))", (value, *found.values)
    if value and value == catalog.none_word(comparison.field):
        same = f"({same} IS TRUE OR {_IS_NOT_GIVEN})"
        values = (*values, *_paths(comparison.field, "live", "params"))
    return _true(Sql(same if comparison.sign == "=" else f"(NOT {same})", values))


def _dynamic_field(name: str, *sources: str) -> Sql:
    """A SELECT of the field as `x`, from the first of the sources that has it."""
    check_field(name)
    name, sources = _of_source(name, sources)
    columns = ", ".join("json_extract(f.fields, ?)" for _ in sources)
    found = f"SELECT coalesce({columns}{', NULL' * (len(sources) == 1)}) AS x"
    if "live" not in sources:
        return Sql(found, _paths(name, *sources))
    return Sql(f"{found} WHERE NOT coalesce({_IS_NOT_GIVEN}, 0)", _paths(name, *sources, "live", "params"))


def _of_source(name: str, sources: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The name without the prefix `params.` or `metrics.`, and the sources that the prefix leaves."""
    for prefix in filter_fields.SOURCES:
        if name.startswith(prefix) and len(name) > len(prefix):
            kept = {"metrics"} if prefix == "metrics." else {"live", "params"}
            return name.removeprefix(prefix), tuple(one for one in sources if one in kept)
    return name, sources


def _paths(name: str, *sources: str) -> tuple[str, ...]:
    return tuple(f'$.{source}."{name}"' for source in sources)


def _finite(found: str, otherwise: str) -> str:
    """`x` of the SELECT `found`, with the text nan, inf and -inf as NULL and infinities."""
    return (
        f"(SELECT CASE x WHEN 'nan' THEN NULL WHEN 'inf' THEN {_INFINITY} WHEN '-inf' THEN -{_INFINITY} "
        f"ELSE {otherwise} END FROM ({found}))"
    )


def _true(condition: Sql) -> Sql:
    """The condition with NULL as false, so that NOT negates it."""
    return Sql(f"(({condition.text}) IS TRUE)", condition.values)
