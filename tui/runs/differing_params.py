"""The parameters in which runs of one experiment differ, as text for a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from engine import params
from engine.params import Value
from engine.protocol import RunSummary
from tui.data.value_text import distinguishing_params, format_params, format_value
from tui.terminal.plain_text import plain

LIMIT = 300
DIGITS = range(3, 6)


def differing_params(runs: Sequence[RunSummary]) -> dict[str, str]:
    """By id of a run: the seed and the parameters that are not equal in all given runs of its experiment.

    A parameter that is the only difference to another run comes first, then those with the most values;
    defaults are listed like other values. The only run of an experiment has its non-default parameters.
    Commands are of one experiment where all but the values of their placeholders is equal.
    """
    alike: dict[tuple[str, ...], list[RunSummary]] = {}
    for run in runs:
        arguments = run.spec.command.argv if run.spec.command is not None else ()
        alike.setdefault((run.spec.experiment, *arguments), []).append(run)
    texts: dict[str, str] = {}
    for same in alike.values():
        texts |= (
            _of_many(same) if len(same) > 1 else {same[0].id: format_params(distinguishing_params(same[0]))}
        )
    return {run: plain(text, limit=LIMIT) for run, text in texts.items()}


def _of_many(runs: Sequence[RunSummary]) -> dict[str, str]:
    is_alike = len({frozenset(run.spec.params) for run in runs}) == 1
    defaults = {} if is_alike or runs[0].spec.command is not None else _defaults(runs[0])
    values: list[Mapping[str, Value]] = [
        {"seed": run.spec.seed, **defaults, **run.spec.params} for run in runs
    ]
    names = [
        name
        for name in dict.fromkeys(name for found in values for name in found)
        if len({repr(found.get(name)) for found in values}) > 1
    ]
    names.sort(key=lambda name: -len({repr(found.get(name)) for found in values}))
    texts = {
        name: _distinct_texts(name, [found[name] for found in values if name in found]) for name in names
    }
    orders = _orders(names, values)
    return {
        run.id: " ".join(f"{name}={texts[name][repr(found[name])]}" for name in order if name in found)
        for run, found, order in zip(runs, values, orders, strict=True)
    }


def _orders(names: Sequence[str], values: Sequence[Mapping[str, Value]]) -> list[list[str]]:
    """The names for each run: those that are its only difference to another run come first."""
    orders = [list(names) for _ in values]
    for name in reversed(names):
        others = [tuple(repr(found.get(one)) for one in names if one != name) for found in values]
        count = Counter(others)
        for order, key in zip(orders, others, strict=True):
            if count[key] > 1:
                order.remove(name)
                order.insert(0, name)
    return orders


def _distinct_texts(name: str, values: Sequence[Value]) -> dict[str, str]:
    """By repr of a value: its text, floats with as few digits as keep different ones distinct."""
    different = {repr(value): value for value in values}
    for digits in DIGITS:
        texts = {
            key: f"{value:.{digits}g}" if isinstance(value, float) else format_value(name, value)
            for key, value in different.items()
        }
        if len(set(texts.values())) == len(different):
            return texts
    return {key: format_value(name, value) for key, value in different.items()}


def _defaults(run: RunSummary) -> dict[str, Value]:
    from engine import catalog  # not before the first screen

    known = catalog.known(run.spec)
    return {param.name: param.default for param in params.declared(known.params)} if known else {}
