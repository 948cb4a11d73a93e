"""`dltui logs`: the output of the worker."""

from __future__ import annotations

import json as json_format
import sys
from typing import Annotated

import typer

from engine.client.client import Client
from engine.protocol import LogPart, Status
from tui.cli import wait_for_end as following
from tui.cli.engine_call import call_engine, print_stderr
from tui.cli.ls import Run
from tui.terminal.plain_text import plain

PART = 1 << 18
"""bytes of one request"""
FOLLOW_SECONDS = 0.3
LONGEST_SPELLING = 10
"""characters that a control character may be spelled out to"""


def logs(
    run: Run,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="follow until the run ends or is paused")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="one JSON object per chunk")] = False,
) -> None:
    """Print the log of a run; -f follows it to the end.

    A run that is queued is waited for. Into a file or a pipe everything goes as it is.
    """
    found = call_engine(lambda client: client.show(run))
    offset = 0

    async def poll(client: Client) -> bool:
        """Print new output. The status is read first, so that all output of an ended run is printed."""
        nonlocal offset
        status = (await client.show(found.id)).status
        offset = await _print_from(client, found.id, offset, json)
        return status.is_final or status is Status.PAUSED

    if follow:
        following.follow(poll, FOLLOW_SECONDS, f"The run continues. Follow: dltui logs -f {found.id}")
    else:
        call_engine(poll)
    if not offset and found.status is Status.IMPORTED:
        print_stderr(f"{found.spec.name} was imported: it has no output of its own.")


async def _print_from(client: Client, run: str, offset: int, json: bool) -> int:
    """Print the log from an offset on; returns the offset of its end."""
    while True:
        part = await client.log(run, offset, PART)
        _print(part, json)
        if not part.text or part.end >= part.size:
            return part.end
        offset = part.end


def _print(part: LogPart, json: bool) -> None:
    if json and part.text:
        sys.stdout.write(json_format.dumps({"offset": part.offset, "text": part.text}) + "\n")
    elif sys.stdout.isatty():
        sys.stdout.write(plain(part.text, lines=True, limit=LONGEST_SPELLING * PART))
    elif not json:
        sys.stdout.write(part.text)
    sys.stdout.flush()
