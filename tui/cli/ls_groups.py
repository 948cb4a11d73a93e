"""`dltui ls --group`: runs with equal values in some fields, and the means of others."""

from __future__ import annotations

import json
from collections.abc import Sequence

from engine.protocol import Json, RunSummary, to_json
from engine.run_groups import CONFIG, is_left_out
from engine.table_protocol import GroupRow, Page, Query
from tui.cli.engine_call import print_json, print_lines, print_stderr, print_stdout
from tui.cli.table import TableColumn, table
from tui.data.group_text import counts_text, equal_params, newest_of, statistics_text
from tui.data.run_fields import cell_text
from tui.data.value_text import age_text, format_params
from tui.terminal.plain_text import plain

_FIRST = (TableColumn("GROUP", 12, 3), TableColumn("RUNS", 6, 2))
_AGE, _PARAMETERS = TableColumn("AGE"), TableColumn("PARAMETERS", 10, 1)


def fields(group: str) -> list[str]:
    """The names in `Query.group`, in order."""
    return list(dict.fromkeys(name for part in group.split(",") if (name := part.strip())))


def statistics_wanted(columns: str, sort: str) -> tuple[str, ...]:
    """The fields of which each group has the mean: the columns, and what the table is sorted by."""
    own = {"created", "best", "count", "spread"}
    return tuple(name for name in dict.fromkeys((*fields(columns), sort)) if name not in own)


def print_groups(page: Page, query: Query, *, as_json: bool) -> None:
    groups = [row for row in page.rows if isinstance(row, GroupRow)]
    if as_json:
        print_json([_json(group, query) for group in groups])
        return
    if page.notice:
        print_stderr(page.notice)
    if not groups:
        print_stdout(f"None of {page.total} runs matches." if page.total else "No run yet.")
        return
    print_lines(_table(groups, query))
    if page.length is not None and page.length > len(groups):
        print_stderr(f"{len(groups):,} of {page.length:,} groups; --limit shows more.")
    if fields(query.group) == [CONFIG]:
        print_stderr(f"The runs of one group: dltui ls config={groups[0].id}")


def _table(groups: Sequence[GroupRow], query: Query) -> list[str]:
    has_number = {
        name: any(name in group.metrics and group.metrics[name].valued for group in groups)
        for name in query.statistics
    }
    titles = (
        TableColumn("BEST", 12, 4),
        *(TableColumn(plain(n, limit=40).upper(), 6, 3) for n in has_number),
    )
    is_config = fields(query.group) == [CONFIG]
    last = (_AGE, _PARAMETERS) if is_config else (_AGE,)
    rows = [
        (
            _key_text(group, query),
            counts_text(group.counts),
            _best(group),
            *(
                statistics_text(group.metrics[name], group.count) if is_number else _text(group, name)
                for name, is_number in has_number.items()
            ),
            age_text(newest_of(group)),
            *([format_params(equal_params(newest_of(group)))] if is_config else []),
        )
        for group in groups
    ]
    return list(table((*_FIRST, *titles, *last), rows))


def _best(group: GroupRow) -> str:
    text = statistics_text(group.best, group.count)
    return f"{group.metric}={text}" if text else ""


def _text(group: GroupRow, name: str) -> str:
    """A field that is no number, of the newest run."""
    run = newest_of(group)
    built_in = {"name": run.spec.name, "experiment": run.spec.experiment}
    return plain(built_in.get(name) or cell_text(run, name), limit=200)


def _key(group: GroupRow, query: Query) -> Json:
    """The values by which the runs were grouped, by name."""
    names = fields(query.group)
    if names == [CONFIG]:
        return {CONFIG: group.id}
    values = json.loads(group.id)
    return dict(zip(names, values if len(names) > 1 else [values], strict=True))


def _key_text(group: GroupRow, query: Query) -> str:
    names = fields(query.group)
    if names == [CONFIG]:
        return group.id
    return " ".join(f"{name}={_text(group, name) or '-'}" for name in names)


def _json(group: GroupRow, query: Query) -> Json:
    newest = newest_of(group)
    is_config = fields(query.group) == [CONFIG]
    return {
        "key": _key(group, query), "count": group.count, "counts": dict(group.counts),
        "best": {"metric": group.metric, **to_json(group.best)},
        "metrics": to_json(dict(group.metrics)), "experiment": newest.spec.experiment,
        **({"params": to_json(dict(_equal_values(newest)))} if is_config else {}), "newest": newest.id,
    }  # fmt: skip


def _equal_values(run: RunSummary) -> dict[str, object]:
    return {name: value for name, value in run.spec.params.items() if not is_left_out(name)}
