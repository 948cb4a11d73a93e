"""`dltui engine status|start|stop` and `dltui reindex`."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from engine import places
from engine.client import client
from engine.errors import EngineError, EngineSilent
from tui.cli.engine_call import call_engine, confirm, print_json, print_lines, print_stderr, print_stdout
from tui.cli.ls import AsJson
from tui.data.value_text import aligned, duration_text

app = typer.Typer(
    help="Start, stop and inspect the engine (background service).",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def status(json: AsJson = False) -> None:
    """Show whether the engine runs, and what it does."""
    facts = call_engine(lambda client: client.engine(), start=False)
    facts = {name: value for name, value in facts.items() if name != "id"}
    if json:
        print_json(facts)
        return
    facts["uptime"] = duration_text(facts.get("uptime", 0))
    print_lines(aligned([(name, _text(value)) for name, value in facts.items()]))


@app.command()
def start(json: AsJson = False) -> None:
    """Start the engine; the app and the verbs start it by themselves."""
    facts = call_engine(lambda client: client.engine())
    if json:
        print_json({name: value for name, value in facts.items() if name != "id"})
        return
    print_stdout(f"The engine runs as process {facts['pid']} in {places.home().root}")


@app.command()
def stop(
    force: Annotated[
        bool, typer.Option("--force", help="end it without asking, also when it does not answer")
    ] = False,
    json: AsJson = False,
) -> None:
    """End the engine; runs continue and the next start finds them."""
    asyncio.run(client.stop(places.home(), lambda silent: force or _confirm_end(silent)))
    if json:
        print_json({"stopped": True})
    else:
        print_stderr("The engine has stopped. Runs continue.")


def reindex(json: AsJson = False) -> None:
    """Rebuild the index from the run folders."""
    found = call_engine(lambda client: client.reindex())
    if json:
        print_json({"runs": found})
    else:
        print_stdout(f"{found} runs found.")


def _confirm_end(silent: EngineSilent) -> bool:
    """Ask for confirmation; raises EngineError without a terminal."""
    if not (sys.stdin and sys.stdin.isatty()):
        raise EngineError(silent.message, "To end it: dltui engine stop --force. Runs continue.")
    if confirm(f"{silent.message} Runs continue. End it?", "To end it without being asked: --force"):
        return True
    print_stderr("The engine keeps running.")
    sys.exit(1)


def _text(value: object) -> str:
    if isinstance(value, dict):
        return "  ".join(f"{name} {count}" for name, count in value.items()) or "none"
    return str(value)
