"""Checks of the event fields that readers of a run's history rely on."""

from __future__ import annotations

from collections.abc import Callable

from engine.protocol import Json
from engine.typed_json import WHOLE_LIMIT, WrongType, typed

NON_FINITE = frozenset({"nan", "inf", "-inf"})
"""text for numbers that JSON does not have"""


def check(kind: str, facts: Json) -> None:
    """Raises WrongType. Unknown fields and kinds pass: a newer version may have written them."""
    step = facts.get("step")
    if type(step) is int and not -WHOLE_LIMIT < step < WHOLE_LIMIT:
        raise WrongType("step", "a whole number of at most 64 bits", step)
    known = _CHECKS.get(kind)
    if known is not None:
        known(facts)


def _check_metrics(facts: Json) -> None:
    series = facts.get("series")
    if type(series) is not dict:
        raise WrongType("series", "an object", series)
    for name, columns in series.items():
        try:
            _check_columns(columns)
        except WrongType as error:
            raise error.within(name[:80]).within("series") from None


def _check_columns(columns: object) -> None:
    """Two lists of one length: steps and values. Checked as whole lists, since they may be long."""
    if type(columns) is not list or [type(column) for column in columns] != [list, list]:
        raise WrongType("", "a list of steps and a list of values", columns)
    steps, values = columns
    if len(steps) != len(values):
        raise WrongType("", f"as many values as steps ({len(steps)})", came=str(len(values)))
    if not set(map(type, steps)) <= {int}:
        raise WrongType("", "whole numbers as steps", next(step for step in steps if type(step) is not int))
    if steps and not (min(steps) > -WHOLE_LIMIT and max(steps) < WHOLE_LIMIT):
        raise WrongType("", "whole numbers of at most 64 bits as steps", came="a larger one")
    kinds = set(map(type, values))
    odd = kinds - {int, float, str}
    if odd:
        raise WrongType("", "numbers as values", next(value for value in values if type(value) in odd))
    if kinds - {float}:
        for value in values:
            if type(value) is str and value not in NON_FINITE:
                raise WrongType("", "a number, nan, inf or -inf", value)
            if type(value) is int and not -WHOLE_LIMIT < value < WHOLE_LIMIT:
                raise WrongType("", "numbers of at most 64 bits as values", value)


def _check_step(facts: Json) -> None:
    if "step" not in facts:
        raise WrongType("step", "a whole number", came="nothing")
    try:
        typed(facts["step"], int)
    except WrongType as error:
        raise error.within("step") from None


_CHECKS: dict[str, Callable[[Json], None]] = {
    "metrics": _check_metrics,
    "restored": _check_step,
    "checkpoint": _check_step,
}
