"""`dltui sweep ls|show|trials|export|analyse`: look at sweeps."""

from __future__ import annotations

import csv as csv_format
import sys
from typing import Annotated

import typer

from engine.client import Axis, Client, Group, SweepSummary, TrialPage, TrialQuery, TrialRow, group_to_json
from engine.protocol import Json
from tui.plain_text import plain
from tui.verbs.ask import ask, say, say_json
from tui.verbs.look import AsJson
from tui.verbs.sweep_words import counted, how_far, row_json, sweep_json, valued
from tui.verbs.words import columns, pairs, short_number, span

Sweep = Annotated[str, typer.Argument(metavar="SWEEP", help="id, unique prefix, name, or @last")]
Filter = Annotated[str, typer.Argument(metavar="FILTER", help="such as 'val_loss<0.1 and lr>=0.01'")]
PAGE = 1000


def ls(json: AsJson = False) -> None:
    """List sweeps, newest first."""
    found = ask(lambda client: client.sweeps())
    if json:
        say_json([sweep_json(sweep) for sweep in found])
        return
    if not found:
        say("No sweep yet. Start one: dltui sweep xor --axis 'lr=0.1,0.01' --axis 'hidden=1..4'")
        return
    head = ("STATUS", "SWEEP", "NAME", "TRIALS", "GOAL", "BEST", "AXES", "")
    for line in columns([head, *(_row(sweep) for sweep in found)]):
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
    """Show how a sweep stands."""
    found = ask(lambda client: client.sweep_show(sweep))
    if json:
        say_json(sweep_json(found))
        return
    for line in columns([(name, plain(text)) for name, text in _facts(found) if text]):
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
        ("seeds", " ".join(map(str, spec.seeds[:20])) if len(spec.seeds) > 1 else ""),
        ("fixed", pairs(spec.params)),
        ("best", f"{spec.metric}={valued(best)}, trial {best.trial}: {pairs(best.params)}" if best else ""),
        ("but", how_far(best) if best else ""),
        ("its run", best.run if best else ""),
    ]


def _values(axis: Axis) -> str:
    values = axis.values
    if values is None or (axis.low is not None and len(values) > 10):
        return f"{axis.low:g}..{axis.high:g}{' log' if axis.log else ''}"
    more = f" and {len(values) - 10} more" if len(values) > 10 else ""
    return pairs({"": ",".join(str(value) for value in values[:10])})[1:] + more


def trials(
    sweep: Sweep,
    where: Filter = "",
    sort: Annotated[str, typer.Option(help="trial, value, status, a parameter or a metric")] = "trial",
    descending: Annotated[bool, typer.Option("--descending", help="largest first")] = False,
    group: Annotated[str, typer.Option(help="names with commas between; config puts seeds together")] = "",
    limit: Annotated[int, typer.Option(help="rows at most", min=1, max=PAGE)] = 50,
    json: AsJson = False,
) -> None:
    """List the trials of a sweep, or groups of them with mean and spread."""
    page = ask(
        lambda client: client.sweep_trials(
            sweep, TrialQuery(where, sort, descending, 0, limit, group)
        )
    )  # fmt: skip
    if json:
        say_json([group_to_json(g) for g in page.groups] if group else [row_json(row) for row in page.rows])
        return
    for line in columns(_group_lines(page) if group else _trial_lines(page)):
        say(line)
    shown = len(page.groups) + len(page.rows)
    if page.matching > shown:
        say(f"{shown} of {page.matching}; --limit shows more.")


def _trial_lines(page: TrialPage) -> list[tuple[str, ...]]:
    head = ("TRIAL", "STATUS", "VALUE", "STEP", "TIME", "SEED", "PARAMETERS", "RUN", "")
    return [head, *(_trial(row) for row in page.rows)]


def _trial(row: TrialRow) -> tuple[str, ...]:
    pin = " pinned" if row.pinned else ""
    return (
        str(row.trial), f"{row.status}{pin}", valued(row), str(row.step), span(row.seconds), str(row.seed),
        pairs(row.params), f"{row.run}{' (removed)' if row.removed else ''}", plain(row.cause),
    )  # fmt: skip


def _group_lines(page: TrialPage) -> list[tuple[str, ...]]:
    return [("GROUP", "TRIALS", "MEAN", "SPREAD", "BEST", "PARAMETERS"), *(_group(g) for g in page.groups)]


def _group(group: Group) -> tuple[str, ...]:
    mean, spread = (
        "" if value is None else short_number(value) for value in (group.mean, group.spread)
    )  # fmt: skip
    best = pairs(group.best.params) if group.best else ""
    key = {name: "-" if value is None else value for name, value in group.key.items()}
    return (pairs(key), f"{group.valued}/{group.count}", mean, spread, valued(group.best), best)


def export(
    sweep: Sweep,
    where: Filter = "",
    csv: Annotated[bool, typer.Option("--csv", help="one line per trial (the default)")] = False,
    json: Annotated[bool, typer.Option("--json", help="the sweep and its trials")] = False,
) -> None:
    """Print all trials for another program."""
    found, rows = ask(lambda client: _read_all(client, sweep, where))
    if json and not csv:
        say_json({"sweep": sweep_json(found), "trials": [row_json(row) for row in rows]})
        return
    _write_csv(rows)


async def _read_all(client: Client, sweep: str, where: str) -> tuple[SweepSummary, list[TrialRow]]:
    found = await client.sweep_show(sweep)
    rows: list[TrialRow] = []
    while True:
        page = await client.sweep_trials(found.id, TrialQuery(where, offset=len(rows), limit=PAGE))
        rows += page.rows
        if not page.rows or len(rows) >= page.matching:
            return found, rows


def _write_csv(rows: list[TrialRow]) -> None:
    plain_names = (
        "trial",
        "config",
        "status",
        "value",
        "seed",
        "step",
        "best_step",
        "seconds",
        "run",
        "cause",
    )
    lines = [_cells(row, plain_names) for row in rows]
    names = dict.fromkeys(name for line in lines for name in line) or dict.fromkeys(plain_names)
    table = csv_format.DictWriter(sys.stdout, list(names))
    table.writeheader()
    table.writerows(lines)


def _cells(row: TrialRow, names: tuple[str, ...]) -> Json:
    """Parameters and metrics under their own names; a metric that a parameter is called like gets a mark."""
    own = {
        name: plain(str(value)) if isinstance(value := getattr(row, name), str) else value for name in names
    }
    metrics = {f"metric.{name}" if name in row.params else name: value for name, value in row.metrics.items()}
    return {**own, **row.params, **metrics}


def analyse(
    sweep: Sweep,
    kind: Annotated[str, typer.Argument(help="importance, parallel, slice, best or heat")] = "importance",
    where: Annotated[str, typer.Option(help="of these trials only")] = "",
    json: AsJson = False,
) -> None:
    """Say what decides: the importance of each axis, or (as JSON) what a picture is drawn from."""
    found = ask(lambda client: client.sweep_analysis(sweep, kind, where))
    if json or kind != "importance":
        say_json(found)
        return
    if found["why"]:
        say(f"No importance: {found['why']}.")
    for line in columns([(name, f"{share:.1%}") for name, share in found["importance"]]):
        say(line)
