"""`dltui compare`: where runs differ."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.client.client import Client
from engine.errors import InputError
from engine.protocol import RunSummary
from tui.cli.completion import complete_run
from tui.cli.engine_call import ask, fail, say, say_json, tell
from tui.cli.ls import AsJson
from tui.cli.table import in_blocks
from tui.data.comparison import ComparedRow, differing
from tui.data.value_text import labels, other_data, short_number

RUNS = typer.Argument(
    metavar="RUN", help="two or more: id, prefix, name, or @last", autocompletion=complete_run
)


def compare(
    runs: Annotated[list[str], RUNS],
    json: AsJson = False,
) -> None:
    """Compare runs: parameters, progress, metrics."""
    if len(runs) < 2:
        fail(InputError("Expected two runs or more, got 1.", "For instance: dltui compare RUN RUN"))

    async def look(client: Client) -> tuple[list[RunSummary], list[str]]:
        found = [await client.show(run) for run in runs]
        return found, [f"{run.spec.name}: {now}" for run in found if (now := await client.data_now(run.id))]

    found, changed = ask(look)
    for words in changed:
        tell(words)
    rows = differing(found, str if json else short_number)
    if words := other_data(found):
        tell(words)
    if json:
        ids = [run.id for run in found]
        say_json([{"what": one.name, **dict(zip(ids, one.values, strict=True))} for one in rows])
        return
    if not rows:
        say("The runs do not differ.")
        return
    for line in in_blocks(_lines(rows, labels(found))):
        say(line)


def _lines(entries: list[ComparedRow], names: list[str]) -> list[tuple[str, ...]]:
    """The best of a row, where one end is better, has a star."""
    lines: list[tuple[str, ...]] = [("", *names)]
    heading = ""
    for one in entries:
        if one.heading != heading:
            heading = one.heading
            lines.append((heading.upper(), *("" for _ in one.values)))
        marked = (f"{value} *" if place in one.best else value for place, value in enumerate(one.values))
        lines.append((f"  {one.name}", *marked))
    return lines
