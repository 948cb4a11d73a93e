"""`dltui ls` and `show`: list runs, and all facts of one."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Annotated

import typer

from engine import filter_fields, places
from engine.client.client import Client
from engine.errors import InputError
from engine.experiment_files.code import RunCode
from engine.protocol import CheckpointFacts, RunSummary, Status
from engine.table_protocol import GroupRow, Page, Query, SweepRow
from tui.cli.engine_call import (
    call_engine,
    exit_on_error,
    fail,
    print_json,
    print_lines,
    print_stderr,
    print_stdout,
)
from tui.cli.shell_completion import complete_run
from tui.cli.table import TableColumn, table, wrapped
from tui.data import saved_views
from tui.data.annotation_text import note_lines, tags_text
from tui.data.code_text import code_fact, sections
from tui.data.command_text import command_text
from tui.data.run_fields import cell_text, field_of_all, has_field
from tui.data.system_text import peaks_text
from tui.data.unknown_filter_names import unknown_name
from tui.data.value_text import (
    age_text,
    best_text,
    cause_text,
    child_text,
    data_folder_text,
    data_text,
    distinguishing_params,
    duration_text,
    effective_params,
    field_text,
    format_params,
    media_text,
    plural,
    progress_text,
    reason_text,
    run_json,
    short_number,
    status_text,
)
from tui.terminal.plain_text import plain

AsJson = Annotated[bool, typer.Option("--json", help="as JSON")]
_LISTED = tuple(one for one in filter_fields.COLUMNS if one.is_listed)
COLUMNS = (
    TableColumn("STATUS"), TableColumn("RUN"), TableColumn("NAME", 8, 5), TableColumn("PROGRESS", 9, 3),
    TableColumn("BEST", 12, 4), TableColumn("AGE"),
    *(TableColumn(one.title.upper(), 6, 2) for one in _LISTED),
    TableColumn("PARAMETERS", 10, 1), TableColumn("CAUSE", 10, 0),
)  # fmt: skip
ACTIVE = (Status.RUNNING, Status.PAUSING, Status.STOPPING, Status.QUEUED, Status.PAUSED)
"""the status shown for a sweep: the first of these that one of its trials has"""
ORDER = "sort order (default: descending)"
ROWS_SHOWN = 50
"""rows in a terminal by default"""
PAGE = 500
Run = Annotated[
    str,
    typer.Argument(metavar="RUN", help="id, unique prefix, name, or @last", autocompletion=complete_run),
]


def ls(
    where: Annotated[
        str,
        typer.Argument(
            metavar="FILTER", help="filter such as 'mnist and val_loss<0.1'; see dltui help filter"
        ),
    ] = "",
    sort: Annotated[
        str, typer.Option(help="sort key: created, name, status, step, best, a parameter or a metric")
    ] = "created",
    ascending: Annotated[bool, typer.Option("--ascending/--descending", help=ORDER)] = False,
    view: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="filter, order and columns of a view that was saved in the app; a FILTER narrows it",
            autocompletion=lambda: saved_views.names(places.home()),
        ),
    ] = "",
    columns: Annotated[
        str,
        typer.Option(
            metavar="NAME,NAME",
            help="columns instead of the usual ones: name, status, tags, note, a parameter, a metric, ...",
        ),
    ] = "",
    limit: Annotated[
        int | None,
        typer.Option(help=f"rows at most (default: {ROWS_SHOWN} in a terminal, all in a pipe)", min=1),
    ] = None,
    trials: Annotated[
        bool, typer.Option("--trials", help="list each trial of a sweep (a pipe and --json always do)")
    ] = False,
    group: Annotated[
        str,
        typer.Option(
            metavar="NAME,NAME",
            help="groups of runs with equal values in these fields, and their mean; config: all but the seed",
        ),
    ] = "",
    removed: Annotated[
        bool, typer.Option("--removed", help="list removed runs and sweeps that `undo` can bring back")
    ] = False,
    json: AsJson = False,
) -> None:
    """List runs, newest first; in a terminal a sweep is one row.

    The trials of one sweep: dltui ls sweep=NAME.
    """
    if removed:
        from tui.cli.removal import ls_removed

        ls_removed(json)
        return

    if view:
        where, sort, ascending, columns = _of_view(view, where, sort, ascending, columns)
    is_terminal = sys.stdout.isatty() and not json
    most = limit or (ROWS_SHOWN if is_terminal else None)
    query = Query(where, sort, not ascending, by_sweep=is_terminal and not trials and not columns)
    if group:
        from tui.cli import ls_groups

        wanted = ls_groups.statistics_wanted(columns, sort)
        query = replace(query, by_sweep=False, group=group, statistics=wanted)
    page = call_engine(lambda client: _read(client, query, most))
    fail_on_unknown_name(page)
    if group:
        ls_groups.print_groups(page, query, as_json=json)
        return
    if json:
        print_json([run_json(run) for run in page.runs])
        return
    if page.notice:
        print_stderr(page.notice)
    if not page.rows:
        if page.total:
            print_stdout(f"None of {page.total} runs matches.")
        elif not page.notice:
            print_stdout("No run yet. Start one: dltui run xor")
        return
    if columns:
        _print_columns([name for name in map(str.strip, columns.split(",")) if name], page)
        return
    varied = _with_varied_seeds(page.runs)
    rows = [
        _sweep_row(row) if isinstance(row, SweepRow) else _row(row, row.id in varied)
        for row in page.rows
        if not isinstance(row, GroupRow)
    ]
    print_lines(table(COLUMNS, rows))
    length = page.matching if page.length is None else page.length
    if length > len(rows):
        print_stderr(f"{len(rows):,} of {length:,} {'rows' if page.sweeps else 'runs'}; --limit shows more.")
    if page.sweeps:
        print_stderr("A sweep is one row; --trials lists each trial, dltui ls sweep=NAME those of one sweep.")


def _of_view(name: str, where: str, sort: str, ascending: bool, columns: str) -> tuple[str, str, bool, str]:
    """The arguments, those that are not given from the view. Exits where it cannot be used."""
    with exit_on_error():
        view = saved_views.read(places.home(), name)
    both = [f"({one})" for one in (view.where, where) if one]
    where = " and ".join(both) if len(both) > 1 else view.where or where
    if sort == "created" and not ascending:
        sort, ascending = view.sort, not view.descending
    return where, sort, ascending, columns or ",".join(map(saved_views.field_of, view.columns))


def _print_columns(names: Sequence[str], page: Page) -> None:
    """The id of each run and these fields of it; a field that none has is empty, and named on stderr."""
    built_in = {
        "name": lambda run: plain(run.spec.name),
        "experiment": lambda run: run.spec.experiment,
        "progress": progress_text,
        "best": lambda run: f"{run.best.metric}={short_number(run.best.value)}" if run.best else "",
        "age": age_text,
        "parameters": lambda run: format_params(distinguishing_params(run)),
        "id": lambda run: run.id,
    }
    cells = [built_in.get(name) or partial(cell_text, name=field_of_all(page.runs, name)) for name in names]
    missing = [
        name for name in names if name not in built_in and not any(has_field(run, name) for run in page.runs)
    ]
    titles = (TableColumn("RUN"), *(TableColumn(plain(name, limit=40).upper(), 4, 1) for name in names))
    print_lines(table(titles, [(run.id, *(plain(cell(run)) for cell in cells)) for run in page.runs]))
    if page.matching > len(page.runs):
        print_stderr(f"{len(page.runs):,} of {page.matching:,} runs; --limit shows more.")
    if missing:
        near = unknown_name(missing, page.runs)
        remedy = f" Did you mean {' or '.join(near[1])}?" if near and near[1] else ""
        print_stderr(f"None of these runs has {', '.join(missing)}: the column is empty.{remedy}")


async def _read(client: Client, query: Query, most: int | None) -> Page:
    """The first `most` rows, fetched page by page; all of them for None."""
    page = await client.runs(replace(query, limit=min(most or PAGE, PAGE)))
    length = page.matching if page.length is None else page.length
    count = min(most or length, length)
    rows = {row.id: row for row in page.rows}
    while len(rows) < count:
        more = (await client.runs(replace(query, offset=len(rows), limit=min(count - len(rows), PAGE)))).rows
        if not {row.id for row in more} - set(rows):
            break
        rows |= {row.id: row for row in more}
    placed = list(enumerate(rows.values()))
    sweeps = tuple(replace(row, place=place) for place, row in placed if isinstance(row, SweepRow))
    groups = tuple(replace(row, place=place) for place, row in placed if isinstance(row, GroupRow))
    runs = [row.newest if isinstance(row, GroupRow) else row for row in rows.values()]
    return replace(
        page, runs=tuple(run for run in runs if isinstance(run, RunSummary)), sweeps=sweeps, groups=groups
    )


async def read_all_rows(client: Client, where: str) -> Page:
    """All runs that pass the filter, newest first."""
    return await _read(client, Query(where), None)


def fail_on_unknown_name(page: Page) -> None:
    """Exit with an error where the filter or sort has a name that no run and no experiment has."""
    if not page.total or not page.unknown:
        return
    known = page.runs or call_engine(lambda client: client.runs(Query())).runs
    found = unknown_name(page.unknown, known)
    if found is not None:
        name, near = found
        fail(InputError(f"No run has {name}.", f"Did you mean {' or '.join(near)}?" if near else ""))


def _with_varied_seeds(runs: Sequence[RunSummary]) -> set[str]:
    """Ids of runs that differ from another one only in the seed."""
    alike: dict[str, list[RunSummary]] = {}
    for run in runs:
        alike.setdefault(f"{run.spec.experiment} {run.spec.params}", []).append(run)
    return {run.id for same in alike.values() if len({one.spec.seed for one in same}) > 1 for run in same}


def _row(run: RunSummary, with_seed: bool) -> tuple[str, ...]:
    best = f"{run.best.metric}={short_number(run.best.value)}" if run.best else ""
    name = plain(run.spec.name)
    return (
        status_text(run),
        run.id,
        name,
        progress_text(run),
        best,
        age_text(run),
        *(field_text(run, one) for one in _LISTED),
        " ".join(
            filter(
                None,
                (
                    tags_text(run),
                    child_text(run),
                    format_params(distinguishing_params(run, with_seed=with_seed)),
                ),
            )
        ),
        plain(cause_text(run)),
    )


def _sweep_row(sweep: SweepRow) -> tuple[str, ...]:
    """The row of a sweep: status, id, name, trials, best value, trials by status."""
    counts = dict(sweep.counts)
    status = next((one for one in ACTIVE if counts.get(one)), max(counts, key=lambda one: counts[one]))
    best = "" if sweep.best is None else f"{sweep.metric}={short_number(sweep.best)}"
    by_status = ", ".join(f"{count:,} {one}" for one, count in counts.items())
    planned = f" of {sweep.planned:,}" if sweep.planned > sweep.trials else ""
    return (
        status, sweep.id, plain(sweep.name), f"{plural(sweep.trials, 'trial')}{planned}", best,
        duration_text(time.time() - sweep.created_at), *("" for _ in _LISTED), by_status, "",
    )  # fmt: skip


def show(
    run: Run,
    code: Annotated[
        bool, typer.Option("--code", help="its code, as it was trained, and what was changed since")
    ] = False,
    json: AsJson = False,
) -> None:
    """Show everything about one run."""

    async def fetch(client: Client) -> tuple[RunSummary, str, RunCode | None]:
        found = await client.show(run)
        own = await client.code(found.id) if found.spec.file else None
        return found, await client.data_now(found.id), own

    found, data_now, own = call_engine(fetch)
    if code:
        _show_code(found, own, json)
        return
    if json:
        print_json({**run_json(found), "data_now": data_now})
        return
    facts = _facts(found, data_now, code_fact(own) if own else "")
    print_lines(wrapped([(name, plain(text)) for name, text in facts if text]))


def _show_code(run: RunSummary, code: RunCode | None, json: bool) -> None:
    if code is None:
        fail(InputError(f"{run.spec.name} is a run of {run.spec.experiment}, whose code is part of dltui."))
    if json:
        print_json(code)
        return
    for title, text in sections(code):
        print_stdout(f"# {title}")
        print_stdout(text)


def _device(run: RunSummary) -> str:
    threads = run.spec.threads
    return f"{run.device} with {threads} thread{'' if threads == 1 else 's'}" if run.device else ""


def _experiment(run: RunSummary) -> str:
    if run.status is Status.IMPORTED:
        return run.spec.experiment
    return f"{run.spec.experiment} ({run.spec.framework})" if run.spec.framework else ""


def _facts(run: RunSummary, data_now: str, code: str = "") -> list[tuple[str, str]]:
    cause = run.cause
    best = f"{run.best.metric}={short_number(run.best.value)} at step {run.best.step}" if run.best else ""
    facts = [
        ("run", run.id),
        ("name", run.spec.name),
        ("tags", tags_text(run)),
        *(("note" if not place else "", line or " ") for place, line in enumerate(note_lines(run))),
        ("experiment", _experiment(run)),
        ("code", code),
        ("command", command_text(run.spec)),
        ("folder", run.spec.command.folder if run.spec.command else ""),
        ("in no file", ", ".join(run.spec.command.withheld) if run.spec.command else ""),
        ("status", f"{status_text(run)}{': ' + reason_text(run) if reason_text(run) else ''}"),
        ("remedy", cause.remedy if cause else ""),
        ("damage", run.damage),
        ("notice", run.notice),
        ("data notice", run.data_notice),
        ("progress", progress_text(run)),
        ("metrics", format_params({name: short_number(value) for name, value in run.metrics.items()})),
        ("best", best),
        ("params", format_params(effective_params(run))),
        ("changed live", format_params(run.live)),
        ("seed", "" if run.status is Status.IMPORTED else str(run.spec.seed)),
        ("child of", run.spec.parent.whole if run.spec.parent else ""),
        ("data", data_text(run)),
        ("data folder", data_folder_text(run)),
        ("data now", data_now),
        ("device", _device(run)),
        ("executor", run.spec.executor if run.spec.executor != "local" else ""),
        ("trained for", duration_text(run.train_seconds)),
        ("system", run.verdict),
        ("peaks", peaks_text(run)),
    ]
    answers = [("answers with", one.answers) for one in run.checkpoints if one.answers]
    listed = [("checkpoint", _checkpoint(run, one)) for one in run.checkpoints]
    return facts + answers + listed + [(one.kind, media_text(one)) for one in run.media]


def _checkpoint(run: RunSummary, found: CheckpointFacts) -> str:
    value, parent = best_text(run, found), run.spec.parent
    marks = (
        f"best: {value}" if value else "",
        f"that of {parent.short}" if parent and parent.step == found.step else "",
        f"DAMAGED: {found.damaged}" if found.damaged else "",
    )
    return "  ".join(filter(None, (f"step {found.step}", found.path, *marks)))
