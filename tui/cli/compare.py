"""`dltui compare`: the differences between runs."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.client.client import Client
from engine.errors import InputError
from engine.protocol import RunSummary
from tui.cli.engine_call import call_engine, fail, print_json, print_lines, print_stderr, print_stdout
from tui.cli.ls import AsJson
from tui.cli.shell_completion import complete_run
from tui.cli.table import in_blocks
from tui.data.code_text import code_difference
from tui.data.comparison import ComparedRow, differing_rows
from tui.data.value_text import different_data_warning, short_number, unique_labels

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

    async def fetch(client: Client) -> tuple[list[RunSummary], list[str], str]:
        found = [await client.show(run) for run in runs]
        changed = [f"{run.spec.name}: {now}" for run in found if (now := await client.data_now(run.id))]
        return found, changed, await code_difference(client, found)

    found, changed, code = call_engine(fetch)
    for text in changed:
        print_stderr(text)
    rows = differing_rows(found, str if json else short_number)
    if warning := different_data_warning(found):
        print_stderr(warning)
    if json:
        ids = [run.id for run in found]
        print_json([{"what": one.name, **dict(zip(ids, one.values, strict=True))} for one in rows])
        return
    if not rows:
        print_stdout("The runs do not differ.")
        return
    print_lines(in_blocks(_lines(rows, unique_labels(found))))
    if code:
        print_stdout(f"\n{code}")


def _lines(entries: list[ComparedRow], names: list[str]) -> list[tuple[str, ...]]:
    """Rows of cells; the best value of a row is marked with a star."""
    lines: list[tuple[str, ...]] = [("", *names)]
    heading = ""
    for one in entries:
        if one.heading != heading:
            heading = one.heading
            lines.append((heading.upper(), *("" for _ in one.values)))
        marked = (f"{value} *" if place in one.best else value for place, value in enumerate(one.values))
        lines.append((f"  {one.name}", *marked))
    return lines
