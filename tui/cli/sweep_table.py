"""`dltui sweep ls|show|trials|export|analyse`: sweeps and their trials."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from engine.axes import Axis
from engine.client.client import Client
from engine.protocol import Json, to_json
from engine.sweep_protocol import SweepSummary, TrialGroup, TrialQuery, TrialRow
from tui.cli.engine_call import call_engine, print_csv, print_json, print_lines, print_stderr, print_stdout
from tui.cli.ls import ROWS_SHOWN, AsJson
from tui.cli.shell_completion import complete_sweep
from tui.cli.table import TableColumn, table, terminal_width, wrapped
from tui.data.sweep_text import trial_counts, trial_note, value_text
from tui.data.trial_export import read, read_all, sweep_json, table_of
from tui.data.trial_pages import Entry
from tui.data.value_text import (
    aligned,
    duration_text,
    format_exact,
    format_params,
    format_value,
    short_number,
)
from tui.terminal.glyphs import glyphs
from tui.terminal.plain_text import plain

NUMBER = 10
"""cells of a number and the blanks around it"""


def percent_bars(shares: Sequence[tuple[str, float]], width: int) -> list[str]:
    """A line for each name: its share as a bar, of which the full length is 100 %, and as a percentage."""
    if not shares:
        return []
    import plotext

    names = [plain(name, limit=max(8, width // 2)) for name, _ in shares]
    largest = max(share for _, share in shares)
    room = width - max(map(len, names)) - NUMBER
    plotext.clear_figure()
    plotext.simple_bar(
        names, [100 * share for _, share in shares], width=width - 2 - round(room * (1 - largest)),
        marker="#" if glyphs().ascii_only else "▇",
    )  # fmt: skip
    lines = plotext.uncolorize(plotext.build()).splitlines()
    return [line.rstrip() for line in lines if line.strip()]


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
    found = call_engine(lambda client: client.sweeps())
    if json:
        print_json([sweep_json(sweep) for sweep in found])
        return
    if not found:
        print_stdout("No sweep yet. Start one: dltui sweep xor --axis 'lr=0.1,0.01' --axis 'hidden=1..4'")
        return
    print_lines(table(SWEEPS, [_row(sweep) for sweep in found]))


def _row(sweep: SweepSummary) -> tuple[str, ...]:
    note = trial_note(sweep.best) if sweep.best else ""
    best = f"{sweep.spec.metric}={value_text(sweep.best)}{f' ({note})' if note else ''}" if sweep.best else ""
    axes = " ".join(axis.name for axis in sweep.spec.axes)
    return (
        sweep.status, sweep.id, plain(sweep.spec.name), f"{sweep.settled}/{sweep.planned}",
        sweep.spec.goal, best, axes,
        plain(sweep.why),
    )  # fmt: skip


def show(sweep: Sweep, json: AsJson = False) -> None:
    """Show the state of a sweep."""
    found = call_engine(lambda client: client.sweep_show(sweep))
    if json:
        print_json(sweep_json(found))
        return
    print_lines(wrapped([(name, plain(text)) for name, text in _facts(found) if text]))


def _facts(sweep: SweepSummary) -> list[tuple[str, str]]:
    spec, best = sweep.spec, sweep.best
    pruned = f", {spec.prune.kind}" if spec.prune.kind != "none" else ""
    return [
        ("sweep", sweep.id),
        ("name", spec.name),
        ("experiment", spec.experiment),
        ("status", f"{sweep.status}{': ' + sweep.why if sweep.why else ''}"),
        ("trials", f"{sweep.settled} of {sweep.planned}: {trial_counts(sweep)}"),
        ("goal", f"{spec.goal} {spec.metric}"),
        ("sampler", f"{spec.sampler}{pruned}"),
        *(("axis", f"{axis.name}={_values(axis)}") for axis in spec.axes),
        ("seeds", " ".join(map(str, spec.seeds)) if len(spec.seeds) > 1 else ""),
        ("fixed", format_params(spec.params)),
        ("children of", spec.parent.whole if spec.parent else ""),
        ("ignored", f"what this dltui does not know: {', '.join(spec.unknown)}" if spec.unknown else ""),
        (
            "best",
            f"{spec.metric}={value_text(best)}, trial {best.trial}: {format_params(best.params)}"
            if best
            else "",
        ),
        ("note", trial_note(best) if best else ""),
        ("run", best.run if best else ""),
    ]


def _values(axis: Axis) -> str:
    values = axis.values
    if values is None or (axis.low is not None and len(values) > 10):
        return f"{axis.low:g}..{axis.high:g}{' log' if axis.log else ''}"
    more = f" and {len(values) - 10} more" if len(values) > 10 else ""
    return ",".join(format_exact(axis.name, value) for value in values[:10]) + more


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
        int | None,
        typer.Option(help=f"rows at most (default: {ROWS_SHOWN} in a terminal, all in a pipe)", min=1),
    ] = None,
    json: AsJson = False,
) -> None:
    """List trials, or groups with mean and std."""
    most = limit or (ROWS_SHOWN if sys.stdout.isatty() and not json else None)
    query = TrialQuery(where, sort, descending, group=group)
    found, matching = call_engine(lambda client: _read(client, sweep, query, most))
    groups = [entry for entry in found if isinstance(entry, TrialGroup)]
    rows = [entry for entry in found if isinstance(entry, TrialRow)]
    if json:
        print_json(to_json(groups if group else rows))
        return
    lines = (
        table(GROUPS, [group_row(one) for one in groups])
        if group
        else table(TRIALS, [_trial(row) for row in rows])
    )
    print_lines(lines)
    if matching > len(found):
        print_stderr(f"{len(found):,} of {matching:,}; --limit shows more.")


async def _read(client: Client, sweep: str, query: TrialQuery, most: int | None) -> tuple[list[Entry], int]:
    return await read(client, (await client.sweep_show(sweep)).id, query, most)


def _trial(row: TrialRow) -> tuple[str, ...]:
    pin = " pinned" if row.pinned else ""
    return (
        str(row.trial), f"{row.status}{pin}", value_text(row), str(row.step), duration_text(row.seconds),
        str(row.seed),
        format_params(row.params), f"{row.run}{' (removed)' if row.removed else ''}", plain(row.cause),
    )  # fmt: skip


def group_row(group: TrialGroup) -> tuple[str, ...]:
    """The cells of a group under GROUPS."""
    mean, spread = (
        "" if value is None else short_number(value) for value in (group.mean, group.spread)
    )  # fmt: skip
    best = format_params(group.best.params) if group.best else ""
    key = {
        name: format_value(name, value) or "-" if value is None else value
        for name, value in group.key.items()
    }
    return (format_params(key), f"{group.valued}/{group.count}", mean, spread, value_text(group.best), best)


def export(
    sweep: Sweep,
    where: Filter = "",
    csv: Annotated[bool, typer.Option("--csv", help="CSV: one line per trial (the default)")] = False,
    json: Annotated[bool, typer.Option("--json", help="sweep and its trials as JSON")] = False,
) -> None:
    """Print all trials as CSV or JSON.

    value is the best value of the sweep's metric, of step best_step; a metric's own column is its last value.
    """
    found, rows = call_engine(lambda client: _read_all(client, sweep, where))
    if json and not csv:
        print_json({"sweep": sweep_json(found), "trials": to_json(rows)})
        return
    print_csv(*table_of(rows))


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
    found = call_engine(lambda client: client.sweep_analysis(sweep, kind, where))
    if json or kind != "importance":
        print_json(found)
        return
    print_importance(found)


def print_importance(found: Json) -> None:
    """A bar for each parameter, or why there is none."""
    if found["why"]:
        print_stdout(f"No importance: {found['why']}.")
    width = terminal_width()
    shares = [(name, share) for name, share in found["importance"]]
    rows = [(name, f"{share:.1%}") for name, share in shares]
    print_lines(aligned(rows) if width is None else percent_bars(shares, width))
