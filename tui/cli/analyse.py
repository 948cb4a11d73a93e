"""`dltui analyse`: which parameter matters to a metric, of any runs; of a sweep it is `sweep analyse`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from engine.client.client import Client
from engine.errors import InputError
from engine.protocol import Json
from tui.cli.engine_call import call_engine, fail, print_json, print_lines, print_stderr
from tui.cli.ls import AsJson
from tui.cli.shell_completion import complete_run
from tui.cli.sweep_table import print_importance
from tui.data.value_text import aligned, plural, short_number
from tui.terminal.plain_text import plain

KINDS = ("importance", "parallel", "slice", "heat")
NAMES_SHOWN = 12


def analyse(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RUN...]", help="id, unique prefix, name, or @last", autocompletion=complete_run
        ),
    ] = None,
    where: Annotated[str, typer.Option(metavar="FILTER", help="only runs that pass this filter")] = "",
    kind: Annotated[str, typer.Option(help="importance, parallel (axes), slice or heat")] = "importance",
    metric: Annotated[str, typer.Option(help="metric (default: that of most best values)")] = "",
    x: Annotated[str, typer.Option(metavar="NAME", help="parameter across a heat map")] = "",
    y: Annotated[str, typer.Option(metavar="NAME", help="parameter up a heat map")] = "",
    json: AsJson = False,
) -> None:
    """Print which parameter of any runs matters to a metric.

    Of the named runs, else of those that pass the filter, else of all.

    --kind parallel prints a row for each run, the best last: its parameters and its value, as parallel axes
    draw them. Slices and heat maps are printed as JSON.
    """
    if kind not in KINDS:
        fail(InputError(f"--kind: expected one of {', '.join(KINDS)}, got {plain(kind, limit=40)!r}."))
    if kind == "heat" and not (x and y):
        fail(InputError("--kind heat: expected --x NAME and --y NAME, two parameters."))
    if runs and where:
        fail(InputError("expected RUN... or --where FILTER, got both."))
    axes = {"x": x, "y": y} if kind == "heat" else {}

    async def ask(client: Client) -> Json:
        ids = [(await client.show(run)).id for run in runs or ()]
        return await client.runs_analysis(kind, where, ids, metric, **axes)

    found = call_engine(ask)
    if json or kind in ("slice", "heat"):
        print_json(found)
        return
    _tell_what_is_left_out(found)
    if kind == "importance":
        print_importance(found)
        return
    print_lines(aligned(parallel_rows(found)))


def _tell_what_is_left_out(found: Json) -> None:
    if names := found.get("not_shared"):
        more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
        shown = ", ".join(plain(str(name), limit=40) for name in names[:NAMES_SHOWN])
        print_stderr(f"Not all of these runs have {shown}{more}: left out.")
    if beyond := found.get("beyond"):
        print_stderr(f"{plural(beyond, 'older run')} left out.")


def parallel_rows(found: Json) -> list[tuple[str, ...]]:
    """The head, and a row for each run, the best last."""
    names = [plain(str(column["name"]), limit=40) for column in found["columns"]]
    head = ("RUN", *names, plain(str(found["metric"]), limit=40))
    return [
        head,
        *(
            (str(found["runs"][row["trial"] - 1]), *map(_text, row["cells"]), _text(row["value"]))
            for row in found["rows"]
        ),
    ]


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    is_number = isinstance(cell, int | float) and not isinstance(cell, bool)
    return short_number(cell) if is_number else plain(str(cell), limit=40)
