"""What a shell completes: runs, sweeps, experiments and their parameters. Nothing is started for it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable

import typer

from engine import catalog, params, places
from engine.client.client import Client, connect
from engine.errors import DltuiError
from engine.params import Param
from engine.protocol import Query

Offered = list[tuple[str, str]]
"""a word, and what it is"""
PATIENCE_SECONDS = 1.0
OFFERED_RUNS = 200


def complete_run(incomplete: str) -> Offered:
    """Names and ids of runs, the newest first; ids alone while no engine runs."""

    async def look(client: Client) -> Offered:
        page = await client.runs(Query(limit=OFFERED_RUNS))
        return [
            (word, f"{run.spec.experiment}, {run.status}")
            for run in page.runs
            for word in (run.spec.name, run.id)
            if word
        ]

    return _beginning(incomplete, [("@last", "the newest"), *_asked(look, lambda: places.home().runs)])


def complete_sweep(incomplete: str) -> Offered:
    async def look(client: Client) -> Offered:
        return [
            (word, f"{sweep.spec.experiment}, {sweep.status}")
            for sweep in await client.sweeps()
            for word in (sweep.spec.name, sweep.id)
            if word
        ]

    return _beginning(incomplete, [("@last", "the newest"), *_asked(look, lambda: places.home().sweeps)])


def complete_experiment(incomplete: str) -> Offered:
    return _beginning(incomplete, [(one.name, one.title) for one in catalog.experiments()])


def complete_swept(incomplete: str) -> Offered:
    """Experiments and suites."""
    suites = [(one.name, one.title) for one in catalog.SUITES]
    return _beginning(incomplete, [*complete_experiment(""), *suites])


def complete_setting(ctx: typer.Context, incomplete: str) -> Offered:
    """`lr=` for the experiment named before; behind `optimizer=` what it may be."""
    known = _params_of(str(ctx.params.get("experiment") or ""))
    name, equals, _ = incomplete.partition("=")
    if not equals:
        return _beginning(incomplete, [(f"{param.name}=", param.help) for param in known])
    words = [word for param in known if param.name == name for word in _words_of(param)]
    return _beginning(incomplete, [(f"{name}={word}", "") for word in words])


def _params_of(experiment: str) -> tuple[Param, ...]:
    suite = catalog.suite(experiment)
    try:
        return tuple(params.declared(catalog.find(suite.experiment if suite else experiment).params))
    except DltuiError:
        return ()


def _words_of(param: Param) -> Iterable[str]:
    if param.kind is bool:
        return ("yes", "no")
    return [str(choice) for choice in param.choices or ()]


def _asked(look: Callable[[Client], Awaitable[Offered]], folder: Callable[[], os.PathLike[str]]) -> Offered:
    """What the engine says, else the names in `folder`; nothing where neither can be had."""

    async def ask() -> Offered:
        async with asyncio.timeout(PATIENCE_SECONDS), await connect(places.home(), start=False) as client:
            return await look(client)

    try:
        return asyncio.run(ask())
    except (DltuiError, OSError):
        pass  # no engine: the folders tell the ids
    try:
        return [(name, "") for name in sorted(os.listdir(folder()), reverse=True) if not name.startswith(".")]
    except (DltuiError, OSError):
        return []


def _beginning(incomplete: str, offered: Offered) -> Offered:
    return [(word, help) for word, help in dict(offered).items() if word.startswith(incomplete)]
