"""`dltui sweep ls|show|trials|export|analyse`: look at sweeps."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from engine.axes import Axis
from engine.client.client import Client
from engine.sweep_protocol import SweepSummary, TrialGroup, TrialQuery, TrialRow, group_to_json
from tui.cli.bars import percent_bars
from tui.cli.completion import complete_sweep
from tui.cli.engine_call import ask, say, say_json, tell, write_csv
from tui.cli.ls import SHOWN, AsJson
from tui.cli.table import TableColumn, table, terminal_width, wrapped
from tui.data.sweep_text import counted, how_far, row_json, valued
from tui.data.trial_export import json_of, read, read_all, sweep_json, table_of
from tui.data.trial_pages import Entry
from tui.data.value_text import columns, exact, pairs, short_number, span, value_of
from tui.terminal.plain_text import plain

Sweep = Annotated[
    str,
    typer.Argument(metavar="SWEEP", help="id, unique prefix, name, or @last", autocompletion=complete_sweep),
]
Filter = Annotated[
    str,
    typer.Argument(
        metavar="FILTER", help="filter such as 'val_loss<0.1 and lr>=0.01'; see: dltui help filter"
    ),
]
SWEEPS = (
    TableColumn("STATUS"), TableColumn("SWEEP"), TableColumn("NAME", 8, 4), TableColumn("TRIALS"),
    TableColumn("GOAL", 6, 2), TableColumn("BEST", 12, 3), TableColumn("AXES", 8, 2),
    TableColumn("WHY", 10, 1),
)  # fmt: skip
TRIALS = (
    TableColumn("TRIAL"), TableColumn("STATUS"), TableColumn("VALUE"), TableColumn("STEP", 6, 3),
    TableColumn("TIME", 5, 2), TableColumn("SEED", 4, 4), TableColumn("PARAMETERS", 12, 6),
    TableColumn("RUN", 12, 5), TableColumn("CAUSE", 10, 1),
)  # fmt: skip
GROUPS = (
    TableColumn("GROUP", 12, 2), TableColumn("TRIALS"), TableColumn("MEAN"), TableColumn("SPREAD"),
    TableColumn("BEST"), TableColumn("PARAMETERS", 10, 1),
)  # fmt: skip


def ls(json: AsJson = False) -> None:
    """List sweeps, newest first."""
    found = ask(lambda client: client.sweeps())
    if json:
        say_json([sweep_json(sweep) for sweep in found])
        return
    if not found:
        say("No sweep yet. Start one: dltui sweep xor --axis 'lr=0.1,0.01' --axis 'hidden=1..4'")
        return
    for line in table(SWEEPS, [_row(sweep) for sweep in found]):
        say(line)


def _row(sweep: SweepSummary) -> tuple[str, ...]:
    note = how_far(sweep.best) if sweep.best else ""
    best = f"{sweep.spec.metric}={valued(sweep.best)}{f' ({note})' if note else ''}" if sweep.best else ""
    axes = " ".join(axis.name for axis in sweep.spec.axes)
    return (
        sweep.status, sweep.id, plain(sweep.spec.name), f"{sweep.settled}/{sweep.planned}",
        sweep.spec.goal, best, axes,
        plain(sweep.why),
    )  # fmt: skip


def show(sweep: Sweep, json: AsJson = False) -> None:
    """Show the state of a sweep."""
    found = ask(lambda client: client.sweep_show(sweep))
    if json:
        say_json(sweep_json(found))
        return
    for line in wrapped([(name, plain(text)) for name, text in _facts(found) if text]):
        say(line)


def _facts(sweep: SweepSummary) -> list[tuple[str, str]]:
    spec, best = sweep.spec, sweep.best
    pruned = f", {spec.prune.kind}" if spec.prune.kind != "none" else ""
    return [
        ("sweep", sweep.id),
        ("name", spec.name),
        ("experiment", spec.experiment),
        ("status", f"{sweep.status}{': ' + sweep.why if sweep.why else ''}"),
        ("trials", f"{sweep.settled} of {sweep.planned}: {counted(sweep)}"),
        ("goal", f"{spec.goal} {spec.metric}"),
        ("sampler", f"{spec.sampler}{pruned}"),
        *(("axis", f"{axis.name}={_values(axis)}") for axis in spec.axes),
        ("seeds", " ".join(map(str, spec.seeds)) if len(spec.seeds) > 1 else ""),
        ("fixed", pairs(spec.params)),
        ("ignored", f"what this dltui does not know: {', '.join(spec.unknown)}" if spec.unknown else ""),
        ("best", f"{spec.metric}={valued(best)}, trial {best.trial}: {pairs(best.params)}" if best else ""),
        ("note", how_far(best) if best else ""),
        ("run", best.run if best else ""),
    ]


def _values(axis: Axis) -> str:
    values = axis.values
    if values is None or (axis.low is not None and len(values) > 10):
        return f"{axis.low:g}..{axis.high:g}{' log' if axis.log else ''}"
    more = f" and {len(values) - 10} more" if len(values) > 10 else ""
    return ",".join(exact(axis.name, value) for value in values[:10]) + more


def trials(
    sweep: Sweep,
    where: Filter = "",
    sort: Annotated[
        str, typer.Option(help="sort key: trial, value, status, a parameter or a metric")
    ] = "trial",
    descending: Annotated[
        bool, typer.Option("--descending/--ascending", help="sort order (default: ascending)")
    ] = False,
    group: Annotated[
        str, typer.Option(help="group by: names separated by commas; config: average over seeds")
    ] = "",
    limit: Annotated[
        int | None, typer.Option(help=f"rows at most (default: {SHOWN} in a terminal, all in a pipe)", min=1)
    ] = None,
    json: AsJson = False,
) -> None:
    """List trials, or groups with mean and std."""
    most = limit or (SHOWN if sys.stdout.isatty() and not json else None)
    query = TrialQuery(where, sort, descending, group=group)
    found, matching = ask(lambda client: _read(client, sweep, query, most))
    groups = [entry for entry in found if isinstance(entry, TrialGroup)]
    rows = [entry for entry in found if isinstance(entry, TrialRow)]
    if json:
        say_json([group_to_json(one) for one in groups] if group else [row_json(row) for row in rows])
        return
    told = (
        table(GROUPS, [group_row(one) for one in groups])
        if group
        else table(TRIALS, [_trial(row) for row in rows])
    )
    for line in told:
        say(line)
    if matching > len(found):
        tell(f"{len(found):,} of {matching:,}; --limit shows more.")


async def _read(client: Client, sweep: str, query: TrialQuery, most: int | None) -> tuple[list[Entry], int]:
    return await read(client, (await client.sweep_show(sweep)).id, query, most)


def _trial(row: TrialRow) -> tuple[str, ...]:
    pin = " pinned" if row.pinned else ""
    return (
        str(row.trial), f"{row.status}{pin}", valued(row), str(row.step), span(row.seconds), str(row.seed),
        pairs(row.params), f"{row.run}{' (removed)' if row.removed else ''}", plain(row.cause),
    )  # fmt: skip


def group_row(group: TrialGroup) -> tuple[str, ...]:
    """The cells of a group under GROUPS."""
    mean, spread = (
        "" if value is None else short_number(value) for value in (group.mean, group.spread)
    )  # fmt: skip
    best = pairs(group.best.params) if group.best else ""
    key = {
        name: value_of(name, value) or "-" if value is None else value for name, value in group.key.items()
    }
    return (pairs(key), f"{group.valued}/{group.count}", mean, spread, valued(group.best), best)


def export(
    sweep: Sweep,
    where: Filter = "",
    csv: Annotated[bool, typer.Option("--csv", help="CSV: one line per trial (the default)")] = False,
    json: Annotated[bool, typer.Option("--json", help="sweep and its trials as JSON")] = False,
) -> None:
    """Print all trials as CSV or JSON."""
    found, rows = ask(lambda client: _read_all(client, sweep, where))
    if json and not csv:
        say_json({"sweep": sweep_json(found), "trials": [json_of(row) for row in rows]})
        return
    write_csv(*table_of(rows))


async def _read_all(client: Client, sweep: str, where: str) -> tuple[SweepSummary, list[Entry]]:
    found = await client.sweep_show(sweep)
    return found, await read_all(client, found.id, TrialQuery(where))


def analyse(
    sweep: Sweep,
    kind: Annotated[
        str, typer.Argument(help="analysis: importance, parallel, slice, best or heat")
    ] = "importance",
    where: Annotated[str, typer.Option(help="only trials that pass this filter")] = "",
    json: AsJson = False,
) -> None:
    """Print the importance of each parameter.

    The other analyses print the data of their chart as JSON.
    """
    found = ask(lambda client: client.sweep_analysis(sweep, kind, where))
    if json or kind != "importance":
        say_json(found)
        return
    if found["why"]:
        say(f"No importance: {found['why']}.")
    width = terminal_width()
    shares = [(name, share) for name, share in found["importance"]]
    rows = [(name, f"{share:.1%}") for name, share in shares]
    for line in columns(rows) if width is None else percent_bars(shares, width):
        say(line)
