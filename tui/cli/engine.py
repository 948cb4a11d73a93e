"""`dltui engine status|start|stop` and `dltui reindex`: the service."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from engine import places
from engine.client import client
from engine.errors import EngineError, EngineSilent
from tui.cli.engine_call import ask, is_confirmed, say, say_json, tell
from tui.cli.ls import AsJson
from tui.data.value_text import columns, span

app = typer.Typer(
    help="Start, stop and inspect the engine (background service).",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def status(json: AsJson = False) -> None:
    """Show whether the engine runs, and what it does."""
    facts = ask(lambda client: client.engine(), start=False)
    facts = {name: value for name, value in facts.items() if name != "id"}
    if json:
        say_json(facts)
        return
    facts["uptime"] = span(facts.get("uptime", 0))
    for line in columns([(name, _text(value)) for name, value in facts.items()]):
        say(line)


@app.command()
def start(json: AsJson = False) -> None:
    """Start the engine; the app and the verbs start it by themselves."""
    facts = ask(lambda client: client.engine())
    if json:
        say_json({name: value for name, value in facts.items() if name != "id"})
        return
    say(f"The engine runs as process {facts['pid']} in {places.home().root}")


@app.command()
def stop(
    force: Annotated[
        bool, typer.Option("--force", help="end it without asking, also when it does not answer")
    ] = False,
    json: AsJson = False,
) -> None:
    """End the engine; runs continue and the next start finds them."""
    asyncio.run(client.stop(places.home(), lambda silent: force or _is_to_end(silent)))
    if json:
        say_json({"stopped": True})
    else:
        tell("The engine has stopped. Runs continue.")


def reindex(json: AsJson = False) -> None:
    """Rebuild the index from the run folders."""
    found = ask(lambda client: client.reindex())
    if json:
        say_json({"runs": found})
    else:
        say(f"{found} runs found.")


def _is_to_end(silent: EngineSilent) -> bool:
    """Asked where somebody can answer."""
    if not (sys.stdin and sys.stdin.isatty()):
        raise EngineError(silent.message, "To end it: dltui engine stop --force. Runs continue.")
    if is_confirmed(f"{silent.message} Runs continue. End it?", "To end it without being asked: --force"):
        return True
    tell("The engine keeps running.")
    sys.exit(1)


def _text(value: object) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{name} {count}" for name, count in value.items()) or "none"
    return str(value)
