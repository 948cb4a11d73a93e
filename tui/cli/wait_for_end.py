"""Poll the engine until something has ended, across restarts of the engine."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Awaitable, Callable

from rich.cells import set_cell_size

from engine import places
from engine.client.client import Client, connect
from engine.errors import DltuiError, EngineError, HomeUnusable
from tui.cli.engine_call import fail, print_stderr
from tui.terminal.plain_text import plain

Poll = Callable[[Client], Awaitable[bool]]


def follow(poll: Poll, seconds: float, interrupted: str) -> None:
    """Call `poll` every `seconds` until it returns True.

    Reconnects when the engine is gone. On Ctrl+C, prints `interrupted` and exits with 130.
    """
    try:
        asyncio.run(_follow(poll, seconds))
    except DltuiError as error:
        fail(error)
    except KeyboardInterrupt:
        print_stderr(f"\n{interrupted}")
        sys.exit(130)


async def _follow(poll: Poll, seconds: float) -> None:
    client: Client | None = await connect(places.home())
    reported = ""
    try:
        while True:
            try:
                client = client or await connect(places.home())
                if await poll(client):
                    return
            except HomeUnusable:
                raise
            except EngineError as error:  # runs continue without the engine, so keep polling
                client = None
                if error.message != reported:
                    print_stderr(f"{error.message} Trying again.")
                reported = error.message
            await asyncio.sleep(seconds)
    finally:
        if client is not None:
            await client.aclose()


def show_progress_line(line: str, *, is_last: bool) -> None:
    """Replace the line of progress on stderr, if that is a terminal."""
    if sys.stderr.isatty():
        width = shutil.get_terminal_size().columns - 1
        cut = set_cell_size(plain(line, limit=1000), width).rstrip()
        print(f"\r\x1b[2K{cut}", end="\n" if is_last else "", file=sys.stderr, flush=True)
