"""`dltui run`: start an experiment, and wait for it if asked to."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from engine import catalog, places
from engine import params as declared_params
from engine.client import Client, connect
from engine.errors import DltuiError, EngineError, ParamError
from engine.protocol import RunSummary, Status, summary_to_json
from tui.executor import text_of
from tui.plain_text import plain
from tui.verbs.ask import ask, fail, say, say_json, tell
from tui.verbs.words import pairs, progress, short_number, span, why

EXIT_OF = {
    Status.DONE: 0,
    Status.STOPPED: 3,
    Status.FAILED: 4,
    Status.LOST: 5,
    Status.DAMAGED: 5,
    Status.PAUSED: 6,
}
POLL_SECONDS = 0.25
Executor = Annotated[str, typer.Option(help="local or ray")]
RayAddress = Annotated[
    str,
    typer.Option(
        envvar=["DLTUI_RAY_ADDRESS", "RAY_ADDRESS"],
        help="of its cluster: host:port or auto; without one, a Ray of this machine",
    ),
]


def run(
    experiment: Annotated[str, typer.Argument(help="a name of the catalog")],
    settings: Annotated[list[str] | None, typer.Option("--set", metavar="K=V", help="a parameter")] = None,
    seed: Annotated[int, typer.Option(help="of weights, dropout and data order")] = 1,
    name: Annotated[str, typer.Option(help="yours, to find it again")] = "",
    device: Annotated[str, typer.Option(help="auto, cpu or gpu")] = "auto",
    executor: Executor = "local",
    ray_address: RayAddress = "",
    wait: Annotated[bool, typer.Option("--wait", help="until it ends; exit by its status")] = False,
    json: Annotated[bool, typer.Option("--json", help="the run as JSON")] = False,
) -> None:
    """Start an experiment; print the id of the run.

    With --wait the exit status is 0 done, 3 stopped, 4 failed, 5 lost, 6 paused.
    """
    given = checked(experiment, settings or [])
    place = text_of(executor, ray_address)

    async def submit(client: Client) -> RunSummary:
        return await client.submit(experiment, given, seed=seed, name=name, device=device, executor=place)

    started = ask(submit)
    if not json:
        say(started.id)
    if wait:
        ended = wait_for(started.id)
        if json:
            say_json(summary_to_json(ended))
        sys.exit(EXIT_OF[ended.status])
    if json:
        say_json(summary_to_json(started))


def checked(experiment: str, settings: list[str]) -> dict[str, object]:
    """`k=v` texts as a mapping that the experiment accepts; exits with one line when it does not."""
    try:
        given: dict[str, object] = dict(_split(setting) for setting in settings)
        declared_params.build(catalog.find(experiment).params, given)
    except DltuiError as error:
        fail(error)
    return given


def _split(setting: str) -> tuple[str, str]:
    name, equals, value = setting.partition("=")
    if not equals:
        raise ParamError(f"--set takes name=value, got {setting[:80]!r}.", "For instance: --set lr=0.01")
    return name.strip(), value


def wait_for(run_id: str) -> RunSummary:
    """Show progress until the run has ended. Ctrl+C leaves; the run goes on."""
    try:
        return asyncio.run(_wait(run_id))
    except DltuiError as error:
        fail(error)
    except KeyboardInterrupt:
        tell(f"\nThe run goes on. Look: dltui show {run_id}; end it: dltui stop {run_id}")
        sys.exit(130)


async def _wait(run_id: str) -> RunSummary:
    client: Client | None = None
    shown = ""
    while True:
        try:
            client = client or await connect(places.home())
            found = await client.show(run_id)
        except EngineError:  # the service went away: runs go on, and so does waiting
            client = None
            await asyncio.sleep(POLL_SECONDS)
            continue
        shown = _show_progress(found, shown)
        if found.status.is_final or found.status is Status.PAUSED:
            await client.aclose()
            tell(f"{found.status}: {why(found)}")
            return found
        await asyncio.sleep(POLL_SECONDS)


def _show_progress(found: RunSummary, before: str) -> str:
    metrics = pairs({name: short_number(value) for name, value in found.metrics.items()})
    left = f"  {span(found.eta_seconds)} left" if found.eta_seconds is not None else ""
    waiting = f"  {why(found)}" if found.status is Status.QUEUED else ""
    line = f"{found.status}  {progress(found)}  {metrics}{left}{waiting}"
    if line != before and sys.stderr.isatty():
        end = "\n" if found.status.is_final else ""
        print(f"\r\x1b[2K{plain(line, limit=200)}", end=end, file=sys.stderr, flush=True)
    return line
