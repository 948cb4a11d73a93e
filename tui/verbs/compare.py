"""`dltui compare`: where runs differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from engine.client import Client
from engine.errors import InputError
from engine.protocol import RunSummary
from tui.verbs.ask import ask, fail, say, say_json, tell
from tui.verbs.look import AsJson
from tui.verbs.table import in_blocks
from tui.verbs.words import data_words, labels, other_data, pairs, short_number, span

Facts = dict[str, dict[str, str]]
"""what is told of a run: heading, then name, then value"""
Row = tuple[str, str, list[str]]
"""heading, name, and the value of each run"""


def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN", help="two or more: id, prefix, name, or @last")],
    json: AsJson = False,
) -> None:
    """Show where two or more runs differ: parameters, then how they went, then metrics."""
    if len(runs) < 2:
        fail(InputError("Expected two runs or more, got 1.", "For instance: dltui compare RUN RUN"))

    async def look(client: Client) -> list[RunSummary]:
        return [await client.show(run) for run in runs]

    found = ask(look)
    rows = differences(found, exact=json)
    if words := other_data(found):
        tell(words)
    if json:
        ids = [run.id for run in found]
        say_json([{"what": name, **dict(zip(ids, values, strict=True))} for _, name, values in rows])
        return
    if not rows:
        say("They differ in nothing.")
        return
    for line in in_blocks(_lines(rows, labels(found))):
        say(line)


def _lines(rows: list[Row], names: list[str]) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = [("", *names)]
    heading = ""
    for above, name, values in rows:
        if above != heading:
            heading = above
            lines.append((above.upper(), *("" for _ in values)))
        lines.append((f"  {name}", *values))
    return lines


def differences(runs: list[RunSummary], *, exact: bool = False) -> list[Row]:
    """What is not the same for all; a dash where a run has no such thing. Numbers in full where `exact`."""
    told = [_facts(run, str if exact else short_number) for run in runs]
    rows = []
    for heading in told[0]:
        for name in dict.fromkeys(name for facts in told for name in facts[heading]):
            values = [facts[heading].get(name, "-") for facts in told]
            if len(set(values)) > 1:
                rows.append((heading, name, values))
    return rows


def _facts(run: RunSummary, number: Callable[[float], str]) -> Facts:
    best = {f"best {run.best.metric}": number(run.best.value)} if run.best else {}
    metrics = {name: number(value) for name, value in run.metrics.items()}
    return {
        "parameters": {
            "experiment": run.spec.experiment,
            **{name: pairs({"": value})[1:] for name, value in run.spec.params.items()},
            "seed": str(run.spec.seed),
            "data": data_words(run) or "-",
        },
        "course": {
            "status": str(run.status), "step": str(run.step), "trained for": span(run.train_seconds),
        },
        "metrics": {**metrics, **best},
    }  # fmt: skip
