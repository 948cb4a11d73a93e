"""`dltui ls`, `show`, `logs`, `compare`: look at runs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from json import dumps
from typing import Annotated

import typer

from engine.client import Client
from engine.errors import InputError
from engine.protocol import Page, Query, RunSummary, summary_to_json
from tui.filter_names import unknown_name
from tui.plain_text import plain
from tui.verbs.ask import ask, fail, say, say_json, tell
from tui.verbs.words import (
    age,
    columns,
    data_words,
    folder_words,
    other_data,
    pairs,
    progress,
    short_number,
    span,
    status_word,
    told_params,
    why,
)

AsJson = Annotated[bool, typer.Option("--json", help="as JSON")]
Run = Annotated[str, typer.Argument(metavar="RUN", help="id, unique prefix, name, or @last")]
FOLLOW_SECONDS = 0.3


def ls(
    where: Annotated[str, typer.Argument(metavar="FILTER", help="such as 'mnist and val_loss<0.1'")] = "",
    sort: Annotated[
        str, typer.Option(help="created, name, status, step, best, or a parameter or metric")
    ] = "created",
    ascending: Annotated[bool, typer.Option("--ascending", help="smallest first")] = False,
    limit: Annotated[int, typer.Option(help="rows at most", min=1)] = 50,
    removed: Annotated[bool, typer.Option("--removed", help="what `undo` can bring back")] = False,
    json: AsJson = False,
) -> None:
    """List runs, newest first. Filters know the name of a sweep: sweep=NAME."""
    if removed:
        from tui.verbs.removal import ls_removed

        ls_removed(json)
        return

    async def look(client: Client) -> Page:
        return await client.runs(Query(where, sort, not ascending, 0, limit))

    page = ask(look)
    refuse_unknown(page)
    if json:
        say_json([summary_to_json(run) for run in page.runs])
        return
    if page.notice:
        tell(page.notice)
    if not page.runs:
        say(
            "No run yet. Start one: dltui run xor"
            if not page.total
            else f"None of {page.total} runs matches."
        )
        return
    head = ("STATUS", "RUN", "NAME", "PROGRESS", "BEST", "AGE", "PARAMETERS", "")
    varied = _with_varied_seeds(page.runs)
    for line in columns([head, *(_row(run, run.id in varied) for run in page.runs)]):
        say(line)
    if page.matching > len(page.runs):
        say(f"{len(page.runs)} of {page.matching} runs; --limit shows more.")


def refuse_unknown(page: Page) -> None:
    """A filter or a sort by a name that neither a run nor an experiment has is a slip of the finger."""
    found = unknown_name(page.unknown, page.runs) if page.total else None
    if found is not None:
        name, near = found
        fail(InputError(f"No run has {name}.", f"Did you mean {near}?" if near else ""))


def _with_varied_seeds(runs: Sequence[RunSummary]) -> set[str]:
    """Ids of those that another one differs from in nothing but the seed."""
    alike: dict[str, list[RunSummary]] = {}
    for run in runs:
        alike.setdefault(f"{run.spec.experiment} {run.spec.params}", []).append(run)
    return {run.id for same in alike.values() if len({one.spec.seed for one in same}) > 1 for run in same}


def _row(run: RunSummary, tell_seed: bool) -> tuple[str, ...]:
    best = f"{run.best.metric}={short_number(run.best.value)}" if run.best else ""
    name = plain(run.spec.name)
    return (
        status_word(run),
        run.id,
        name,
        progress(run),
        best,
        age(run),
        pairs(told_params(run, tell_seed=tell_seed)),
        plain(why(run)),
    )


def show(run: Run, json: AsJson = False) -> None:
    """Show everything about one run."""
    found = ask(lambda client: client.show(run))
    if json:
        say_json(summary_to_json(found))
        return
    for line in columns([(name, plain(text)) for name, text in _facts(found) if text]):
        say(line)


def _facts(run: RunSummary) -> list[tuple[str, str]]:
    cause = run.cause
    best = f"{run.best.metric}={short_number(run.best.value)} at step {run.best.step}" if run.best else ""
    facts = [
        ("run", run.id),
        ("name", run.spec.name),
        ("experiment", f"{run.spec.experiment} ({run.spec.framework})"),
        ("status", f"{status_word(run)}{': ' + why(run) if why(run) else ''}"),
        ("remedy", cause.remedy if cause else ""),
        ("notice", run.notice),
        ("progress", progress(run)),
        ("metrics", pairs({name: short_number(value) for name, value in run.metrics.items()})),
        ("best", best),
        ("params", pairs(run.spec.params)),
        ("changed live", pairs(run.live)),
        ("seed", str(run.spec.seed)),
        ("data", data_words(run)),
        ("data folder", folder_words(run)),
        ("device", f"{run.device} with {run.spec.threads} threads" if run.device else ""),
        ("executor", run.spec.executor if run.spec.executor != "local" else ""),
        ("trained for", span(run.train_seconds)),
    ]
    answers = [("answers with", one.answers) for one in run.checkpoints if one.answers]
    rows = [("checkpoint", _checkpoint(one.step, one.path, one.damaged)) for one in run.checkpoints]
    return facts + answers + rows


def _checkpoint(step: int, path: str, damaged: str) -> str:
    return f"step {step}  {path}{'  DAMAGED: ' + damaged if damaged else ''}"


def logs(
    run: Run,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="until the run ends")] = False,
    json: Annotated[bool, typer.Option("--json", help="one JSON object per part read")] = False,
) -> None:
    """Print what the worker printed."""

    async def read(client: Client) -> None:
        offset = 0
        while True:
            part = await client.log(run, offset, 1 << 18)
            if json and part.text:
                sys.stdout.write(dumps({"offset": part.offset, "text": part.text}) + "\n")
            elif not json:
                sys.stdout.write(plain(part.text, lines=True, limit=1 << 19))
            sys.stdout.flush()
            offset = part.end
            if offset < part.size and part.text:
                continue
            if not follow or not (await client.show(run)).status.is_active:
                return
            await asyncio.sleep(FOLLOW_SECONDS)

    ask(read)


def compare(first: Run, second: Run, json: AsJson = False) -> None:
    """Show where two runs differ: parameters, then metrics."""

    async def look(client: Client) -> tuple[RunSummary, RunSummary]:
        return await client.show(first), await client.show(second)

    one, other = ask(look)
    rows = _differences(one, other)
    if words := other_data((one, other)):
        tell(words)
    if json:
        say_json([{"what": what, one.id: a, other.id: b} for what, a, b in rows])
        return
    for line in columns([("", one.id, other.id), *rows]):
        say(line)


def _differences(one: RunSummary, other: RunSummary) -> list[tuple[str, str, str]]:
    facts = [_comparable(run) for run in (one, other)]
    names = list(dict.fromkeys([*facts[0], *facts[1]]))
    rows = [(name, facts[0].get(name, "-"), facts[1].get(name, "-")) for name in names]
    return [row for row in rows if row[1] != row[2]]


def _comparable(run: RunSummary) -> dict[str, str]:
    params = {name: pairs({"": value})[1:] for name, value in run.spec.params.items()}
    metrics = {name: short_number(value) for name, value in run.metrics.items()}
    best = {f"best {run.best.metric}": short_number(run.best.value)} if run.best else {}
    facts = {
        "experiment": run.spec.experiment,
        **params,
        "seed": str(run.spec.seed),
        "data": data_words(run) or "-",
        "status": str(run.status),
    }
    return {**facts, "step": str(run.step), "trained for": span(run.train_seconds), **metrics, **best}
