"""Shell completion of runs, sweeps, experiments and parameters. It never starts the engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable

import typer

from engine import catalog, params, places
from engine.catalog import Experiment
from engine.client.client import Client, connect
from engine.errors import DltuiError
from engine.params import Param
from engine.table_protocol import Query
from tui.cli.find_experiment import find_experiment

Candidates = list[tuple[str, str]]
"""word and description"""
TIMEOUT_SECONDS = 1.0
RUN_LIMIT = 200


def complete_run(incomplete: str) -> Candidates:
    """Names and ids of runs, the newest first; ids alone while no engine runs."""

    async def fetch(client: Client) -> Candidates:
        page = await client.runs(Query(limit=RUN_LIMIT))
        return [
            (word, f"{run.spec.experiment}, {run.status}")
            for run in page.runs
            for word in (run.spec.name, run.id)
            if word
        ]

    return _matching(incomplete, [("@last", "the newest"), *_from_engine(fetch, lambda: places.home().runs)])


def complete_sweep(incomplete: str) -> Candidates:
    async def fetch(client: Client) -> Candidates:
        return [
            (word, f"{sweep.spec.experiment}, {sweep.status}")
            for sweep in await client.sweeps()
            for word in (sweep.spec.name, sweep.id)
            if word
        ]

    return _matching(
        incomplete, [("@last", "the newest"), *_from_engine(fetch, lambda: places.home().sweeps)]
    )


def complete_experiment(incomplete: str) -> Candidates:
    return _matching(incomplete, [(one.name, one.title) for one in (*catalog.built_in(), *_added())])


def _added() -> list[Experiment]:
    """Experiments that were added, as far as they are known without running them."""
    from engine.experiment_files import added

    try:
        return [catalog.from_file(one) for one in added.list_known(places.home())]
    except DltuiError:
        return []


def complete_swept(incomplete: str) -> Candidates:
    """Experiments and suites."""
    suites = [(one.name, one.title) for one in catalog.SUITES]
    return _matching(incomplete, [*complete_experiment(""), *suites])


def complete_setting(ctx: typer.Context, incomplete: str) -> Candidates:
    """Parameter names of the experiment given before, and after `optimizer=` its choices."""
    known = _params_of(str(ctx.params.get("experiment") or ""))
    name, equals, _ = incomplete.partition("=")
    if not equals:
        return _matching(incomplete, [(f"{param.name}=", param.help) for param in known])
    words = [word for param in known if param.name == name for word in _choices_of(param)]
    return _matching(incomplete, [(f"{name}={word}", "") for word in words])


def _params_of(experiment: str) -> tuple[Param, ...]:
    try:
        return tuple(params.declared(find_experiment(experiment).params))
    except DltuiError:
        return ()


def _choices_of(param: Param) -> Iterable[str]:
    if param.kind is bool:
        return ("yes", "no")
    return [str(choice) for choice in param.choices or ()]


def _from_engine(
    fetch: Callable[[Client], Awaitable[Candidates]], folder: Callable[[], os.PathLike[str]]
) -> Candidates:
    """Candidates from the engine, else the names in `folder`; empty where neither is available."""

    async def request() -> Candidates:
        async with asyncio.timeout(TIMEOUT_SECONDS), await connect(places.home(), start=False) as client:
            return await fetch(client)

    try:
        return asyncio.run(request())
    except (DltuiError, OSError):
        pass  # no engine: the folder names are the ids
    try:
        return [(name, "") for name in sorted(os.listdir(folder()), reverse=True) if not name.startswith(".")]
    except (DltuiError, OSError):
        return []


def _matching(incomplete: str, candidates: Candidates) -> Candidates:
    return [(word, help) for word, help in dict(candidates).items() if word.startswith(incomplete)]
